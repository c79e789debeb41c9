"""Kafka's own tools, many of them in one JVM: starting one for each costs a second or two. Standard library only."""
import os
import re
import subprocess

from moldaud import HERE

KAFKA = os.path.join(HERE, 'kafka', 'kafka')


def classes():
    """The class of each tool, as the kit's script lists them."""
    with open(KAFKA) as f:
        rows = [line.rstrip('\n').split('|') for line in f]
    return {row[0]: row[2] for row in rows if len(row) == 4}


def without_words(text):
    """What a tool said, without the words of an error, which are each server's own, and without Java's stacks."""
    lines = [line for line in text.splitlines() if not re.match(r'\s+(at |\.\.\. \d+ more)|\s*(Caused by|Suppressed): ', line)]
    return re.sub(r'(org\.apache\.kafka\.common\.errors\.\w+): .*', r'\1', '\n'.join(lines))


def broker_told(port, broker):
    """The broker's address as clients are told of it that come by this port; where they are told of none, all that kcat said."""
    said = subprocess.run(['kcat', '-L', '-b', f'127.0.0.1:{port}', '-m', '10'], capture_output=True, text=True, timeout=60)
    found = re.search(rf'broker {broker} at (\S+)', said.stdout)
    return found[1] if found else said.stdout + said.stderr


class KafkaTools:
    """with KafkaTools() as tools: tools('topics', '--list', …) gives what the tool wrote and its exit code."""

    def __enter__(self):
        self.classes = classes()
        self.process = subprocess.Popen([KAFKA, 'java', os.path.join(HERE, 'KafkaTools.java')], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self

    def __call__(self, tool, *words):
        self.process.stdin.write('\t'.join([self.classes[tool], *words]) + '\n')
        self.process.stdin.flush()
        lines, started = [], False
        for line in self.process.stdout:
            if not started:
                started = line == '>>>\n'
            elif (end := re.fullmatch(r'(.*)<<< (-?\d+)\n', line, re.S)):
                return ''.join(lines) + end[1], int(end[2])
            else:
                lines.append(line)
        raise AssertionError(f'the JVM ended at {tool} {words}\n{"".join(lines)}\n{self.process.stderr.read()}')

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
