"""The brokers that are measured against each other, Apache Kafka and moldaud, and what every measurement needs: their processes' use
of the machine, moldau-bench, medians and tables."""
import argparse
import datetime
import json
import os
import platform
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
COMPAT = os.path.join(ROOT, 'tests', 'compat')
sys.path.insert(0, COMPAT)
from apache_kafka import BROKER, TOOL, two_free_ports  # noqa: E402

TICKS = os.sysconf('SC_CLK_TCK')
CPU_CLOCK = 2  # CPUCLOCK_SCHED of the kernel, of a whole process
KAFKA_HEAP = '-Xms1g -Xmx1g'  # what Kafka's own kafka-server-start takes
READY_WITHIN_S = 120


class Failed(Exception):
    pass


def answers(address):
    """Whether a broker answers ApiVersions there."""
    host, port = address.rsplit(':', 1)
    request = struct.pack('>hhih', 18, 0, 1, -1)
    try:
        with socket.create_connection((host, int(port)), timeout=1) as s:
            s.settimeout(READY_WITHIN_S)
            s.sendall(struct.pack('>i', len(request)) + request)
            return len(s.recv(4)) > 0
    except OSError:
        return False


class Readiness(threading.Thread):
    """Asks until a broker answers at `address`; then `at` is the time of that since boot."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.at = address, None
        self.start()

    def run(self):
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if answers(self.address):
                self.at = time.clock_gettime(time.CLOCK_BOOTTIME)
                return
            time.sleep(0.002)


class Process:
    def __init__(self, pid):
        self.pid = pid

    def _stat(self):
        with open(f'/proc/{self.pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()

    def started_at(self):
        """Seconds since boot, to 10 ms."""
        return int(self._stat()[19]) / TICKS

    def cpu_seconds(self):
        """From the process's own clock, as clock_getcpuclockid(3) names it: /proc tells it in ticks of 10 ms only."""
        return time.clock_gettime(~self.pid << 3 | CPU_CLOCK)

    def memory(self, key):
        with open(f'/proc/{self.pid}/status') as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith(key + ':'))


class Kafka:
    name = 'kafka'

    def __init__(self, options, settings=None):
        self.folder = tempfile.mkdtemp(prefix='moldau-bench-', dir=options.scratch)
        self.node = os.path.join(self.folder, 'k')
        self.port = two_free_ports()
        self.address = f'127.0.0.1:{self.port}'
        self.settings = [word for key, value in (settings or {}).items() for word in ('--set', f'{key}={value}')]
        self._start()

    def _start(self):
        ready = Readiness(self.address)
        done = subprocess.run([BROKER, 'start', '--dir', self.node, '--port', str(self.port), *self.settings], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300, env=dict(os.environ, KAFKA_HEAP_OPTS=KAFKA_HEAP))
        if done.returncode != 0:
            self.stop()
            raise Failed(f'Apache Kafka did not start: {done.stderr}')
        ready.join()
        with open(os.path.join(self.node, 'pids')) as f:
            self.process = Process(int(f.read().split()[-1]))
        self.start_ms = (ready.at - self.process.started_at()) * 1000

    @staticmethod
    def version(_):
        return 'Apache Kafka ' + subprocess.run([TOOL, 'version'], capture_output=True, text=True, check=True).stdout.strip() + f' ({KAFKA_HEAP})'

    def restart(self, kill=False):
        """With the same data; kill: by SIGKILL."""
        subprocess.run([BROKER, 'stop', '--dir', self.node, *(['--kill'] if kill else [])], stdin=subprocess.DEVNULL, capture_output=True, timeout=180)
        self._start()

    def stop(self):
        subprocess.run([BROKER, 'stop', '--dir', self.node], stdin=subprocess.DEVNULL, capture_output=True, timeout=180)
        shutil.rmtree(self.folder, ignore_errors=True)


class Moldau:
    name = 'moldau'

    def __init__(self, options, settings=None):
        self.folder = tempfile.mkdtemp(prefix='moldau-bench-', dir=options.scratch)
        self.address = f'127.0.0.1:{two_free_ports()}'
        self.command = [options.moldaud, '--data-dir', os.path.join(self.folder, 'data'), '--listen', self.address]
        self.command += [word for key, value in (settings or {}).items() for word in ('--set', f'{key}={value}')]
        self.log = open(os.path.join(self.folder, 'stderr'), 'wb')
        self._start()

    def _start(self):
        ready = Readiness(self.address)
        self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)
        self.process = Process(self.child.pid)
        while ready.at is None:
            if self.child.poll() is not None or not ready.is_alive():
                with open(self.log.name, encoding='utf-8', errors='replace') as f:
                    said = f.read()[-2000:]
                self.stop()
                raise Failed(f'moldaud did not start: {said}')
            time.sleep(0.01)
        self.start_ms = (ready.at - self.process.started_at()) * 1000

    @staticmethod
    def version(options):
        return subprocess.run([options.moldaud, '--version'], capture_output=True, text=True, check=True).stdout.strip()

    def _end(self, kill=False):
        if self.child.poll() is None:
            self.child.kill() if kill else self.child.terminate()
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def restart(self, kill=False):
        """With the same data; kill: by SIGKILL."""
        self._end(kill)
        self._start()

    def stop(self):
        self._end()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


ENGINES = {e.name: e for e in (Kafka, Moldau)}


