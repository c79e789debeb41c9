// Several of Kafka's own tools, one after another in one JVM: a line of input is a class and its arguments, tabs between.
// Of each: a line `>>>`, what the tool wrote (stdout and stderr), a line `<<< EXITCODE`.
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

public class KafkaTools {
    static class Ended extends RuntimeException {
        Ended() { super(null, null, false, false); }
    }

    // What a tool writes and how it ends counts until it first wants to exit: some catch what that throws and exit again.
    static final ByteArrayOutputStream written = new ByteArrayOutputStream() {
        @Override public synchronized void write(int b) { if (code == null) super.write(b); }
        @Override public synchronized void write(byte[] b, int off, int len) { if (code == null) super.write(b, off, len); }
    };
    static volatile Integer code;

    public static void main(String[] ignored) throws Exception {
        Exit.setExitProcedure((status, message) -> {
            if (code == null) code = status;
            throw new Ended();
        });
        PrintStream out = System.out;
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null; ) {
            String[] words = line.split("\t");
            written.reset();
            code = null;
            PrintStream to = new PrintStream(written, true);
            System.setOut(to);
            System.setErr(to);
            // Scala's println writes to the stream that was there when it was loaded, unless it is told.
            scala.Console$.MODULE$.withOut(to, () -> scala.Console$.MODULE$.withErr(to, () -> { run(words); return null; }));
            out.println(">>>");
            out.print(written);
            out.println("<<< " + (code == null ? 0 : code));
            out.flush();
        }
    }

    static void run(String[] words) {
        try {
            Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) Arrays.copyOfRange(words, 1, words.length));
        } catch (InvocationTargetException e) {
            if (code == null) {
                e.getCause().printStackTrace();
                code = 1;
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
