#!/usr/bin/env python3
"""Data directories: moldaud on those that Apache Kafka left, Apache Kafka on one of ours and moldaud on it again.   datadir_test.py MOLDAUD MOLDAU"""
import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zlib

from apache_kafka import BROKER, TOOL, two_free_ports
from moldaud import HERE, Moldaud

MOLDAUD, MOLDAU = None, None
GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'golden', 'datadir')
PYTHON_CLIENTS = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build', 'python')  # `./dev test` installs them
# Finalized in the reference directories; served by later issues.
NOT_OURS = ('group.version', 'share.version', 'streams.version', 'transaction.version')


def moldau(address, *arguments, stdin=b''):
    done = subprocess.run([MOLDAU, '--brokers', address, *arguments], input=stdin, capture_output=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f'{arguments}: {done.stderr.decode()}')
    return done.stdout


def cluster(address):
    return subprocess.run([TOOL, 'cluster', 'cluster-id', '--bootstrap-server', address], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True).stdout


def topics(address, *more):
    """{name: (id, configs that were set, partitions)}"""
    names = [t['name'] for t in json.loads(moldau(address, '-o', 'json', 'topic', 'list', *more))['items']]
    described = json.loads(moldau(address, '-o', 'json', 'topic', 'describe', *names))['items'] if names else []
    return {t['name']: (t['id'], t['configs'], len(t['partitions'])) for t in described}


