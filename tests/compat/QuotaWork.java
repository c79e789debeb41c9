// What Java's clients are told of quotas, and how they are held to them: a line for each answer, an error by its class.
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ThrottlingQuotaExceededException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaAlteration.Op;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class QuotaWork {
    interface Asked<T> { T get() throws Exception; }

    static String address;
    static Admin admin;

    public static void main(String[] args) throws Exception {
        address = args[0];
        try (Admin made = admin("quota-work")) {
            admin = made;
            altered();
            described();
            changes();
            bytes();
        }
    }

    static Admin admin(String clientId) {
        return Admin.create(Map.of("bootstrap.servers", address, "client.id", clientId, "request.timeout.ms", "20000", "default.api.timeout.ms", "20000"));
    }

    static <T> T got(KafkaFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    static String outcome(KafkaFuture<?> future) throws Exception {
        try {
            got(future);
            return "done";
        } catch (ExecutionException e) {
            return e.getCause().getClass().getSimpleName();
        }
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

    // ----- set and told of

    /// "user", "u", "client-id", null …: a null name is the default.
    static ClientQuotaEntity entity(String... parts) {
        var entries = new HashMap<String, String>();
        for (int i = 0; i < parts.length; i += 2) entries.put(parts[i], parts[i + 1]);
        return new ClientQuotaEntity(entries);
    }

    static ClientQuotaAlteration change(ClientQuotaEntity entity, Op... ops) {
        return new ClientQuotaAlteration(entity, List.of(ops));
    }

    static String alter(boolean validateOnly, ClientQuotaAlteration... changes) throws Exception {
        var all = new TreeMap<String, String>();
        for (var each : admin.alterClientQuotas(List.of(changes), new AlterClientQuotasOptions().validateOnly(validateOnly)).values().entrySet())
            all.put(new TreeMap<>(each.getKey().entries()).toString(), outcome(each.getValue()));
        return all.toString();
    }

    static String set(String key, double value, String... parts) throws Exception {
        return alter(false, change(entity(parts), new Op(key, value)));
    }

    static String found(boolean strict, ClientQuotaFilterComponent... components) throws Exception {
        var filter = strict ? ClientQuotaFilter.containsOnly(List.of(components)) : ClientQuotaFilter.contains(List.of(components));
        return got(admin.describeClientQuotas(filter).entities()).entrySet().stream()
            .map(e -> new TreeMap<>(e.getKey().entries()) + "=" + new TreeMap<>(e.getValue())).sorted().collect(Collectors.joining(" "));
    }

    static String all() throws Exception {
        return got(admin.describeClientQuotas(ClientQuotaFilter.all()).entities()).entrySet().stream()
            .map(e -> new TreeMap<>(e.getKey().entries()) + "=" + new TreeMap<>(e.getValue())).sorted().collect(Collectors.joining(" "));
    }

    static int settled;

    /// What was altered up to here is told of from here on: Apache Kafka answers when it is decided, and its broker hears of it a moment later.
    static void settle() throws Exception {
        var mark = entity("client-id", "settled-" + ++settled);
        got(admin.alterClientQuotas(List.of(change(mark, new Op("consumer_byte_rate", 1.0)))).all());
        var wanted = ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity("client-id", "settled-" + settled)));
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (got(admin.describeClientQuotas(wanted).entities()).isEmpty())
            if (System.nanoTime() > until) throw new AssertionError("never told of " + mark);
    }

    static void altered() throws Exception {
        say("none", () -> all());
        say("a user", () -> alter(false, change(entity("user", "u"), new Op("producer_byte_rate", 1e6), new Op("request_percentage", 50.5))));
        say("the default user", () -> set("consumer_byte_rate", 2e6, "user", null));
        say("a client id", () -> set("producer_byte_rate", 3e6, "client-id", "c"));
        say("the default client id", () -> set("consumer_byte_rate", 4e6, "client-id", null));
        say("both", () -> set("producer_byte_rate", 5e6, "user", "u", "client-id", "c"));
        say("a user, any client id", () -> set("producer_byte_rate", 6e6, "user", "u", "client-id", null));
        say("any user, a client id", () -> set("controller_mutation_rate", 1e3, "user", null, "client-id", "c"));
        say("an address", () -> set("connection_creation_rate", 7e3, "ip", "10.1.2.3"));
        say("an address of six", () -> set("connection_creation_rate", 7e3, "ip", "2001:db8::7"));
        say("any address", () -> set("connection_creation_rate", 8e3, "ip", null));
        say("odd names", () -> set("producer_byte_rate", 9e6, "user", "CN=a b,O=ü/%", "client-id", " "));
        settle();
        say("all of them", () -> all());

        say("only validated", () -> alter(true, change(entity("user", "v"), new Op("producer_byte_rate", 1.0))));
        say("and refused", () -> alter(true, change(entity("user", "v"), new Op("producer_byte_rate", -1.0))));
        say("changed", () -> alter(false, change(entity("user", "u"), new Op("producer_byte_rate", 2e6), new Op("request_percentage", null))));
        say("removed", () -> alter(false, change(entity("client-id", "c"), new Op("producer_byte_rate", null))));
        say("removed again", () -> alter(false, change(entity("client-id", "c"), new Op("producer_byte_rate", null))));
        say("removed, and nobody knows it", () -> alter(false, change(entity("client-id", "c"), new Op("no.such", null))));
        say("nobody", () -> alter(false, change(entity(), new Op("producer_byte_rate", 1.0))));
        say("an unknown part", () -> set("producer_byte_rate", 1, "group", "g"));
        say("an empty name", () -> set("producer_byte_rate", 1, "user", ""));
        say("an address and a user", () -> set("connection_creation_rate", 1, "ip", "10.0.0.1", "user", "u"));
        say("no address", () -> set("connection_creation_rate", 1, "ip", "10.0.0.300"));
        say("an unknown key", () -> set("byte_rate", 1, "user", "u"));
        say("an address' key", () -> set("connection_creation_rate", 1, "user", "u"));
        say("a user's key", () -> set("producer_byte_rate", 1, "ip", "10.0.0.1"));
        say("zero", () -> set("producer_byte_rate", 0, "user", "u"));
        say("negative", () -> set("request_percentage", -0.5, "user", "u"));
        say("half a byte", () -> set("consumer_byte_rate", 1.5, "user", "u"));
        say("half a connection", () -> set("connection_creation_rate", 1.5, "ip", "10.0.0.1"));
        say("too many connections", () -> set("connection_creation_rate", 3e9, "ip", "10.0.0.1"));
        say("half a percent", () -> set("request_percentage", 0.5, "client-id", "half"));
        say("half a change", () -> set("controller_mutation_rate", 0.5, "client-id", "half"));
        say("some good, some bad", () -> alter(false, change(entity("user", "good"), new Op("producer_byte_rate", 1.0)), change(entity("user", "bad"), new Op("x", 1.0))));
        say("one key good, one bad", () -> alter(false, change(entity("user", "mixed"), new Op("producer_byte_rate", 1.0), new Op("x", 1.0))));
        say("a key twice", () -> alter(false, change(entity("user", "twice"), new Op("producer_byte_rate", 1.0), new Op("producer_byte_rate", 2.0))));
        settle();
        say("what is left", () -> all());
    }

    static void described() {
        var u = ClientQuotaFilterComponent.ofEntity("user", "u");
        var c = ClientQuotaFilterComponent.ofEntity("client-id", "c");
        var anyUser = ClientQuotaFilterComponent.ofEntityType("user");
        var anyClient = ClientQuotaFilterComponent.ofEntityType("client-id");
        var defaultUser = ClientQuotaFilterComponent.ofDefaultEntity("user");
        var defaultClient = ClientQuotaFilterComponent.ofDefaultEntity("client-id");
        for (boolean strict : List.of(false, true)) {
            String how = strict ? "strictly " : "";
            say(how + "nothing", () -> found(strict));
            say(how + "user u", () -> found(strict, u));
            say(how + "any user", () -> found(strict, anyUser));
            say(how + "the default user", () -> found(strict, defaultUser));
            say(how + "client id c", () -> found(strict, c));
            say(how + "the default client id", () -> found(strict, defaultClient));
            say(how + "both", () -> found(strict, u, c));
            say(how + "u, any client id", () -> found(strict, u, anyClient));
            say(how + "any of both", () -> found(strict, anyUser, anyClient));
            say(how + "any address", () -> found(strict, ClientQuotaFilterComponent.ofEntityType("ip")));
            say(how + "an address", () -> found(strict, ClientQuotaFilterComponent.ofEntity("ip", "10.1.2.3")));
            say(how + "a user twice", () -> found(strict, u, anyUser));
            say(how + "an unknown part", () -> found(strict, ClientQuotaFilterComponent.ofEntityType("group")));
            say(how + "an empty part", () -> found(strict, ClientQuotaFilterComponent.ofEntityType("")));
            say(how + "an address and a user", () -> found(strict, u, ClientQuotaFilterComponent.ofEntityType("ip")));
        }
    }

    // ----- held to

    static String make(Admin by, int partitions, String name) throws Exception {
        var done = by.createTopics(List.of(new NewTopic(name, partitions, (short) 1)), new CreateTopicsOptions().retryOnQuotaViolation(false)).all();
        try {
            got(done);
            return "done";
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof ThrottlingQuotaExceededException refused)) throw e;
            return "refused, to wait: " + (refused.throttleTimeMs() > 0);
        }
    }

    interface Work { KafkaFuture<?> by(Admin admin); }

    /// Each by a client of its own: one that was told to wait asks nothing more meanwhile.
    static String asMaker(Work work) throws Exception {
        try (Admin maker = admin("maker")) {
            return outcome(work.by(maker));
        }
    }

    static String make(String clientId, int partitions, String name) throws Exception {
        try (Admin by = admin(clientId)) {
            return make(by, partitions, name);
        }
    }

    /// Asked until it is answered so, for a while: on Apache Kafka a quota holds some time after it is set.
    static String eventually(String wanted, Asked<String> asked) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        String answer;
        do answer = asked.get(); while (!answer.endsWith(wanted) && System.nanoTime() < until);
        return answer;
    }

    static int made;

    // A quota of one in ten seconds: its room is 1.1, and what is owed does not come back while this runs.
    static void changes() {
        say("slow changes", () -> set("controller_mutation_rate", 0.1, "client-id", "maker"));
        say("the first may owe", () -> make("maker", 8, "made-1"));
        say("then they are refused", () -> eventually("true", () -> make("maker", 8, "more-" + made++)));
        say("so are partitions", () -> asMaker(a -> a.createPartitions(Map.of("made-1", NewPartitions.increaseTo(9)), new CreatePartitionsOptions().retryOnQuotaViolation(false)).all()));
        say("and what is only validated", () -> asMaker(a -> a.createTopics(List.of(new NewTopic("made-3", 1, (short) 1)),
            new CreateTopicsOptions().retryOnQuotaViolation(false).validateOnly(true)).all()));
        say("and deletions", () -> asMaker(a -> a.deleteTopics(List.of("made-1"), new DeleteTopicsOptions().retryOnQuotaViolation(false)).all()));
        say("what is wrong is told first", () -> asMaker(a -> a.deleteTopics(List.of("nowhere"), new DeleteTopicsOptions().retryOnQuotaViolation(false)).all()));
        say("another is not", () -> make("other", 8, "made-4"));
        say("without the quota", () -> alter(false, change(entity("client-id", "maker"), new Op("controller_mutation_rate", null))));
        say("it is made", () -> eventually("done", () -> make("maker", 1, "made-2")));
    }

    static double metric(Map<MetricName, ? extends Metric> metrics, String name) {
        return metrics.values().stream().filter(m -> m.metricName().name().equals(name) && !m.metricName().tags().containsKey("topic"))
            .mapToDouble(m -> (Double) m.metricValue()).filter(v -> !Double.isNaN(v)).max().orElse(-1);
    }

    static final int RECORDS = 24;
    static final int BYTES = 10_000;

    /// Until all is written or the client was told to wait.
    static String produced(String clientId) throws Exception {
        var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", address, "client.id", clientId, "acks", "all", "batch.size", "10000"));
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            double most = 0;
            for (int i = 0; i < RECORDS && most <= 0; i++) {
                producer.send(new ProducerRecord<>("made-4", 0, null, new byte[BYTES])).get(60, TimeUnit.SECONDS);
                most = metric(producer.metrics(), "produce-throttle-time-max");
            }
            return "throttled: " + (most > 0);
        }
    }

    /// Until all is read or the client was told to wait.
    static String consumed(String clientId) throws Exception {
        var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", address, "client.id", clientId, "auto.offset.reset", "earliest", "max.partition.fetch.bytes", "50000"));
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(new TopicPartition("made-4", 0)));
            int records = 0;
            double most = 0;
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (records < RECORDS && most <= 0 && System.nanoTime() < until) {
                records += consumer.poll(java.time.Duration.ofMillis(500)).count();
                most = metric(consumer.metrics(), "fetch-throttle-time-max");
            }
            return (records >= RECORDS ? "all read, " : "") + "throttled: " + (most > 0);
        }
    }

    // The first moments count as ten seconds: the third record of 10 kB is beyond 2 kB a second, and a fetch brings one at a time.
    static void bytes() {
        say("slow bytes", () -> alter(false, change(entity("client-id", "slow"), new Op("producer_byte_rate", 2_000.0), new Op("consumer_byte_rate", 2_000.0))));
        say("a producer without a quota", () -> produced("fast"));
        say("a producer with one", () -> eventually("true", () -> produced("slow")));
        say("a consumer without a quota", () -> consumed("fast"));
        say("a consumer whose user has a larger one", () -> consumed("slow"));
        say("which is removed", () -> alter(false, change(entity("user", null), new Op("consumer_byte_rate", null))));
        say("a consumer with one", () -> eventually("true", () -> consumed("slow")));
    }
}
