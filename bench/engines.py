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
        return sum(int(x) for x in self._stat()[11:13]) / TICKS

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
    return json.loads(done.stdout)


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
