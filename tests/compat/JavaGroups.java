// Consumer groups through kafka-clients: JavaGroups.java ADDRESS. Prints what happened, step by step; the test compares what it prints
// with what it prints of Apache Kafka. Ends with "done", or throws.
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class JavaGroups {
    static final Set<String> MINE = Set.of("g", "s", "simple", "mixed", "hasty");
    static String address;
    static Admin admin;

    static void say(String format, Object... arguments) {
        System.out.println(String.format(format, arguments));
    }

    /// The result, or the class of what went wrong.
    static void attempt(String what, Callable<?> call) {
        Object result;
        try {
            result = call.call();
        } catch (ExecutionException e) {
            result = e.getCause().getClass().getSimpleName();
        } catch (Exception e) {
            result = e.getClass().getSimpleName();
        }
        say("%s: %s", what, result);
    }

    static void until(String what, Callable<Boolean> condition) throws Exception {
        for (long end = System.nanoTime() + 40_000_000_000L; !condition.call(); Thread.sleep(20)) {
            if (System.nanoTime() > end) throw new AssertionError("not after 40 s: " + what);
        }
    }

    static KafkaConsumer<String, String> consumer(String group, String name, String... more) {
        var config = new HashMap<String, Object>(Map.of("bootstrap.servers", address, "group.id", group, "client.id", name, "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor", "session.timeout.ms", "6000",
            "heartbeat.interval.ms", "200", "metadata.max.age.ms", "1000"));
        for (int i = 0; i < more.length; i += 2) config.put(more[i], more[i + 1]);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    static String parts(Collection<TopicPartition> parts) {
        return parts.stream().map(TopicPartition::toString).sorted().collect(Collectors.joining(" "));
    }

    static String describe(String group) throws Exception {
        var options = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
        ConsumerGroupDescription d = admin.describeConsumerGroups(List.of(group), options).describedGroups().get(group).get();
        var members = new TreeSet<String>();
        for (MemberDescription m : d.members())
            members.add(m.clientId() + "@" + m.host() + m.groupInstanceId().map(i -> " as " + i).orElse("") + " has " + parts(m.assignment().topicPartitions()));
        return d.groupState() + " " + d.type() + " assignor=" + d.partitionAssignor() + " simple=" + d.isSimpleConsumerGroup() + " coordinator=" + (d.coordinator().id() >= 0)
            + " operations=" + new TreeSet<>(d.authorizedOperations()) + " members=" + members;
    }

    static String offsets(String group) throws Exception {
        return new TreeMap<>(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().entrySet().stream().collect(
            Collectors.toMap(e -> e.getKey().toString(), e -> e.getValue() == null ? "none" : e.getValue().offset() + "/" + e.getValue().metadata() + "/" + e.getValue().leaderEpoch()))).toString();
    }

    static String listed(ListGroupsOptions options) throws Exception {
        return admin.listGroups(options).all().get().stream().filter(g -> MINE.contains(g.groupId())).map(g -> g.groupId() + " " + g.type() + " " + g.protocol() + " " + g.groupState().map(Object::toString).orElse("-"))
            .sorted().collect(Collectors.joining(", "));
    }

    static final TopicPartition P0 = new TopicPartition("t", 0);
    static final TopicPartition P1 = new TopicPartition("t", 1);

    static int read(KafkaConsumer<String, String> consumer, int wanted) throws Exception {
        int[] got = {0};
        until("read " + wanted, () -> {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                if (!record.value().startsWith(record.topic() + "-" + record.partition())) throw new AssertionError(record.toString());
                ++got[0];
            }
            return got[0] >= wanted;
        });
        return got[0];
    }

    /// Polls all until each has as many partitions as it should.
    static void settle(Map<KafkaConsumer<String, String>, Integer> wanted) throws Exception {
        until("assigned", () -> {
            boolean all = true;
            for (var each : wanted.entrySet()) {
                each.getKey().poll(Duration.ofMillis(50));
                all &= each.getKey().assignment().size() == each.getValue();
            }
            return all;
        });
    }

    static void aGroupLives() throws Exception {
        try (var one = consumer("g", "one"); var two = consumer("g", "two")) {
            one.subscribe(List.of("t"));
            settle(Map.of(one, 4));
            say("alone: %s", parts(one.assignment()));
            one.seekToBeginning(one.assignment());
            say("read %d", read(one, 40));
            one.commitSync(Map.of(P0, new OffsetAndMetadata(7, Optional.of(0), "seven"), P1, new OffsetAndMetadata(3)));
            say("stable: %s", describe("g"));
            two.subscribe(List.of("t"));
            settle(Map.of(one, 2, two, 2));
            var all = new TreeSet<>(one.assignment().stream().map(Object::toString).toList());
            all.addAll(two.assignment().stream().map(Object::toString).toList());
            say("together: %s", all);
            say("generation above one: %s", one.groupMetadata().generationId() > 1);
            say("offsets: %s", offsets("g"));
            say("committed: %s", new TreeMap<>(one.committed(Set.of(P0, P1)).entrySet().stream().collect(Collectors.toMap(e -> e.getKey().toString(), e -> String.valueOf(e.getValue())))));
            attempt("delete while it lives", () -> admin.deleteConsumerGroups(List.of("g")).all().get());
            attempt("delete offsets that are read", () -> admin.deleteConsumerGroupOffsets("g", Set.of(P0)).partitionResult(P0).get());
            attempt("delete offsets of a topic that nobody reads", () -> admin.deleteConsumerGroupOffsets("g", Set.of(new TopicPartition("other", 0))).partitionResult(new TopicPartition("other", 0)).get());
            attempt("alter offsets while it lives", () -> admin.alterConsumerGroupOffsets("g", Map.of(P0, new OffsetAndMetadata(1))).all().get());
            attempt("metadata too large", () -> { one.commitSync(Map.of(one.assignment().iterator().next(), new OffsetAndMetadata(1, "m".repeat(4097)))); return "taken"; });
            attempt("commit of a topic that is not there", () -> { one.commitSync(Map.of(new TopicPartition("nowhere", 0), new OffsetAndMetadata(1)), Duration.ofSeconds(2)); return "taken"; });
            two.close();
            settle(Map.of(one, 4));
            say("alone again: %s", parts(one.assignment()));
        }
        until("empty", () -> describe("g").startsWith("Empty"));
        say("empty: %s", describe("g"));
    }

    static void staticMembers() throws Exception {
        try (var two = consumer("s", "two", "group.instance.id", "i2")) {
            var one = consumer("s", "one", "group.instance.id", "i1");
            one.subscribe(List.of("t"));
            two.subscribe(List.of("t"));
            settle(Map.of(one, 2, two, 2));
            say("static: %s", describe("s").replaceAll("has [^\\]]*", "has some"));
            int generation = two.groupMetadata().generationId();
            String mine = parts(one.assignment());
            one.close();  // a static member does not leave
            var back = consumer("s", "back", "group.instance.id", "i1");
            back.subscribe(List.of("t"));
            settle(Map.of(back, 2, two, 2));
            say("back with the same parts: %s, no rebalance: %s", parts(back.assignment()).equals(mine), two.groupMetadata().generationId() == generation);
            try (var thief = consumer("s", "thief", "group.instance.id", "i1")) {
                thief.subscribe(List.of("t"));
                attempt("fenced", () -> {
                    for (int i = 0; i < 200; i++) {
                        thief.poll(Duration.ofMillis(50));
                        back.poll(Duration.ofMillis(50));
                    }
                    return "nobody";
                });
            }
            try {
                back.close(Duration.ZERO);
            } catch (Exception ignored) {  // it was fenced
            }
            attempt("remove a stranger", () -> admin.removeMembersFromConsumerGroup("s", new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("i9")))).all().get());
            attempt("remove i1", () -> admin.removeMembersFromConsumerGroup("s", new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("i1")))).all().get());
            settle(Map.of(two, 4));
            say("left over: %s", describe("s"));
        }
        attempt("remove all", () -> admin.removeMembersFromConsumerGroup("s", new RemoveMembersFromConsumerGroupOptions()).all().get());
        until("empty", () -> describe("s").startsWith("Empty"));
        say("empty: %s", describe("s"));
    }

    static void simpleGroups() throws Exception {
        attempt("alter", () -> admin.alterConsumerGroupOffsets("simple", Map.of(P0, new OffsetAndMetadata(5), P1, new OffsetAndMetadata(6, "note"))).all().get());
        say("simple: %s", describe("simple"));
        say("offsets: %s", offsets("simple"));
        attempt("alter a partition that is not there", () -> admin.alterConsumerGroupOffsets("simple", Map.of(new TopicPartition("t", 99), new OffsetAndMetadata(5))).all().get());
        attempt("alter a topic that is not there", () -> admin.alterConsumerGroupOffsets("simple", Map.of(new TopicPartition("nowhere", 0), new OffsetAndMetadata(5))).all().get());
        attempt("delete offsets", () -> admin.deleteConsumerGroupOffsets("simple", Set.of(P0)).all().get());
        say("offsets: %s", offsets("simple"));
        var specs = Map.of("simple", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(P0, P1)), "g", new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(P0)));
        var several = admin.listConsumerGroupOffsets(specs).all().get();
        say("several: %s", new TreeMap<>(several).entrySet().stream().map(e -> e.getKey() + " " + new TreeMap<>(e.getValue().entrySet().stream().filter(x -> x.getValue() != null)
            .collect(Collectors.toMap(x -> x.getKey().toString(), x -> x.getValue().offset())))).toList());
        try (var manual = consumer("simple", "manual")) {
            manual.assign(List.of(P1));
            say("starts at what is committed: %d", manual.position(P1));
            manual.commitSync(Map.of(P1, new OffsetAndMetadata(9)));
            say("offsets: %s", offsets("simple"));
        }
    }

    static void errors() throws Exception {
        attempt("describe a stranger", () -> describe("nobody"));
        attempt("offsets of a stranger", () -> offsets("nobody"));
        attempt("delete a stranger", () -> admin.deleteConsumerGroups(List.of("nobody")).all().get());
        attempt("delete offsets of a stranger", () -> admin.deleteConsumerGroupOffsets("nobody", Set.of(P0)).all().get());
        try (var hasty = consumer("hasty", "hasty", "session.timeout.ms", "1000")) {
            hasty.subscribe(List.of("t"));
            attempt("session too short", () -> hasty.poll(Duration.ofSeconds(5)));
        }
        try (var one = consumer("mixed", "one"); var other = consumer("mixed", "other", "partition.assignment.strategy", "org.apache.kafka.clients.consumer.RoundRobinAssignor")) {
            one.subscribe(List.of("t"));
            settle(Map.of(one, 4));
            other.subscribe(List.of("t"));
            attempt("another protocol", () -> {
                for (int i = 0; i < 100; i++) {
                    one.poll(Duration.ofMillis(20));
                    other.poll(Duration.ofMillis(20));
                }
                return "taken";
            });
        }
    }

    static void lists() throws Exception {
        say("all: %s", listed(new ListGroupsOptions()));
        say("empty ones: %s", listed(new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY))));
        say("stable ones: %s", listed(new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE))));
        say("classic ones: %s", listed(new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC))));
        say("consumer ones: %s", listed(new ListGroupsOptions().withTypes(Set.of(GroupType.CONSUMER))));
        attempt("delete", () -> admin.deleteConsumerGroups(List.of("g", "s", "simple", "mixed")).all().get());
        say("all: %s", listed(new ListGroupsOptions()));
        attempt("describe what was deleted", () -> describe("g"));
        say("offsets of what was deleted: %s", offsets("g"));
    }

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        admin = Admin.create(Map.of("bootstrap.servers", address));
        admin.createTopics(List.of(new NewTopic("t", 4, (short) 1), new NewTopic("other", 1, (short) 1))).all().get();
        try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", address, "linger.ms", "5"), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 40; i++) producer.send(new ProducerRecord<>("t", i % 4, null, "t-" + i % 4 + " " + i));
        }
        aGroupLives();
        staticMembers();
        simpleGroups();
        errors();
        lists();
        admin.close();
        say("done");
    }
}
