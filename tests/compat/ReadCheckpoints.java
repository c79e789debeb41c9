// What Kafka's own classes read in a log directory and its partition written-3, one `key=value` a line.
import java.io.File;
import java.util.List;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler;
import org.apache.kafka.storage.internals.checkpoint.LeaderEpochCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.checkpoint.PartitionMetadataFile;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;

public class ReadCheckpoints {
    public static void main(String[] args) throws Exception {
        File directory = new File(args[0]);
        File partition = new File(directory, "written-3");
        LogDirFailureChannel failures = new LogDirFailureChannel(1);
        for (String name : List.of("recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
                                   "replication-offset-checkpoint", "cleaner-offset-checkpoint")) {
            System.out.println(name + "=" + new OffsetCheckpointFile(new File(directory, name), failures).read());
        }
        for (var entry : new LeaderEpochCheckpointFile(LeaderEpochCheckpointFile.newFile(partition), failures).read()) {
            System.out.println("epoch=" + entry.epoch() + " " + entry.startOffset());
        }
        System.out.println("topic=" + new PartitionMetadataFile(PartitionMetadataFile.newFile(partition), failures).read().topicId());
        System.out.println("broker_epoch=" + new CleanShutdownFileHandler(args[0]).read().getAsLong());
        MetaPropertiesEnsemble all = new MetaPropertiesEnsemble.Loader().addLogDirs(List.of(args[0])).load();
        all.verify(java.util.Optional.empty(), java.util.OptionalInt.of(1), java.util.EnumSet.noneOf(MetaPropertiesEnsemble.VerificationFlag.class));
        System.out.println("cluster=" + all.clusterId().get());
        System.out.println("directory=" + all.logDirProps().get(args[0]).directoryId().get());
    }
}
