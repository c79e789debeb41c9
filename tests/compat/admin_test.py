#!/usr/bin/env python3
"""Kafka's own administration tools do their work on a real moldaud, and say of it what they say of Apache Kafka.   admin_test.py MOLDAUD

    admin_test.py MOLDAUD --transcript     both transcripts, side by side, for whoever changes this test"""
import base64
import concurrent.futures
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

from apache_kafka import ApacheKafka, print_both
from kafka_tools import KAFKA, KafkaTools, without_words
from log_dirs import log_dirs
from moldaud import HERE, Moldaud, Wire, until

BINARY = None

# A line is a tool and its arguments; each gets --bootstrap-server, or --bootstrap-controller the address that the quorum has told before.
SCRIPT = '''
topics --create --topic t --partitions 2
topics --create --topic cfg --partitions 1 --config retention.ms=60000
RECORDS t

configs --describe --entity-type topics --entity-name cfg
configs --alter --entity-type topics --entity-name cfg --add-config max.message.bytes=2000,cleanup.policy=[compact,delete] --delete-config retention.ms
configs --describe --entity-type topics
configs --alter --entity-type topics --entity-name cfg --add-config no.such.config=1
configs --alter --entity-type topics --entity-name nowhere --add-config retention.ms=1

configs --alter --entity-type brokers --entity-name 1 --add-config max.connections=500,log.cleaner.threads=2
configs --alter --entity-type brokers --entity-default --add-config max.connections.per.ip=400,log.retention.ms=500000
configs --describe --entity-type brokers --entity-name 1
configs --describe --entity-type brokers --entity-default
configs --describe --entity-type topics --entity-name t --all
configs --alter --entity-type brokers --entity-name 1 --add-config advertised.listeners=PLAINTEXT://x:1
configs --alter --entity-type brokers --entity-name 1 --add-config num.partitions=3
configs --alter --entity-type brokers --entity-name 1 --add-config cordoned.log.dirs=/no/such/dir
configs --alter --entity-type brokers --entity-default --add-config cordoned.log.dirs=*
configs --alter --entity-type brokers --entity-name 1 --add-config log.retention.ms=0
configs --alter --entity-type brokers --entity-name 1 --add-config max.connections.per.ip=0
configs --alter --entity-type brokers --entity-name 1 --delete-config max.connections,log.cleaner.threads
configs --alter --entity-type brokers --entity-default --delete-config max.connections.per.ip,log.retention.ms
configs --describe --entity-type brokers --entity-default

configs --describe --entity-type broker-loggers --entity-name 1
configs --alter --entity-type broker-loggers --entity-name 1 --add-config root=DEBUG
configs --alter --entity-type broker-loggers --entity-name 1 --add-config no.such.logger=DEBUG
configs --alter --entity-type broker-loggers --entity-name 1 --add-config root=LOUD
configs --alter --entity-type broker-loggers --entity-name 1 --delete-config root
configs --alter --entity-type broker-loggers --entity-name 1 --add-config root=INFO

configs --alter --entity-type groups --entity-name g --add-config consumer.session.timeout.ms=50000
configs --alter --entity-type groups --entity-name g --add-config consumer.session.timeout.ms=1
configs --describe --entity-type groups --entity-name g
configs --describe --entity-type groups
configs --alter --entity-type groups --entity-name g --delete-config consumer.session.timeout.ms
configs --alter --entity-type client-metrics --entity-name cm --add-config interval.ms=1000,metrics=[org.apache.,other]
configs --describe --entity-type client-metrics
client-metrics --list
client-metrics --alter --name cm --interval 10

log-dirs --describe
log-dirs --describe --topic-list cfg --broker-list 1
transactions describe-producers --topic t --partition 0

metadata-quorum describe --status
metadata-quorum describe --replication
metadata-quorum --bootstrap-controller describe --status
features --bootstrap-controller describe

features describe
features upgrade --feature eligible.leader.replicas.version=1
features upgrade --feature no.such.feature=1
features upgrade --feature metadata.version=30 --dry-run
features downgrade --feature metadata.version=29
features downgrade --feature kraft.version=0
features downgrade --feature eligible.leader.replicas.version=0
features upgrade --release-version 4.3 --dry-run
features upgrade --feature eligible.leader.replicas.version=1

leader-election --election-type preferred --all-topic-partitions
leader-election --election-type preferred --topic t --partition 0
leader-election --election-type unclean --topic t --partition 9

reassign-partitions --list
reassign-partitions --execute --reassignment-json-file SAME
reassign-partitions --verify --reassignment-json-file SAME
reassign-partitions --execute --throttle 100000 --additional --reassignment-json-file SAME
configs --describe --entity-type brokers --entity-name 1
reassign-partitions --verify --reassignment-json-file SAME
configs --describe --entity-type brokers --entity-name 1
reassign-partitions --execute --reassignment-json-file AWAY
reassign-partitions --cancel --reassignment-json-file SAME

cluster cluster-id
cluster list-endpoints
cluster list-endpoints --include-fenced-brokers
cluster unregister --id 77
'''