def admin(what, *arguments):
    """A conversation of JavaOffsets.java; what it printed, by key."""
    done = subprocess.run([TOOL, 'java', os.path.join(HERE, 'JavaOffsets.java'), what, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f'{what} {arguments}: {done.stdout}{done.stderr}')
    return dict(line.split('=', 1) for line in done.stdout.splitlines())


def field(record, name):
    return base64.b64decode(record[name + '_base64']) if name + '_base64' in record else None if record.get(name) is None else record[name].encode()


def records(address, topic):
    """{partition: [(offset, timestamp, key, value, headers)]} as bytes."""
    found = {}
    for line in moldau(address, '-o', 'json', 'consume', topic).splitlines():
        r = json.loads(line)
        headers = [(field(h, 'key'), field(h, 'value')) for h in r.get('headers', [])]
        found.setdefault(r['partition'], []).append((r['offset'], r['timestamp'], field(r, 'key'), field(r, 'value'), headers))
    return found


def wanted(value):
    """A key, value or header of a manifest (its README): bytes, or a length with a checksum when it is long."""
    if isinstance(value, dict):
        return base64.b64decode(value['base64']) if 'base64' in value else (value['length'], value['crc32'])
    return None if value is None else value.encode()


def as_wanted(value, like):
    return (len(value), zlib.crc32(value)) if isinstance(like, tuple) and value is not None else value


class Reference(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='moldau-datadir-')
        self.addCleanup(shutil.rmtree, self.folder, True)

    def open(self, kind):
        """The directory and a server.properties as Kafka had it: node 1, broker and controller."""
        with tarfile.open(os.path.join(GOLDEN, kind + '.tar.gz')) as archive:
            archive.extractall(self.folder, filter='fully_trusted') if sys.version_info >= (3, 12) else archive.extractall(self.folder)
        config = os.path.join(self.folder, 'server.properties')
        with open(config, 'w') as f:
            f.write('process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n'
                    'listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n'
                    f'controller.quorum.bootstrap.servers=127.0.0.1:{two_free_ports()}\nlog.dirs={self.folder}/data\n')
        with open(os.path.join(GOLDEN, kind + '.manifest.json')) as f:
            return config, json.load(f)

    def check(self, address, manifest):
        served = topics(address)
        self.assertEqual({n: (t['topic_id'], t['configs'], len(t['partitions'])) for n, t in manifest['topics'].items() if not t['internal']}, served)
        compared = 0
        for name, topic in manifest['topics'].items():
            if any(b.get('transactional') or b.get('control') for p in topic['partitions'].values() for b in p['batches']):
                continue
            got = records(address, name)
            for number, partition in topic['partitions'].items():
                rows = got.get(int(number), [])
                self.assertEqual(len(rows), len(partition['records']), f'{name}-{number}')
                for row, want in zip(rows, partition['records']):
                    key, value = wanted(want.get('key')), wanted(want.get('value'))
                    headers = [(wanted(k), wanted(v)) for k, v in want.get('headers', [])]
                    self.assertEqual((row[0], row[1], as_wanted(row[2], key), as_wanted(row[3], value), row[4]),
                                     (want['offset'], want['timestamp'], key, value, headers), f'{name}-{number}')
                    compared += 1
        return compared

    def check_groups(self, address, manifest):
        """Committed offsets of every kind of group but share groups, which keep theirs elsewhere. (Leader epoch and metadata beside.)"""
        wanted = {name: group for name, group in manifest['groups'].items() if group['type'] != 'Share'}
        got = admin('offsets', address, *wanted)
        for name, group in wanted.items():
            offsets = sorted(f"{place} {o['offset']} {o.get('leader_epoch', '-')} {o['metadata']}" for place, o in group['offsets'].items())
            self.assertEqual(got[name], ', '.join(offsets), name)
        listed = admin('list', address)
        self.assertEqual({name: row.split()[0] for name, row in listed.items()}, {name: group['type'] for name, group in manifest['groups'].items()})
        for name, group in wanted.items():
            if group['type'] == 'Classic':
                self.assertEqual(listed[name].split(), ['Classic', 'Empty', *([group['protocol']] if group['protocol'] else [])])

    def test_what_kafka_left_is_served_as_the_manifest_says(self):
        for kind in ('clean', 'unclean'):
            with self.subTest(kind):
                config, manifest = self.open(kind)
                with Moldaud(MOLDAUD, arguments=['--config', config]) as server:
                    compared = self.check(server.address, manifest)
                    print(f'{kind}: {compared} records, ready after {server.ready_after_s * 1000:.0f} ms', flush=True)
                    self.assertGreater(compared, 1000)
                    [warning] = [line for line in server.stderr().splitlines() if 'group.version' in line and ' warn ' in line]
                    for feature in NOT_OURS:
                        self.assertIn(feature, warning)
                    self.assertIn(manifest['cluster_id'], cluster(server.address))
                    self.check_groups(server.address, manifest)
                    moldau(server.address, 'produce', 'headers', stdin=b'after')
                    server.stop()
                    server.start()
                    self.assertEqual([r[3] for r in records(server.address, 'headers')[0]], [b'v', b'v', b'v', b'after'])
                shutil.rmtree(os.path.join(self.folder, 'data'))


class Exchange(unittest.TestCase):
    maxDiff = None
    """One directory, formatted here, written by moldaud, by Apache Kafka and by moldaud again, with one server.properties."""
    CODECS = ('none', 'gzip', 'snappy', 'lz4', 'zstd')
    SET = {'retention.ms': '123456789', 'cleanup.policy': 'compact,delete', 'max.message.bytes': '2000000'}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='moldau-datadir-')
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = os.path.join(self.folder, 'data')
        self.kafka = os.path.join(self.folder, 'kafka')
        port = two_free_ports()
        self.config = os.path.join(self.folder, 'server.properties')
        with open(self.config, 'w') as f:
            f.write('process.roles=broker,controller\nnode.id=5\ncontroller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n'
                    f'listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}\n'
                    f'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n'
                    f'controller.quorum.bootstrap.servers=127.0.0.1:{port + 1}\nlog.dirs={self.data}\n'
                    'offsets.topic.replication.factor=1\n')
        self.port = port
        subprocess.run([MOLDAU, 'storage', 'format', '--standalone', '-t', '5L6g3nShT-eMCtK--X86sw', '-c', self.config], capture_output=True, timeout=60, check=True)

    def kcat(self, address, topic, *arguments, stdin):
        subprocess.run(['kcat', '-P', '-b', address, '-t', topic, '-X', 'enable.idempotence=true', *arguments], input=stdin, capture_output=True, timeout=60, check=True)

    def write(self, address, who):
        """Some of everything: codecs, keys, headers, nulls, large records, many segments; a topic made, one changed, one deleted."""
        for codec in self.CODECS:
            lines = [f'k{i}:{who} {i} ' + 'y' * (i * 7) for i in range(60)] + ['null:', 'large:' + 'z' * 300_000]
            self.kcat(address, f'codec-{codec}', '-z', codec, '-K', ':', '-Z', '-H', f'from={who}', stdin='\n'.join(lines).encode())
        moldau(address, 'topic', 'create', f'made-by-{who}', f'gone-by-{who}', '--partitions', '3', *(x for k, v in self.SET.items() for x in ('--config', f'{k}={v}')))
        for partition in range(3):
            self.kcat(address, f'made-by-{who}', '-p', str(partition), '-K', ':', stdin=f'{who}:{partition}'.encode())
            self.kcat(address, f'gone-by-{who}', '-p', str(partition), '-K', ':', stdin=f'{who}:{partition}'.encode())
        moldau(address, 'topic', 'create', '--if-not-exists', 'segments', '--config', 'internal.segment.bytes=2000', '--config', 'index.interval.bytes=200')
        for i in range(10):
            self.kcat(address, 'segments', stdin='\n'.join(f'{who} {i} {k} ' + 'x' * 100 for k in range(10)).encode())
        moldau(address, 'topic', 'delete', '--yes', f'gone-by-{who}')

    def all(self, address):
        served = topics(address)
        return served, {name: records(address, name) for name in served}

    def run_moldaud(self, who, before):
        with Moldaud(MOLDAUD, arguments=['--config', self.config]) as server:
            if before is not None:
                self.assertEqual(self.all(server.address), before)
            self.write(server.address, who)
            after = self.all(server.address)
            server.stop()
            self.assertNotIn(' error ', server.stderr())
            self.assertEqual([name for name in os.listdir(self.data) if name.startswith('gone-by-moldaud')], [])
        return after

    @contextlib.contextmanager
    def kafka_there(self):
        where = ['--data', self.data, '--port', str(self.port), '--set', 'group.initial.rebalance.delay.ms=0']
        done = subprocess.run([BROKER, 'start', '--dir', self.kafka, *where], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stderr)
        try:
            yield done.stdout.split()[0]
        finally:
            subprocess.run([BROKER, 'stop', '--dir', self.kafka], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    @contextlib.contextmanager
    def moldaud_there(self):
        with Moldaud(MOLDAUD, arguments=['--config', self.config]) as server:
            yield server.address
            server.stop()

    def run_kafka(self, who, before):
        with self.kafka_there() as address:
            self.assertEqual(self.all(address), before)
            self.write(address, who)
            after = self.all(address)
        with open(os.path.join(self.kafka, 'node-5', 'server.log')) as f:
            said = f.read()
        # Nothing to repair. (The metadata log Kafka recovers at each start.)
        self.assertIn('Skipping recovery of ', said)
        self.assertEqual([line for line in said.splitlines() if re.search(r' (ERROR|FATAL) |[Cc]orrupt|rebuilding index|Recovering unflushed', line)
                          and '__cluster_metadata' not in line], [])
        return after

    def test_a_groups_member_lives_through_a_change_of_servers_and_back(self):
        """It is given its partitions once, and goes on under the same generation wherever the directory is served."""
        address = f'127.0.0.1:{self.port}'
        environment = dict(os.environ, PYTHONPATH=PYTHON_CLIENTS)
        member = None
        try:
            for number, there in enumerate((self.moldaud_there, self.kafka_there, self.moldaud_there, self.kafka_there)):
                with there():
                    if member is None:
                        moldau(address, 'topic', 'create', 'lives')
                        member = subprocess.Popen([sys.executable, os.path.join(HERE, 'rdkafka_member.py'), address, 'lives', 'members'], stdin=subprocess.PIPE,
                                                  stdout=subprocess.PIPE, text=True, env=environment)
                    moldau(address, 'produce', 'lives', stdin=f'value-{number}'.encode())
                    member.stdin.write('\n')
                    member.stdin.flush()
                    self.assertEqual(member.stdout.readline(), f'value-{number} {number + 1} 1\n')
                    self.assertEqual(admin('offsets', address, 'members')['members'].split()[:2], ['lives-0', str(number + 1)])
        finally:
            if member is not None:
                member.kill()
                member.wait()
                member.stdin.close()
                member.stdout.close()

    def test_kafka_goes_on_where_moldaud_stopped_and_the_other_way_round(self):
        state = self.run_moldaud('moldaud-1', None)
        self.assertEqual(sum(len(rows) for rows in state[1]['codec-none'].values()), 62)
        state = self.run_kafka('kafka-1', state)
        state = self.run_moldaud('moldaud-2', state)
        state = self.run_kafka('kafka-2', state)
        self.assertEqual(sum(len(rows) for rows in state[1]['codec-none'].values()), 4 * 62)
        self.assertEqual(sum(len(rows) for rows in state[1]['segments'].values()), 4 * 100)
        self.assertEqual(state[0]['made-by-moldaud-1'][1], self.SET)
        self.assertFalse([name for name in state[0] if name.startswith('gone')])


if __name__ == '__main__':
    MOLDAUD, MOLDAU = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
