#!/usr/bin/env python3
"""Replicas move between log directories as Kafka's do, while they are written, over restarts and kills.   log_dirs_test.py MOLDAUD"""
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from apache_kafka import BROKER, two_free_ports
from kafka_tools import KafkaTools
from log_dirs import log_dirs
from moldaud import Moldaud, Wire, until

BINARY = None
ALTER = 34
TOOLS = KafkaTools()


def setUpModule():
    TOOLS.__enter__()
    unittest.addModuleCleanup(TOOLS.__exit__)


def run(*arguments):
    """What Kafka's tool writes, which is to end well."""
    text, code = TOOLS(*arguments)
    if code != 0:
        raise AssertionError(f'{arguments}: exit {code}\n{text}')
    return text


def string(text):
    return struct.pack('>h', len(text)) + text.encode()


def array(items):
    return struct.pack('>i', len(items)) + b''.join(items)


class Kafka:
    """An Apache Kafka with several log directories, which can be stopped and started."""

    def __init__(self, folder, dirs):
        self.node, self.dirs = os.path.join(folder, 'k'), dirs
        self.port = two_free_ports()

    def start(self):
        done = subprocess.run([BROKER, 'start', '--dir', self.node, '--port', str(self.port), '--set', 'log.dirs=' + ','.join(self.dirs)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
        self.address = done.stdout.split()[0]

    def stop(self):
        subprocess.run([BROKER, 'stop', '--dir', self.node], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120, check=True)


class Node:
    """With two log directories; `dirs` are their paths."""

    def __init__(self, binary=None):
        self.folder = tempfile.mkdtemp(prefix='moldau-dirs-')
        self.dirs = [os.path.join(self.folder, name) for name in ('a', 'b')]
        if binary is None:
            self.server = Kafka(self.folder, self.dirs)
            self.server.start()
        else:
            self.server = Moldaud(binary, {'log.dirs': ','.join(self.dirs), 'listeners': 'PLAINTEXT://127.0.0.1:0', 'auto.create.topics.enable': 'false'},
                                  data=self.folder)
            self.server.__enter__()

    def address(self):
        return self.server.address

    def close(self):
        if isinstance(self.server, Moldaud):
            self.server.__exit__(None, None, None)
        else:
            self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, kill=False):
        if isinstance(self.server, Moldaud):
            self.server.kill() if kill else self.server.stop()
            self.server.settings['listeners'] = 'PLAINTEXT://' + self.server.address
        else:
            self.server.stop()
        self.server.start()

    def alter(self, *wishes):
        """(topic, partition, directory)… → {(topic, partition): error}"""
        body = array([string(directory) + array([string(topic) + array([struct.pack('>i', partition)])]) for topic, partition, directory in wishes])
        with Wire(self.address()) as wire:
            wire.send(wire.request(ALTER, 1, body))
            data = wire.reply()
        errors, at = {}, 12
        for _ in range(struct.unpack_from('>i', data, 8)[0]):
            [size] = struct.unpack_from('>h', data, at)
            topic = data[at + 2:at + 2 + size].decode()
            [count] = struct.unpack_from('>i', data, at + 2 + size)
            at += 6 + size
            for _ in range(count):
                partition, error = struct.unpack_from('>ih', data, at)
                errors[topic, partition] = error
                at += 6
        return errors

    def places(self, topic):
        """{partition: [(index of the directory, lag, is it a copy)]}"""
        found = {}
        for path, (replicas, *_) in log_dirs(self.address()).items():
            for (name, number), (_, lag, is_copy) in replicas.items():
                if name == topic:
                    found.setdefault(number, []).append((self.dirs.index(path), lag, is_copy))
        return found

    def copied(self, topic, size):
        """Whether the copies of its replicas have that many bytes, or there are none."""
        copies = [name for path in self.dirs for name in os.listdir(path) if name.startswith(topic + '-') and name.endswith('-future')]
        sizes = [each[0] for replicas, *_ in log_dirs(self.address()).values() for (name, _), each in replicas.items() if name == topic and each[2]]
        return not copies or sum(sizes) >= size

    def place(self, topic):
        """The directory of its partition 0, as soon as the broker has heard of it."""
        [(directory, _, _)] = until(lambda: self.places(topic).get(0))
        return directory

    def arrived(self, topic, partition, directory):
        return self.places(topic).get(partition) == [(directory, 0, False)]

    def assigned(self, topic):
        """{partition: the directory's index}, as the metadata log has it; None for what nobody has told"""
        ids, topics, found = {}, {}, {}
        for index, path in enumerate(self.dirs):
            with open(os.path.join(path, 'meta.properties')) as f:
                ids[re.search(r'directory\.id=(.+)', f.read())[1]] = index
        log = os.path.join(self.dirs[0], '__cluster_metadata-0', '00000000000000000000.log')
        for line in run('dump-log', '--cluster-metadata-decoder', '--skip-record-metadata', '--files', log).splitlines():
            record = json.loads(line[line.index('{'):]) if '"type"' in line else {}
            data = record.get('data', {})
            if record.get('type') == 'TOPIC_RECORD':
                topics[data['name']] = data['topicId']
            elif data.get('directories'):
                found[data['topicId'], data['partitionId']] = ids.get(data['directories'][0])
        return {partition: place for (topic_id, partition), place in found.items() if topic_id == topics[topic]}

    def read(self, topic):
        out = subprocess.run(['kcat', '-C', '-b', self.address(), '-t', topic, '-e', '-q', '-f', '%p %o %s\n'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=60, check=True).stdout
        return sorted(line.split(' ', 2) for line in out.splitlines())

    def write(self, topic, lines, partition=0):
        subprocess.run(['kcat', '-P', '-b', self.address(), '-t', topic, '-p', str(partition), ], input='\n'.join(lines), text=True, timeout=60, check=True,
                       capture_output=True)

    def create(self, topic, partitions=1, *more):
        run('topics', '--bootstrap-server', self.address(), '--create', '--topic', topic, '--partitions', str(partitions), *more)


class Same(unittest.TestCase):
    """The same with both."""
    maxDiff = None

    def each(self, talk):
        said = []
        for binary in (None, BINARY):
            node = Node(binary)
            try:
                said.append(talk(node))
            finally:
                node.close()
        self.assertEqual(said[0], said[1])
        return said[1]

    def test_kafkas_tool_moves_replicas_that_stay_there_over_a_restart(self):
        def talk(node):
            node.create('moved', 2)
            for partition in (0, 1):
                node.write('moved', [f'{partition}-{i}' for i in range(2000)], partition)
            before = node.read('moved')
            started = {partition: place[0][0] for partition, place in node.places('moved').items()}
            until(lambda: node.assigned('moved') == started)
            plan = os.path.join(node.folder, 'plan.json')
            with open(plan, 'w') as f:
                json.dump({'version': 1, 'partitions': [{'topic': 'moved', 'partition': 0, 'replicas': [1], 'log_dirs': [node.dirs[1 - started[0]]]}]}, f)
            tool = ('reassign-partitions', '--bootstrap-server', node.address(), '--reassignment-json-file', plan)
            said = [re.sub(r'\{.*\}', '{…}', run(*tool, '--execute'))]
            said.append(until(lambda: (out := run(*tool, '--verify')) and 'in progress' not in out and out))
            until(lambda: node.arrived('moved', 0, 1 - started[0]))
            until(lambda: node.arrived('moved', 1, started[1]))
            node.write('moved', ['after'], 0)
            until(lambda: node.assigned('moved') == {**started, 0: 1 - started[0]})
            node.restart()
            until(lambda: node.arrived('moved', 0, 1 - started[0]))
            now = node.read('moved')
            self.assertEqual(now, sorted(before + [['0', '2000', 'after']]))
            return [line.replace(node.dirs[1 - started[0]], 'THERE').replace(node.folder, '') for text in said for line in text.splitlines() if 'Current partition replica assignment' not in line]
        print('\n'.join(self.each(talk)), flush=True)

    def test_what_cannot_be_moved_is_told_alike_and_made_where_it_was_wanted(self):
        def talk(node):
            node.create('there')
            node.write('there', ['x'])
            here = node.place('there')
            there = 1 - here
            said = [node.alter(('there', 0, node.dirs[here])),
                    node.alter(('there', 0, '/nowhere')),
                    node.alter(('there', 0, node.dirs[here] + '/')),
                    node.alter(('there', 7, node.dirs[there])),
                    node.alter(('no-such', 0, '/nowhere'), ('__cluster_metadata', 0, node.dirs[there])),
                    node.alter(('later-a', 0, node.dirs[0]), ('later-b', 0, node.dirs[0]), ('later-c', 0, node.dirs[0])),
                    node.alter(('x' * 240, 0, node.dirs[there])),
                    node.alter(('there', 0, node.dirs[here]), ('there', 0, node.dirs[there]))]
            until(lambda: node.arrived('there', 0, there))
            for name in ('later-a', 'later-b', 'later-c'):
                node.create(name)
            said.append([node.place(each) for each in ('later-a', 'later-b', 'later-c')])
            return said
        print(self.each(talk), flush=True)

    def test_nothing_is_moved_into_a_cordoned_directory(self):
        def talk(node):
            node.create('here')
            here = node.place('here')
            cordoned = node.dirs[1 - here]
            self.assertEqual(node.alter(('later', 0, cordoned)), {('later', 0): 3})
            node.create('later')
            until(lambda: node.arrived('later', 0, 1 - here))
            configs = ('configs', '--bootstrap-server', node.address(), '--alter', '--entity-type', 'brokers', '--entity-name', '1')
            run(*configs, '--add-config', 'cordoned.log.dirs=' + cordoned)
            until(lambda: log_dirs(node.address())[cordoned][3])
            said = [node.alter(('here', 0, cordoned)), node.alter(('later', 0, cordoned)), node.alter(('later', 0, node.dirs[here])),
                    node.alter(('here', 7, cordoned)), node.alter(('no-such', 0, cordoned)), node.alter(('x' * 240, 0, cordoned))]
            until(lambda: node.arrived('later', 0, here))
            run(*configs, '--delete-config', 'cordoned.log.dirs')
            until(lambda: not log_dirs(node.address())[cordoned][3])
            said.append(node.alter(('here', 0, cordoned)))
            until(lambda: node.arrived('here', 0, 1 - here))
            return said
        print(self.each(talk), flush=True)


class Ours(unittest.TestCase):
    def setUp(self):
        self.node = Node(BINARY)
        self.addCleanup(self.node.close)

    def producer(self, topic):
        """Writes until it is stopped; what was acknowledged, in order, by acks=all one after another."""
        node, stop, acked = self.node, threading.Event(), []

        def work():
            while not stop.is_set():
                value = f'v{len(acked)}-{random.random()}'
                done = subprocess.run(['kcat', '-P', '-b', node.address(), '-t', topic, '-p', '0', '-X', 'acks=all', '-X', 'message.timeout.ms=20000'], input=value, text=True,
                                      capture_output=True, timeout=60)
                if done.returncode == 0:
                    acked.append(value)
        thread = threading.Thread(target=work)
        thread.start()

        def end():
            stop.set()
            thread.join()
            return acked
        return end

    def test_a_replica_moves_to_and_fro_while_it_is_written(self):
        node = self.node
        node.create('busy', 1, '--config', 'segment.bytes=1048576', '--config', 'flush.messages=1')
        node.write('busy', [f'{i}:' + 'x' * 500 for i in range(5000)])
        place = node.place('busy')
        end = self.producer('busy')
        try:
            for _ in range(4):
                place = 1 - place
                self.assertEqual(node.alter(('busy', 0, node.dirs[place])), {('busy', 0): 0})
                until(lambda: node.arrived('busy', 0, place))
        finally:
            acked = end()
        self.assertGreater(len(acked), 3)
        records = sorted(node.read('busy'), key=lambda r: int(r[1]))
        self.assertEqual([int(r[1]) for r in records], list(range(5000 + len(acked))))
        self.assertEqual([r[2] for r in records[5000:]], acked)
        print(f'{len(acked)} acknowledged meanwhile', flush=True)

    def test_a_kill_at_any_moment_loses_nothing_and_the_move_goes_on(self):
        node, chance = self.node, random.Random(7)
        node.create('killed', 1, '--config', 'segment.bytes=1048576')
        lines = [f'{i}:' + 'y' * 300 for i in range(8000)]
        node.write('killed', lines)
        run('delete-records', '--bootstrap-server', node.address(), '--offset-json-file', self.offsets('killed', 100))
        place = node.place('killed')
        for turn in range(12):
            place = 1 - place
            self.assertEqual(node.alter(('killed', 0, node.dirs[place])), {('killed', 0): 0})
            until(lambda size=chance.random() * len(lines) * 300: node.copied('killed', size))
            node.restart(kill=True)
            until(lambda: node.arrived('killed', 0, place))
            node.write('killed', [f'turn {turn}'])
            lines.append(f'turn {turn}')
            records = sorted(node.read('killed'), key=lambda r: int(r[1]))
            self.assertEqual([r[2] for r in records], lines[100:])
            self.assertEqual([int(r[1]) for r in records], list(range(100, len(lines))))

    def offsets(self, topic, offset):
        path = os.path.join(self.node.folder, 'offsets.json')
        with open(path, 'w') as f:
            json.dump({'version': 1, 'partitions': [{'topic': topic, 'partition': 0, 'offset': offset}]}, f)
        return path

    def test_a_topic_that_is_deleted_on_its_way_leaves_nothing(self):
        node = self.node
        for turn in range(5):
            node.create('gone')
            node.write('gone', ['z' * 1000 for _ in range(3000)])
            place = node.place('gone')
            node.alter(('gone', 0, node.dirs[1 - place]))
            run('topics', '--bootstrap-server', node.address(), '--delete', '--topic', 'gone')
            until(lambda: not node.places('gone'))
        until(lambda: not [name for path in node.dirs for name in os.listdir(path) if name.startswith('gone') and not name.endswith('-delete')])
        node.restart()
        until(lambda: not [name for path in node.dirs for name in os.listdir(path) if name.startswith('gone')])


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
