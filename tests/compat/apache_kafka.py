"""Runs a real Apache Kafka of one node for a test, on ports that were free. Standard library only."""
import os
import random
import shutil
import socket
import subprocess
import tempfile

from moldaud import HERE, Moldaud

TOOL = os.path.join(HERE, 'kafka', 'kafka')
BROKER = os.path.join(HERE, 'kafka', 'kafka-broker')


def two_free_ports():
    """P, with P and P+1 free: clients connect to the first, controllers to the second. Below the ports that the system gives to whoever
    connects or asks for any port, so that none of them takes one before the server has it."""
    for _ in range(100):
        port = random.randrange(12000, 32000, 2)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(('127.0.0.1', port))
                second.bind(('127.0.0.1', port + 1))
            except OSError:
                continue
            return port
    raise AssertionError('no two free ports beside each other')


class ApacheKafka:
    """with ApacheKafka({'num.partitions': 3}) as k: k.address is '127.0.0.1:PORT'; k.pid is the broker's."""

    def __init__(self, settings=None):
        self.settings = settings or {}

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='moldau-kafka-')
        self.node = os.path.join(self.folder, 'k')
        settings = [word for key, value in self.settings.items() for word in ('--set', f'{key}={value}')]
        done = subprocess.run([BROKER, 'start', '--dir', self.node, '--port', str(two_free_ports()), *settings],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300)
        if done.returncode != 0:
            self.__exit__(None, None, None)
            raise AssertionError('Apache Kafka did not start')
        self.address = done.stdout.split()[0]
        with open(os.path.join(self.node, 'pids')) as f:
            self.pid = int(f.read().split()[-1])
        return self

    def __exit__(self, *_):
        subprocess.run([BROKER, 'stop', '--dir', self.node], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)
        shutil.rmtree(self.folder, ignore_errors=True)


def serve_both(case, binary):
    """Both servers, while the tests of the class `case` run: case.kafka and case.ours."""
    case.kafka = ApacheKafka().__enter__()
    case.addClassCleanup(case.kafka.__exit__, None, None, None)
    case.ours = Moldaud(binary).__enter__()
    case.addClassCleanup(case.ours.__exit__, None, None, None)


def print_both(ours, kafkas):
    """Transcripts of [(command, what was said, exit code)], one beside the other."""
    for (line, text, code), (_, other, other_code) in zip(ours, kafkas):
        print(f'$ {line}\n--- Moldau ({code})\n{text}\n--- Apache Kafka ({other_code})\n{other}\n')
