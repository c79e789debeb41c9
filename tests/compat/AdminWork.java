// What Java's AdminClient is told when it asks for the administration of a cluster: a line for each answer, an error by its class.
// Needs the topics `t` (2 partitions, with records of one idempotent producer in the first) and `cfg`.
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

public class AdminWork {
    interface Asked<T> { T get() throws Exception; }

    static Admin admin;

    public static void main(String[] args) throws Exception {
        try (Admin made = Admin.create(Map.of("bootstrap.servers", args[0], "request.timeout.ms", "20000", "default.api.timeout.ms", "20000"))) {
            admin = made;
            configs();
            loggers();
            partitions();
            cluster();
        }
    }

    static <T> T got(KafkaFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    static void say(String what, Asked<?> asked) {
        String answer;
        try {
            answer = String.valueOf(asked.get());
        } catch (ExecutionException e) {
            answer = e.getCause().getClass().getSimpleName();
        } catch (Exception e) {
            answer = e.getClass().getSimpleName();
        }
        System.out.println(what + ": " + answer);
    }

    /// The outcome of each future, by the text of its key.
    static <K> String each(Map<K, KafkaFuture<Void>> futures) throws Exception {
        var all = new TreeMap<String, String>();
        for (var entry : futures.entrySet()) {
            String outcome = "done";
            try {
                got(entry.getValue());
            } catch (ExecutionException e) {
                outcome = e.getCause().getClass().getSimpleName();
            }
            all.put(entry.getKey().toString(), outcome);
        }
        return all.toString();
    }

    static ConfigResource resource(Type type, String name) {
        return new ConfigResource(type, name);
    }

    static AlterConfigOp op(String name, String value, OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    static String alter(boolean validateOnly, Map<ConfigResource, Collection<AlterConfigOp>> changes) throws Exception {
        return each(admin.incrementalAlterConfigs(changes, new AlterConfigsOptions().validateOnly(validateOnly)).values());
    }

    static String alter(Type type, String name, AlterConfigOp... changes) throws Exception {
        return alter(false, Map.of(resource(type, name), List.of(changes)));
    }

    static String described(ConfigResource resource) throws Exception {
        var options = new DescribeConfigsOptions().includeSynonyms(true);
        return got(admin.describeConfigs(List.of(resource), options).all()).get(resource).entries().stream()
            .map(e -> "\n  " + e.name() + "=" + e.value() + " " + e.source() + " " + e.type() + (e.isReadOnly() ? " read-only" : "")
                + (e.isSensitive() ? " sensitive" : "") + (e.documentation() == null ? " " : " documented ")
                + e.synonyms().stream().map(s -> s.source() + ":" + s.name() + "=" + s.value()).toList())
            .sorted().collect(Collectors.joining());
    }

    static void configs() {
        var topic = resource(Type.TOPIC, "cfg");
        say("validate only", () -> alter(true, Map.of(topic, List.of(op("segment.bytes", "2097152", OpType.SET)))));
        say("and nothing was changed", () -> described(topic).contains("segment.bytes=2097152"));
        say("some good, some bad", () -> alter(false, Map.of(
            topic, List.of(op("flush.messages", "7", OpType.SET)),
            resource(Type.TOPIC, "nowhere"), List.of(op("flush.messages", "7", OpType.SET)),
            resource(Type.BROKER, ""), List.of(op("log.cleaner.threads", "3", OpType.SET)),
            resource(Type.GROUP, "g"), List.of(op("nope", "7", OpType.SET)),
            resource(Type.CLIENT_METRICS, "other"), List.of(op("interval.ms", "1", OpType.SET)))));
        say("append", () -> alter(Type.TOPIC, "cfg", op("cleanup.policy", "compact", OpType.APPEND)));
        say("subtract", () -> alter(Type.TOPIC, "cfg", op("cleanup.policy", "delete", OpType.SUBTRACT)));
        say("append to no list", () -> alter(Type.TOPIC, "cfg", op("flush.messages", "7", OpType.APPEND)));
        say("delete what is not there", () -> alter(Type.TOPIC, "cfg", op("retention.bytes", null, OpType.DELETE)));
        for (int start : List.of(0, 3000))
            say("longer and longer", () -> alter(Type.TOPIC, "cfg", op("leader.replication.throttled.replicas",
                IntStream.range(start, start + 3000).mapToObj(i -> i + ":1").collect(Collectors.joining(",")), OpType.APPEND)));
        say("gone again", () -> alter(Type.TOPIC, "cfg", op("leader.replication.throttled.replicas", null, OpType.DELETE)));
        say("group", () -> alter(Type.GROUP, "g", op("share.auto.offset.reset", "earliest", OpType.SET)));
        say("group without a name", () -> alter(Type.GROUP, "", op("share.auto.offset.reset", "earliest", OpType.SET)));
        say("client metrics", () -> alter(Type.CLIENT_METRICS, "cm2", op("match", "client_id=a.*", OpType.SET), op("metrics", "a.,b.", OpType.SET)));
        say("client metrics that match nonsense", () -> alter(Type.CLIENT_METRICS, "cm2", op("match", "nonsense", OpType.SET)));
        say("a broker's own for all", () -> alter(Type.BROKER, "", op("cordoned.log.dirs", "*", OpType.SET)));
        say("a broker's read-only", () -> alter(Type.BROKER, "1", op("socket.request.max.bytes", "100000", OpType.SET)));
        say("a broker's unknown", () -> alter(Type.BROKER, "1", op("nope.nope", "1", OpType.DELETE)));
        say("overrides of limits", () -> alter(Type.BROKER, "1", op("max.connections.per.ip.overrides", "10.0.0.1:5", OpType.SET)));
        say("nonsense overrides", () -> alter(Type.BROKER, "1", op("max.connections.per.ip.overrides", "10.0.0.1", OpType.SET)));
        for (ConfigResource one : List.of(topic, resource(Type.GROUP, "g"), resource(Type.GROUP, "unheard-of"), resource(Type.CLIENT_METRICS, "cm2"), resource(Type.BROKER, "")))
            say("described " + one, () -> described(one));
        say("resources", () -> got(admin.listConfigResources().all()).stream().map(ConfigResource::toString).sorted().toList());
        say("resources of groups", () -> got(admin.listConfigResources(Set.of(Type.GROUP), new ListConfigResourcesOptions()).all()));
        say("cleaned up", () -> alter(false, Map.of(
            resource(Type.BROKER, ""), List.of(op("log.cleaner.threads", null, OpType.DELETE)),
            resource(Type.BROKER, "1"), List.of(op("max.connections.per.ip.overrides", null, OpType.DELETE)),
            resource(Type.GROUP, "g"), List.of(op("share.auto.offset.reset", null, OpType.DELETE)))));
        say("without min.insync.replicas", () -> alter(Type.BROKER, "", op("min.insync.replicas", null, OpType.DELETE)));
        say("one broker's min.insync.replicas", () -> alter(Type.BROKER, "1", op("min.insync.replicas", "1", OpType.SET)));
    }

    static void loggers() {
        say("logger", () -> alter(Type.BROKER_LOGGER, "1", op("root", "WARN", OpType.SET)));
        say("its level", () -> got(admin.describeConfigs(List.of(resource(Type.BROKER_LOGGER, "1"))).all()).get(resource(Type.BROKER_LOGGER, "1")).get("root"));
        say("unknown logger", () -> alter(Type.BROKER_LOGGER, "1", op("no.such", "WARN", OpType.SET)));
        say("unknown level", () -> alter(Type.BROKER_LOGGER, "1", op("root", "warn", OpType.SET)));
        say("removed", () -> alter(Type.BROKER_LOGGER, "1", op("root", null, OpType.DELETE)));
        say("appended to", () -> alter(Type.BROKER_LOGGER, "1", op("root", "INFO", OpType.APPEND)));
        say("validated only", () -> alter(true, Map.of(resource(Type.BROKER_LOGGER, "1"), List.of(op("root", "ERROR", OpType.SET)))));
        say("its level", () -> got(admin.describeConfigs(List.of(resource(Type.BROKER_LOGGER, "1"))).all()).get(resource(Type.BROKER_LOGGER, "1")).get("root").value());
        say("logger", () -> alter(Type.BROKER_LOGGER, "1", op("root", "INFO", OpType.SET)));
    }

    static TopicPartition t(int partition) {
        return new TopicPartition("t", partition);
    }

    static String move(int partition, Integer... replicas) throws Exception {
        return each(admin.alterPartitionReassignments(Map.of(t(partition), Optional.of(new NewPartitionReassignment(List.of(replicas))))).values());
    }

    static void partitions() {
        for (ElectionType type : ElectionType.values()) {
            say("elect " + type, () -> got(admin.electLeaders(type, Set.of(t(0), t(7), new TopicPartition("nowhere", 0))).partitions()).entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue().map(x -> x.getClass().getSimpleName())).sorted().toList());
            say("elect all " + type, () -> got(admin.electLeaders(type, null).partitions()));
        }
        say("move nowhere", () -> move(0, 9));
        say("move half", () -> move(0, 1, 9));
        say("move twice to one", () -> move(0, 1, 1));
        say("move to a negative one", () -> move(0, -1));
        say("move to nobody", () -> move(0));
        say("move what is not there", () -> move(9, 1));
        say("move to where it is", () -> move(0, 1));
        say("move to more, which is not allowed", () -> each(admin.alterPartitionReassignments(
            Map.of(t(0), Optional.of(new NewPartitionReassignment(List.of(9)))),
            new AlterPartitionReassignmentsOptions().allowReplicationFactorChange(false)).values()));
        say("call off", () -> each(admin.alterPartitionReassignments(Map.of(t(0), Optional.empty(), t(9), Optional.empty())).values()));
        say("moves", () -> got(admin.listPartitionReassignments().reassignments()));
        say("moves of some", () -> got(admin.listPartitionReassignments(Set.of(t(0), t(9))).reassignments()));
        say("producers", () -> got(admin.describeProducers(List.of(t(0), t(1))).all()).entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue().activeProducers().stream().map(p -> p.producerEpoch() + " " + p.lastSequence() + " "
                + p.coordinatorEpoch() + " " + p.currentTransactionStartOffset()).toList()).sorted().toList());
    }

