// A producer that pushes its metrics, as Java's do by themselves: JavaTelemetry.java ADDRESS TOPIC. It says its client instance id, then writes
// until its standard input ends, and closes, which pushes a last time.
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class JavaTelemetry {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "client.id", "pusher");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(arguments[1], "first")).get();
            System.out.println(producer.clientInstanceId(Duration.ofSeconds(30)));
            while (System.in.available() == 0 || System.in.read() != 'q') {
                producer.send(new ProducerRecord<>(arguments[1], "more")).get();
                Thread.sleep(20);
            }
        }
    }
}
