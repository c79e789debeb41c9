// What Java's AdminClient sees of a cluster: its id, nodes and controller, one `key=value` a line.
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;

public class AdminDescribe {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0], "request.timeout.ms", "20000"))) {
            var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
            System.out.println("cluster=" + cluster.clusterId().get(20, TimeUnit.SECONDS));
            System.out.println("controller=" + cluster.controller().get().id());
            for (var node : cluster.nodes().get()) {
                System.out.println("node=" + node.id() + " " + node.host() + ":" + node.port() + " rack=" + node.rack());
            }
            System.out.println("operations=" + cluster.authorizedOperations().get().size());
            System.out.println("topics=" + admin.listTopics().names().get(20, TimeUnit.SECONDS).size());
            var features = admin.describeFeatures().featureMetadata().get(20, TimeUnit.SECONDS);
            System.out.println("supported=" + new TreeMap<>(features.supportedFeatures()).keySet());
        }
    }
}