MOVES = {'SAME': [{'topic': 't', 'partition': 0, 'replicas': [1]}, {'topic': 't', 'partition': 1, 'replicas': [1]}],
         'AWAY': [{'topic': 't', 'partition': 0, 'replicas': [9]}]}


def normalized(text, address):
    """Without what differs from run to run (ids, times, offsets, paths), and without the words of an error, which are each server's own."""
    text = text.replace(address, 'ADDRESS')
    text = re.sub(rf"(?<!\d){address.split(':')[1]}(?!\d)", 'PORT', text)
    text = without_words(text)
    for pattern, to in ((r'\d\d:\d\d:\d\d\.\d+ ERROR (\w+): .*', r'ERROR \1'),
                        (r'((?:Could|Can) not \w+ \S+ to \S+\.) .*', r'\1'),
                        (r'(Error while executing [\w ]+ command)\b.*', r'\1'),
                        (r'((?:Cluster ID|ClusterId): +)\S+', r'\1ID'),
                        (r'("directoryId": )"[^"]+"', r'\1ID'),
                        (r'\b\d{13}\b', 'TIME'),
                        (r'127\.0\.0\.1:\d+', 'CONTROLLER'),
                        (r'(HighWatermark|LeaderEpoch|Epoch):( +)\d+', r'\1: N'),
                        (r'^(\d+ +\t)\S{22}\t\d+ +\t', r'\1ID N '),
                        (r'"(?:/[\w.-]+)+"', '"DIRECTORY"'),
                        (r'[ \t]+', ' ')):
        text = re.sub(pattern, to, text, flags=re.M)
    return '\n'.join(line.rstrip() for line in text.splitlines())


def in_order(text):
    """A JSON line of log-dirs with its partitions in one order."""
    if not text.startswith('{"brokers"'):
        return text
    dirs = json.loads(text)
    for broker in dirs['brokers']:
        for each in broker['logDirs']:
            each['partitions'].sort(key=lambda p: p['partition'])
    return json.dumps(dirs)


def transcript(address):
    """[(command, what was said, exit code)] of the script."""
    said, controller = [], None
    with KafkaTools() as tools, tempfile.TemporaryDirectory(prefix='moldau-admin-') as folder:
        for name, moves in MOVES.items():
            with open(os.path.join(folder, name), 'w') as f:
                json.dump({'version': 1, 'partitions': moves}, f)
        for line in filter(None, SCRIPT.splitlines()):
            words = line.split()
            if words[0] == 'RECORDS':
                subprocess.run(['kcat', '-P', '-b', address, '-t', words[1], '-p', '0', '-X', 'enable.idempotence=true'], input=b'a\nb\nc\n', check=True, timeout=60)
                continue
            tool, where = words.pop(0), ['--bootstrap-server', address]
            if words[0] == '--bootstrap-controller':
                where = [words.pop(0), controller]
            # Some take it before their verb, some behind.
            at = 1 if tool == 'cluster' else 0
            words = [os.path.join(folder, word) if word in MOVES else word for word in words]
            text, code = tools(tool, *words[:at], *where, *words[at:])
            if found := re.search(r'CONTROLLER://(127\.0\.0\.1:\d+)', text):
                controller = found[1]
            said.append((line, '\n'.join(in_order(each) for each in normalized(text, address).splitlines()), code))
    return said