def load(options, engine, *arguments):
    command = [options.bench, '--brokers', engine.address, '-o', 'json', '--pid', str(engine.process.pid), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f'{engine.name}: moldau-bench {" ".join(arguments)}: {done.stderr.strip()}')
    [report] = json.loads(done.stdout)['items']
    return report


def consumed_by_kafkas_tool(engine, topic, records):
    """Apache Kafka's own consumer reads so many of `topic`: the broker's CPU seconds."""
    before = engine.process.cpu_seconds()
    done = subprocess.run([TOOL, 'consumer-perf-test', '--bootstrap-server', engine.address, '--topic', topic, '--num-records', str(records)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise Failed(f'{engine.name}: kafka-consumer-perf-test: {done.stderr.strip() or done.stdout.strip()}')
    return engine.process.cpu_seconds() - before


def machine():
    with open('/proc/cpuinfo') as f:
        model = next((line.split(':', 1)[1].strip() for line in f if line.startswith('model name')), platform.machine())
    with open('/proc/meminfo') as f:
        memory = int(f.readline().split()[1]) // 1024 // 1024
    try:
        commit = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty'], capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        commit = ''
    return {'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'), 'commit': commit or 'unknown',
            'cpu': f'{model}, {len(os.sched_getaffinity(0))} cores', 'memory': f'{memory} GB', 'kernel': platform.release(),
            'load before': f'{os.getloadavg()[0]:.2f}'}


def positive(text):
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return value


def labels(names):
    return names if names[0] != names[1] else [f'{n} {i}' for i, n in enumerate(names, 1)]


def medians(rounds):
    return {key: statistics.median(r['figures'][key] for r in rounds) for key in rounds[0]['figures']}


def ratio(first, second, more_is_better):
    """How many times better the second is."""
    better, worse = (second, first) if more_is_better else (first, second)
    return better / worse if worse else None


def markdown_table(lines):
    rows = ['| ' + ' | '.join(line) + ' |' for line in lines]
    rows.insert(1, '| --- | --- |' + ' ---: |' * (len(lines[0]) - 2))
    return rows


def comparison_table(options, rows, more_is_better, result):
    """Rows as (key of a figure, what it is, unit, factor to the unit, digits) of two engines, and how many times better the second is."""
    names = [e['label'] for e in result['engines']]
    lines = [['', 'unit', *names, f'{names[0]} : {names[1]}']]
    for key, what, unit, factor, digits in rows:
        values = [e['figures'][key] for e in result['engines']]
        times = ratio(*values, key in more_is_better)
        lines.append([what.format(**vars(options)), unit, *(f'{v * factor:,.{digits}f}' for v in values), f'{times:.2f}' if times is not None else '-'])
    return lines


def measurement_parser(description, name):
    """With the options that every measurement has; its results are called `name`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bench', required=True, metavar='FILE', help='moldau-bench')
    parser.add_argument('--moldaud', required=True, metavar='FILE')
    parser.add_argument('--results', default=os.path.join(HERE, 'results'), metavar='DIR', help='where NAME.json and NAME.md go (default: bench/results)')
    parser.add_argument('--name', default=name, help=f'of these files (default: {name})')
    parser.add_argument('--scratch', metavar='DIR', help="for the engines' data (default: the system's temporary directory)")
    return parser


def comparison_parser(description, name):
    """Of a measurement of two engines, round by round."""
    parser = measurement_parser(description, name)
    parser.add_argument('--engines', default='kafka,moldau', metavar='A,B', help=f'two of {", ".join(ENGINES)}, also one twice (default: kafka,moldau)')
    parser.add_argument('--rounds', type=int, default=3, help='of each engine, in turn (default: 3)')
    parser.add_argument('--quick', action='store_true', help='one short round: shows that it works, not how fast anything is')
    return parser


def compared_engines(parser, options):
    names = options.engines.split(',')
    if len(names) != 2 or any(e not in ENGINES for e in names):
        parser.error(f'--engines wants two of {", ".join(ENGINES)}')
    return names


def in_turn(options, one_round, then=lambda: None):
    """The rounds of each engine, by its place; `then` comes after each round of all."""
    rounds = [[] for _ in options.engines]
    for number in range(options.rounds):
        for i, name in enumerate(options.engines):
            print(f'round {number + 1} of {options.rounds}: {labels(options.engines)[i]}', file=sys.stderr, flush=True)
            rounds[i].append(one_round(options, ENGINES[name]))
        then()
    return rounds


def told(options):
    """The options that say what was measured."""
    return {k: v for k, v in vars(options).items() if k not in ('bench', 'moldaud', 'bare', 'scratch', 'results', 'name')}


def comparison(options, where, rounds):
    return {'machine': where, 'options': told(options),
            'engines': [{'label': label, 'version': ENGINES[name].version(options), 'figures': medians(rounds[i]), 'rounds': rounds[i]}
                        for i, (name, label) in enumerate(zip(options.engines, labels(options.engines)))]}


def about(result):
    """Lines of what was measured where."""
    return [f'- {key}: {value}' for key, value in result['machine'].items()] + [f'- {e["label"]}: {e["version"]}' for e in result['engines']]


def write_results(options, result, page):
    os.makedirs(options.results, exist_ok=True)
    path = os.path.join(options.results, options.name)
    with open(path + '.json', 'w', encoding='utf-8') as f:
        json.dump(result, f, indent=1)
        f.write('\n')
    with open(path + '.md', 'w', encoding='utf-8') as f:
        f.write(page)
    print(f'written to {path}.md and .json', file=sys.stderr)


def as_text(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return '\n'.join('  '.join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))).rstrip() for line in lines)
