// Groups as an administrator sees them: JavaOffsets.java offsets ADDRESS GROUP… | list ADDRESS. A line a group: NAME=….
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

public class JavaOffsets {
    public static void main(String[] arguments) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[1]))) {
            if (arguments[0].equals("list")) {
                for (var group : admin.listGroups().all().get())
                    System.out.println(group.groupId() + "=" + group.type().get() + " " + group.groupState().get() + " " + group.protocol());
                return;
            }
            for (var group : List.of(arguments).subList(2, arguments.length)) {
                var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
                System.out.println(group + "=" + offsets.entrySet().stream().map(e -> e.getKey() + " " + e.getValue().offset() + " "
                    + e.getValue().leaderEpoch().map(Object::toString).orElse("-") + " " + e.getValue().metadata()).sorted().collect(Collectors.joining(", ")));
            }
        }
    }
}