def answers(address):
    """What AdminWork.java was told, {question: answer}, once the script has made the topics."""
    done = subprocess.run([KAFKA, 'java', os.path.join(HERE, 'AdminWork.java'), address], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    told = re.split(r'\n(?! )', done.stdout.strip())
    return {f'{number} {question}': answer for number, (question, answer) in enumerate(line.split(': ', 1) for line in told)}


def both_of(address):
    said = transcript(address)
    return said, answers(address)


ROOT_ONLY = '''Dynamic configs for broker-logger 1 are:
 root=INFO sensitive=false synonyms={}'''



def fewer_features(kafka):
    return '\n'.join(line.replace('SupportedMinVersion: 3.3-IV3', 'SupportedMinVersion: 4.0-IV3') for line in kafka.splitlines()
                     if not re.match(r'Feature: (group|share|streams|transaction)\.version', line))


# What Moldau means to say otherwise, by the command's beginning: how Apache Kafka's words become its own (None: they do not); and why.
MEANT = {
    'configs --describe --entity-type broker-loggers': (lambda kafka: ROOT_ONLY, 'the lines of the log are one logger\'s'),
    'features --bootstrap-controller describe': (fewer_features, 'as features describe'),
    'features describe': (fewer_features, 'features that are not carried out are not advertised (decided)'),
    'features upgrade --release-version': (None, 'a release means features that are not carried out yet'),
}


class Normalizing(unittest.TestCase):
    def test_a_port_within_a_longer_number_is_no_port(self):
        self.assertEqual(normalized('127.0.0.1:23372 23372 9223372036854775807', '127.0.0.1:23372'), 'ADDRESS PORT 9223372036854775807')


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Moldaud(BINARY) as moldau, ApacheKafka() as kafka, concurrent.futures.ThreadPoolExecutor() as both:
            of_kafka = both.submit(both_of, kafka.address)
            cls.moldau, cls.our_answers = both_of(moldau.address)
            cls.kafka, cls.kafkas_answers = of_kafka.result()
            cls.log = moldau.stderr()

    def test_each_tool_says_of_moldau_what_it_says_of_apache_kafka(self):
        self.maxDiff = None
        self.assertEqual(len(self.moldau), len(self.kafka))
        for (line, ours, our_code), (_, kafkas, kafkas_code) in zip(self.moldau, self.kafka):
            with self.subTest(line):
                meant = next((how for beginning, (how, _) in MEANT.items() if line.startswith(beginning)), lambda kafka: kafka)
                if meant is not None:
                    self.assertEqual(f'{ours}\nexit {our_code}', f'{meant(kafkas)}\nexit {kafkas_code}')

    def test_javas_admin_client_is_told_the_same_by_both(self):
        self.maxDiff = None
        self.assertEqual(list(self.our_answers), list(self.kafkas_answers))
        for question, kafkas in self.kafkas_answers.items():
            with self.subTest(question):
                self.assertEqual(self.our_answers[question], kafkas)
                self.assertNotIn('Timeout', kafkas, 'no answer is none')

    def test_the_log_takes_its_level_from_the_tool(self):
        self.assertIn('the level of the log was changed from=INFO to=DEBUG', self.log)
        self.assertIn('the level of the log was changed from=DEBUG to=INFO', self.log)

    def test_settings_without_effect_are_named_in_the_log(self):
        self.assertRegex(self.log, r'settings .* that have no effect yet: .*log\.cleaner\.threads')


class AtRunTime(unittest.TestCase):
    """What takes effect while connections come and go."""

    def setUp(self):
        self.server = Moldaud(BINARY).__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    @staticmethod
    def text(words):
        return struct.pack('>h', len(words)) + words.encode()

    def alter_all(self, kind, name, configs, validate_only=False):
        """AlterConfigs v0, which no tool sends any more; the error code."""
        body = struct.pack('>ib', 1, kind) + self.text(name) + struct.pack('>i', len(configs))
        for key, value in configs.items():
            body += self.text(key) + self.text(value)
        with Wire(self.server.address) as wire:
            wire.send(Wire.request(33, 0, body + struct.pack('>?', validate_only)))
            reply = wire.reply()
        self.assertEqual(struct.unpack('>iii', reply[:12]), (7, 0, 1))
        return struct.unpack('>h', reply[12:14])[0]

    def set_log_level(self, level):
        """IncrementalAlterConfigs v0 of the logger root."""
        body = struct.pack('>ib', 1, 8) + self.text('1') + struct.pack('>i', 1) + self.text('root') + b'\0' + self.text(level) + b'\0'
        with Wire(self.server.address) as wire:
            wire.send(Wire.request(44, 0, body))
            self.assertEqual(wire.reply()[12:14], b'\0\0')

    def may_connect(self):
        """Whether one more connection is answered; they stay open."""
        wire = Wire(self.server.address, timeout_s=5)
        self.addCleanup(wire.close)
        try:
            wire.send(Wire.request(18, 0))
            return wire.reply() is not None
        except (ConnectionResetError, BrokenPipeError):
            return False

    def test_connections_are_limited_as_the_settings_say_now(self):
        self.assertTrue(self.may_connect())
        self.assertEqual(self.alter_all(4, '1', {'max.connections.per.ip': '2'}), 0)
        until(self.may_connect)   # those that were closed are gone then
        self.assertFalse(self.may_connect())
        self.server.stop()
        self.server.start()
        self.assertTrue(self.may_connect())
        self.assertTrue(self.may_connect())
        self.assertFalse(self.may_connect(), 'a change outlives the process')

    def test_the_log_takes_its_level_until_the_process_ends(self):
        refused = 'refused a connection: its address has max.connections.per.ip already'
        self.assertEqual(self.alter_all(4, '1', {'max.connections.per.ip': '1'}), 0)
        until(self.may_connect)   # those that were closed are gone then
        self.assertFalse(self.may_connect())
        self.server.stop()
        self.assertNotIn(refused, self.server.stderr())
        self.server.start()
        self.set_log_level('DEBUG')
        until(self.may_connect)   # those that were closed are gone then
        self.assertFalse(self.may_connect())
        self.assertRegex(self.server.stderr(), f' debug .* {refused}')

    def test_a_node_that_unregisters_itself_is_known_again_when_it_starts_anew(self):
        kcat = ['kcat', '-b', self.server.address, '-t', 'kept']
        subprocess.run([*kcat, '-P'], input=b'here\n', check=True, timeout=60)
        body = struct.pack('>i', 1) + b'\0'
        with Wire(self.server.address) as wire:
            wire.send(Wire.request(64, 0, body, flexible=True))
            self.assertEqual(wire.reply()[9:11], b'\0\0')
            wire.send(Wire.request(64, 0, body, flexible=True))
            self.assertEqual(struct.unpack('>h', wire.reply()[9:11]), (102,), 'it is not registered any more')
        self.server.stop()
        self.server.start()
        self.assertEqual(subprocess.run([*kcat, '-C', '-e', '-q'], capture_output=True, check=True, timeout=60).stdout, b'here\n')

    def test_a_legacy_change_replaces_all_that_a_resource_has(self):
        self.assertEqual(self.alter_all(4, '', {'log.cleaner.threads': '2', 'min.insync.replicas': '1'}), 0)
        self.assertEqual(self.alter_all(4, '', {'log.cleaner.backoff.ms': '5'}), 40, 'with ELR the cluster keeps min.insync.replicas')
        self.assertEqual(self.alter_all(4, '', {'min.insync.replicas': '1', 'log.cleaner.threads': 'x'}), 42)
        self.assertEqual(self.alter_all(4, '2', {}), 42)
        self.assertEqual(self.alter_all(8, '1', {'root': 'DEBUG'}), 42, 'loggers are changed incrementally only')
        self.assertEqual(self.alter_all(2, 'nowhere', {}), 3)


class LogDirectories(unittest.TestCase):
    def test_are_told_as_they_are_on_the_disk(self):
        with tempfile.TemporaryDirectory(prefix='moldau-admin-') as folder:
            dirs = [os.path.join(folder, name) for name in ('a', 'b', 'c')]
            for each in dirs:
                os.mkdir(each)
            with Moldaud(BINARY, {'log.dirs': ','.join(dirs), 'num.partitions': 7}, data=dirs[0]) as server:
                subprocess.run(['kcat', '-P', '-b', server.address, '-t', 'spread', '-X', 'topic.partitioner=random'], check=True, timeout=60,
                               input=b''.join(b'record %d\n' % i for i in range(1000)))
                told = log_dirs(server.address)
                self.assertEqual(sorted(told), dirs)
                for path, (replicas, total, usable, _) in told.items():
                    sizes = {replica: size for replica, (size, lag, is_copy) in replicas.items() if (lag, is_copy) == (0, False)}
                    self.assertEqual(len(sizes), len(replicas))
                    on_disk = {('spread', int(name[7:])): os.path.getsize(os.path.join(path, name, '0' * 20 + '.log'))
                               for name in os.listdir(path) if name.startswith('spread-')}
                    self.assertEqual(sizes, on_disk)
                    self.assertTrue(0 < usable <= total)
                self.assertEqual(sum(len(replicas) for replicas, *_ in told.values()), 7)
                self.assertGreater(sum(size for replicas, *_ in told.values() for size, _, _ in replicas.values()), 10_000)


# Lines as in SCRIPT, for a node of the log directories A and B; CORDONED waits until just these are told to be.
CORDON = '''
topics --create --topic before --partitions 4
configs --alter --entity-type brokers --entity-name 1 --add-config cordoned.log.dirs=A
CORDONED A
topics --create --topic while --partitions 4
topics --alter --topic before --partitions 6
configs --alter --entity-type brokers --entity-name 1 --add-config cordoned.log.dirs=[A,*]
configs --alter --entity-type brokers --entity-name 1 --add-config cordoned.log.dirs=*
CORDONED A B
topics --create --topic none --partitions 1
topics --create --topic none --replication-factor 2 --partitions 1
topics --alter --topic while --partitions 5
topics --create --topic assigned --replica-assignment 1
topics --describe --topic assigned
reassign-partitions --execute --reassignment-json-file SAME
configs --describe --entity-type brokers --entity-name 1
configs --alter --entity-type brokers --entity-name 1 --add-config cordoned.log.dirs=
CORDONED
configs --alter --entity-type brokers --entity-name 1 --delete-config cordoned.log.dirs
topics --create --topic after --partitions 4
'''
CORDON_PARTITIONS = 6 + 4 + 1 + 4


def cordon_transcript(server, dirs):
    """What was said, and where each partition lies then."""
    said, names = [], dict(zip('AB', dirs))
    with KafkaTools() as tools, tempfile.TemporaryDirectory(prefix='moldau-admin-') as folder:
        moves = os.path.join(folder, 'SAME')
        with open(moves, 'w') as f:
            json.dump({'version': 1, 'partitions': [{'topic': 'before', 'partition': 0, 'replicas': [1]}]}, f)
        for line in filter(None, CORDON.splitlines()):
            tool, *words = line.split()
            if tool == 'CORDONED':
                wanted = [names[word] for word in words]
                until(lambda: sorted(path for path, told in log_dirs(server.address).items() if told[3]) == wanted)
                continue
            words = [re.sub(r'\b[AB]\b', lambda word: names[word[0]], word) if 'log.dirs' in word else moves if word == 'SAME' else word for word in words]
            text, code = tools(tool, '--bootstrap-server', server.address, *words)
            for name, path in names.items():
                text = text.replace(path, name)
            said.append((line, re.sub(r'TopicId: \S+', 'TopicId: ID', normalized(text, server.address)), code))
        # Kafka answers before it has made them.
        until(lambda: sum(len(told[0]) for told in log_dirs(server.address).values()) >= CORDON_PARTITIONS)
        spread = {name: sorted(topic for topic, _ in log_dirs(server.address)[path][0]) for name, path in names.items()}
    return said, spread


class CordonedDirectories(unittest.TestCase):
    def test_get_no_new_partitions_and_all_errors_are_kafkas(self):
        self.maxDiff = None
        with tempfile.TemporaryDirectory(prefix='moldau-admin-') as folder:
            dirs = {server: [os.path.join(folder, server, name) for name in 'ab'] for server in ('ours', 'kafkas')}
            for path in sum(dirs.values(), []):
                os.makedirs(path)
            with Moldaud(BINARY, {'log.dirs': ','.join(dirs['ours'])}, data=dirs['ours'][0]) as moldau, \
                    ApacheKafka({'log.dirs': ','.join(dirs['kafkas'])}) as kafka, concurrent.futures.ThreadPoolExecutor() as both:
                of_kafka = both.submit(cordon_transcript, kafka, dirs['kafkas'])
                ours, our_spread = cordon_transcript(moldau, dirs['ours'])
                kafkas, kafkas_spread = of_kafka.result()
        for (line, ours_said, our_code), (_, kafkas_said, kafkas_code) in zip(ours, kafkas):
            with self.subTest(line):
                self.assertEqual(f'{ours_said}\nexit {our_code}', f'{kafkas_said}\nexit {kafkas_code}')
        self.assertEqual(our_spread, kafkas_spread)
        self.assertEqual([our_spread[name].count('while') for name in 'AB'], [0, 4])


class Assignments:
    """A node of two log directories, whose controller is told where replicas lie (AssignReplicasToDirs)."""

    def __init__(self, server, dirs, tools):
        self.server, self.dirs, self.tools = server, dirs, tools
        self.log = os.path.join(dirs[0], '__cluster_metadata-0', '0' * 20 + '.log')
        self.ids = []
        for path in dirs:
            with open(os.path.join(path, 'meta.properties')) as f:
                self.ids.append(re.search(r'^directory.id=(\S+)', f.read(), re.M)[1])
        status, _ = tools('metadata-quorum', '--bootstrap-server', server.address, 'describe', '--status')
        self.controller = re.search(r'CONTROLLER://(127\.0\.0\.1:\d+)', status)[1]
        assert tools('topics', '--bootstrap-server', server.address, '--create', '--topic', 't', '--partitions', '4')[1] == 0
        self.topic = re.search(r'TopicId: (\S+)', self.described())[1]

    def described(self):
        return self.tools('topics', '--bootstrap-server', self.server.address, '--describe', '--topic', 't')[0]

    def described_with(self, leaders):
        """As soon as a broker, which learns of it behind the controller's answer, knows that many leaders."""
        until(lambda: self.described().count('Leader: 1') == leaders)
        return re.sub(r'TopicId: \S+', 'TopicId: ID', normalized(self.described(), self.server.address))

    def records(self):
        text, _ = self.tools('dump-log', '--cluster-metadata-decoder', '--files', self.log)
        return [json.loads(line.split(' payload: ', 1)[1]) for line in text.splitlines() if ' payload: {' in line]

    def epoch(self):
        return max(record['data']['brokerEpoch'] for record in self.records() if record['type'] == 'REGISTER_BROKER_RECORD')

    def known(self):
        """{partition: the directory that the metadata say}."""
        found = {}
        for record in self.records():
            data = record['data']
            if record['type'] in ('PARTITION_RECORD', 'PARTITION_CHANGE_RECORD') and data['topicId'] == self.topic and data.get('directories'):
                found[data['partitionId']] = data['directories'][0]
        return found

    def lies(self):
        return {number: where for where, path in zip(self.ids, self.dirs) for number in range(4) if os.path.isdir(os.path.join(path, f't-{number}'))}

    def tell(self, epoch, *told, broker=1):
        """Each told: (directory's id, topic's id, partitions). The error of all, those of the partitions."""
        def array(items):
            return bytes([len(items) + 1]) + b''.join(items)

        def uuid(text):
            return base64.urlsafe_b64decode(text + '==')

        directories = [uuid(directory) + array([uuid(topic) + array([struct.pack('>iB', number, 0) for number in numbers]) + b'\0']) + b'\0' for directory, topic, numbers in told]
        with Wire(self.controller) as wire:
            wire.send(Wire.request(73, 0, struct.pack('>iq', broker, epoch) + array(directories) + b'\0', flexible=True))
            reply = wire.reply()
        [error] = struct.unpack_from('>h', reply, 9)
        at, codes = 12, []
        for _ in range(reply[11] - 1):
            at += 16 + 1 + 16
            for _ in range(reply[at] - 1):
                codes.append(struct.unpack_from('>ih', reply, at + 1))
                at += 7
            at += 3
        return error, codes

    def answers(self):
        lies = until(lambda: len(lies := self.lies()) == 4 and self.known() == lies and lies)
        epoch, nobody = self.epoch(), 'AAAAAAAAAAAAAAAAAAAACA'
        told = [('where they lie', sorted(list(lies.values()).count(each) for each in self.ids)),
                ('another epoch', self.tell(epoch - 1, (self.ids[0], self.topic, [0]))),
                ('another broker', self.tell(epoch, (self.ids[0], self.topic, [0]), broker=7)),
                ('nothing', self.tell(epoch)),
                ('good and bad', self.tell(epoch, (self.ids[0], self.topic, [0, 9]), (self.ids[1], nobody, [1, 2]), (self.ids[1], self.topic, [1]))),
                ('known then', {number: self.ids.index(self.known()[number]) for number in (0, 1)}),
                ('nowhere', self.tell(epoch, (nobody, self.topic, [2]))),
                ('lost', self.tell(epoch, ('AAAAAAAAAAAAAAAAAAAAAg', self.topic, [3]))),
                ('described', self.described_with(leaders=2)),
                ('found again', self.tell(epoch, (self.ids[0], self.topic, [2, 3])))]
        return told + [('described again', self.described_with(leaders=4))]


class ReplicasInDirectories(unittest.TestCase):
    def test_are_told_and_the_controller_answers_as_kafkas(self):
        self.maxDiff = None
        with tempfile.TemporaryDirectory(prefix='moldau-admin-') as folder, KafkaTools() as tools:
            dirs = {server: [os.path.join(folder, server, name) for name in 'ab'] for server in ('ours', 'kafkas')}
            for path in sum(dirs.values(), []):
                os.makedirs(path)
            with Moldaud(BINARY, {'log.dirs': ','.join(dirs['ours'])}, data=dirs['ours'][0]) as moldau:
                ours = Assignments(moldau, dirs['ours'], tools).answers()
            with ApacheKafka({'log.dirs': ','.join(dirs['kafkas'])}) as kafka:
                kafkas = Assignments(kafka, dirs['kafkas'], tools).answers()
        for (what, our_answer), (_, kafkas_answer) in zip(ours, kafkas):
            with self.subTest(what):
                self.assertEqual(our_answer, kafkas_answer)


def side_by_side():
    with Moldaud(BINARY) as moldau, ApacheKafka() as kafka:
        print_both(transcript(moldau.address), transcript(kafka.address))


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    if '--transcript' in sys.argv:
        side_by_side()
    else:
        unittest.main(verbosity=2)
