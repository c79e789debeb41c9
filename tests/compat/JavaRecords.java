// Records through kafka-clients: JavaRecords.java ADDRESS. Three rounds; after each it prints "round N" and waits for a line on stdin,
// while the test restarts or kills the broker. The producers and the consumer live through all of them. Ends with "done", or throws.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class JavaRecords {
    static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    static final int EACH = 300;  // records a round and topic; every 100th has 900 KB
    // Now, as timestamps are: of producers whose newest record is older than producer.id.expiration.ms a restarted broker knows nothing.
    static final long START = System.currentTimeMillis() - 1_800_000;

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    static byte[] key(int i) {
        return i % 5 == 0 ? null : i % 11 == 0 ? new byte[0] : ("key-" + i).getBytes();
    }

    static byte[] value(int i) {
        if (i % 7 == 1) return null;
        var bytes = new byte[i % 100 == 50 ? 900_000 : i % 13 == 0 ? 0 : 1 + i % 500];
        for (int k = 0; k < bytes.length; k++) bytes[k] = (byte) (i + k / 3);
        return bytes;
    }

    // The newest record is not the last one: so max timestamp and end differ.
    static long timestamp(int i) {
        return START + (i % 10 == 9 ? 2000 : 1000) * (long) i;
    }

    static ProducerRecord<byte[], byte[]> record(String topic, int i) {
        var record = new ProducerRecord<>(topic, 0, timestamp(i), key(i), value(i));
        for (int h = 0; h < i % 4; h++) record.headers().add(new RecordHeader("h" + h, h == 2 ? null : ("x" + i).getBytes()));
        return record;
    }

    static void same(ConsumerRecord<byte[], byte[]> got, int i) {
        String at = got.topic() + " offset " + got.offset() + " record " + i;
        check(got.offset() == i, at + ": offset");
        check(got.timestamp() == timestamp(i), at + ": timestamp " + got.timestamp());
        check(Arrays.equals(got.key(), key(i)), at + ": key");
        check(Arrays.equals(got.value(), value(i)), at + ": value");
        check(got.headers().equals(record(got.topic(), i).headers()), at + ": headers " + got.headers());
    }

    static void produce(Map<String, KafkaProducer<byte[], byte[]>> producers, int first) throws Exception {
        var sent = new HashMap<String, List<Future<RecordMetadata>>>();
        for (int i = first; i < first + EACH; i++) {
            for (var codec : CODECS) sent.computeIfAbsent(codec, c -> new ArrayList<>()).add(producers.get(codec).send(record("java-" + codec, i)));
        }
        for (var futures : sent.values()) {
            for (int i = 0; i < EACH; i++) check(futures.get(i).get().offset() == first + i, "acknowledged offset " + futures.get(i).get());
        }
    }

    // From where the consumer stands to `end` on every topic.
    static void consume(KafkaConsumer<byte[], byte[]> consumer, Map<String, Integer> next, int end) {
        long until = System.nanoTime() + 60_000_000_000L;
        while (next.values().stream().anyMatch(at -> at < end)) {
            check(System.nanoTime() < until, "records that do not come: " + next);
            for (var got : consumer.poll(Duration.ofSeconds(1))) {
                same(got, next.get(got.topic()));
                next.merge(got.topic(), 1, Integer::sum);
            }
        }
    }

    static void offsets(Admin admin, KafkaConsumer<byte[], byte[]> consumer, int end) throws Exception {
        int newest = end - 1;  // ends on ...99: the largest of the doubled ones
        for (var codec : CODECS) {
            var at = new TopicPartition("java-" + codec, 0);
            for (var each : Map.of(OffsetSpec.earliest(), 0L, OffsetSpec.latest(), (long) end, OffsetSpec.maxTimestamp(), (long) newest,
                                   OffsetSpec.forTimestamp(START + 1), 1L).entrySet()) {
                long got = admin.listOffsets(Map.of(at, each.getKey())).partitionResult(at).get().offset();
                check(got == each.getValue(), at + " " + each.getKey() + ": " + got);
            }
            var found = consumer.offsetsForTimes(Map.of(at, timestamp(19))).get(at);
            check(found.offset() == 19 && found.timestamp() == timestamp(19), at + " by time: " + found);
            check(consumer.endOffsets(Set.of(at)).get(at) == end, at + " end");
        }
    }

    static String config(Admin admin, String topic, String name) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return admin.describeConfigs(Set.of(resource)).all().get().get(resource).get(name).value();
    }

    static void alter(Admin admin, String topic, String name, String value, AlterConfigOp.OpType type) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), type)))).all().get();
    }

    static void topics(Admin admin, int round) throws Exception {
        String topic = "java-admin-" + round;
        var made = admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1).configs(Map.of("retention.ms", "1234567"))));
        check(made.numPartitions(topic).get() == 3 && made.config(topic).get().get("retention.ms").value().equals("1234567"), "what was created");
        try {
            admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
            check(false, "created twice");
        } catch (ExecutionException e) {
            check(e.getCause() instanceof TopicExistsException, "created twice: " + e);
        }
        alter(admin, topic, "retention.ms", "7654321", AlterConfigOp.OpType.SET);
        alter(admin, topic, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
        check(config(admin, topic, "retention.ms").equals("7654321"), "set");
        check(config(admin, topic, "cleanup.policy").equals("delete,compact"), "appended: " + config(admin, topic, "cleanup.policy"));
        alter(admin, topic, "retention.ms", "", AlterConfigOp.OpType.DELETE);
        check(config(admin, topic, "retention.ms").equals("604800000"), "deleted");
        if (round > 0) {  // the one of the round before is there after the restart, with its configs; it goes, by id or by name
            String before = "java-admin-" + (round - 1);
            check(config(admin, before, "cleanup.policy").equals("delete,compact"), "kept over a restart");
            var id = admin.describeTopics(Set.of(before)).allTopicNames().get().get(before).topicId();
            admin.deleteTopics(round == 1 ? TopicCollection.ofTopicIds(Set.of(id)) : TopicCollection.ofTopicNames(Set.of(before))).all().get();
            try {
                admin.describeTopics(Set.of(before)).allTopicNames().get();
                check(false, "deleted topic is there");
            } catch (ExecutionException e) {
                check(e.getCause() instanceof UnknownTopicOrPartitionException, "deleted: " + e);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        var stdin = new BufferedReader(new InputStreamReader(System.in));
        Map<String, Object> common = Map.of("bootstrap.servers", args[0], "reconnect.backoff.max.ms", "100");
        var producers = new HashMap<String, KafkaProducer<byte[], byte[]>>();
        for (var codec : CODECS) {
            var settings = new HashMap<>(common);
            settings.putAll(Map.of("compression.type", codec, "linger.ms", "1", "batch.size", "20000"));  // idempotent, acks=all: the defaults
            producers.put(codec, new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()));
        }
        var reading = new HashMap<>(common);
        reading.put("auto.offset.reset", "none");
        try (var admin = Admin.create(common); var consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var next = new HashMap<String, Integer>();
            for (var codec : CODECS) {
                admin.createTopics(List.of(new NewTopic("java-" + codec, 1, (short) 1))).all().get();
                next.put("java-" + codec, 0);
            }
            var all = new HashSet<TopicPartition>();
            for (var topic : next.keySet()) all.add(new TopicPartition(topic, 0));
            consumer.assign(all);
            consumer.seekToBeginning(all);
            for (int round = 0; round < 3; round++) {
                topics(admin, round);
                produce(producers, round * EACH);
                consume(consumer, next, (round + 1) * EACH);
                offsets(admin, consumer, (round + 1) * EACH);
                System.out.println("round " + round);
                stdin.readLine();
            }
            consumer.seekToBeginning(all);
            next.replaceAll((topic, at) -> 0);
            consume(consumer, next, 3 * EACH);
            offsets(admin, consumer, 3 * EACH);
        }
        for (var producer : producers.values()) producer.close();
        System.out.println("done");
    }
}