    static String finalize(String feature, int level, FeatureUpdate.UpgradeType type, boolean validateOnly) throws Exception {
        return each(admin.updateFeatures(Map.of(feature, new FeatureUpdate((short) level, type)), new UpdateFeaturesOptions().validateOnly(validateOnly)).values());
    }

    static void cluster() {
        say("directories", () -> {
            var found = got(admin.describeLogDirs(List.of(1)).allDescriptions()).get(1).values();
            return found.stream().map(d -> d.error() + " " + (d.totalBytes().getAsLong() > d.usableBytes().getAsLong()) + " " + d.isCordoned() + " "
                + d.replicaInfos().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).sorted().toList()).toList();
        });
        say("quorum", () -> {
            var quorum = got(admin.describeMetadataQuorum().quorumInfo());
            return quorum.leaderId() + " " + quorum.voters().stream().map(v -> v.replicaId() + " " + (v.logEndOffset() > 0) + " "
                + v.lastFetchTimestamp().isPresent() + " " + v.lastCaughtUpTimestamp().isPresent()).toList() + " " + quorum.observers()
                + " " + quorum.nodes().values().stream().map(n -> n.nodeId() + " " + n.endpoints().size()).toList();
        });
        var upgrade = FeatureUpdate.UpgradeType.UPGRADE;
        var safe = FeatureUpdate.UpgradeType.SAFE_DOWNGRADE;
        var unsafe = FeatureUpdate.UpgradeType.UNSAFE_DOWNGRADE;
        say("the same level", () -> finalize("metadata.version", 30, upgrade, false));
        say("the same level as a downgrade", () -> finalize("metadata.version", 30, safe, false));
        say("a level too high", () -> finalize("metadata.version", 100, upgrade, false));
        say("a downgrade that is none", () -> finalize("eligible.leader.replicas.version", 2, safe, false));
        say("a lossy downgrade", () -> finalize("metadata.version", 29, unsafe, false));
        say("no feature", () -> finalize("no.such", 1, upgrade, true));
        say("no feature, taken back", () -> finalize("no.such", 0, safe, true));
        say("a dry run", () -> finalize("eligible.leader.replicas.version", 0, safe, true));
        say("elr", () -> got(admin.describeFeatures().featureMetadata()).finalizedFeatures().get("eligible.leader.replicas.version"));
        say("unregister", () -> got(admin.unregisterBroker(5).all()));
        say("unregister a negative one", () -> got(admin.unregisterBroker(-1).all()));
    }
}
