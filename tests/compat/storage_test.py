#!/usr/bin/env python3
"""moldau storage: what it formats Apache Kafka and moldaud start on; what Kafka wrote it tells.   storage_test.py MOLDAU MOLDAUD"""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from apache_kafka import BROKER, TOOL, ApacheKafka, two_free_ports
from kafka_tools import broker_told
from moldaud import until

BINARY = None
DAEMON = None
GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'golden', 'metadata')
CLUSTER = '5L6g3nShT-eMCtK--X86sw'
# What Kafka finalizes and moldaud does not carry out yet.
NOT_OURS = ('group.version', 'share.version', 'streams.version', 'transaction.version')


class Storage(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='moldau-storage-')
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.port = two_free_ports()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def config(self, *lines, dirs=('data',), roles='broker,controller', voters=False, name='server.properties'):
        listeners = {'broker': f'PLAINTEXT://127.0.0.1:{self.port}', 'controller': f'CONTROLLER://127.0.0.1:{self.port + 1}'}
        text = [f'process.roles={roles}', 'node.id=5', 'controller.listener.names=CONTROLLER',
                'listeners=' + ','.join(v for k, v in listeners.items() if k in roles.split(',')),
                f'controller.quorum.voters=5@127.0.0.1:{self.port + 1}' if voters else f'controller.quorum.bootstrap.servers=127.0.0.1:{self.port + 1}',
                'log.dirs=' + ','.join(self.path(d) for d in dirs), *lines]
        with open(self.path(name), 'w') as f:
            f.write('\n'.join(text) + '\n')
        return self.path(name)

    def moldau(self, *arguments, code=0):
        """Runs moldau; gives (stdout, stderr)."""
        done = subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, MOLDAU_BROKERS='127.0.0.1:1'))
        self.assertEqual(done.returncode, code, f'{arguments}: {done.stderr}')
        if code != 0:
            self.assertRegex(done.stderr, r'(?m)^error: |^\{"kind":"error","version":1,')
        return done.stdout, done.stderr

    def format(self, *arguments, config=None, code=0):
        return self.moldau('storage', 'format', '-t', CLUSTER, '-c', config or self.config(), *arguments, code=code)

    def kafka(self, *arguments):
        return subprocess.run([TOOL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True).stdout

    def files(self, folder):
        return sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, names in os.walk(folder) for f in names)

    def dumped(self, *parts):
        """What Kafka's dump-log reads, without times, ids and checksums."""
        text = self.kafka('dump-log', '--cluster-metadata-decoder', '--files', self.path(*parts))
        self.assertNotIn('isvalid: false', text)
        text = text.split('\n', 1)[1]
        text = re.sub(r'(CreateTime: |crc: |"lastContainedLogTimestamp":)[1-9]\d*', r'\1N', text)
        return re.sub(r'"voterDirectoryId":"[^"]*"', '"voterDirectoryId":"ID"', text)


class Format(Storage):
    FIRST = ('__cluster_metadata-0', '00000000000000000000-0000000000.checkpoint')

    def test_kafka_starts_on_what_was_formatted_here_and_serves(self):
        _, said = self.format('--standalone')
        self.assertIn(f'formatted {self.path("data")} cluster={CLUSTER} node=5 metadata.version=4.3-IV0, the only voter', said)
        address = self.start_kafka()
        features = {line.split()[1]: line for line in self.kafka('features', '--bootstrap-server', address, 'describe').splitlines()}
        self.assertIn('FinalizedVersionLevel: 4.3-IV0', features['metadata.version'])
        self.assertIn('FinalizedVersionLevel: 1', features['eligible.leader.replicas.version'])
        self.assertIn('FinalizedVersionLevel: 1', features['kraft.version'])
        for name in NOT_OURS:
            self.assertIn('FinalizedVersionLevel: 0', features[name])
        self.check_serves(address)

    def test_listeners_that_were_changed_here_apache_kafka_opens_when_it_takes_over(self):
        config = self.config()
        self.format('--standalone', config=config)
        extra = two_free_ports()
        with self.moldaud(config) as address:
            listeners = f'PLAINTEXT://{address},CONTROLLER://127.0.0.1:{self.port + 1},EXTRA://127.0.0.1:{extra}'
            protocols = 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTRA:PLAINTEXT'
            self.kafka('configs', '--bootstrap-server', address, '--alter', '--entity-type', 'brokers', '--entity-name', '5',
                       '--add-config', f'listeners=[{listeners}],listener.security.protocol.map=[{protocols}]')
            until(lambda: broker_told(extra, 5) == f'127.0.0.1:{extra}')
        self.check_serves(self.start_kafka())
        self.assertEqual(broker_told(self.port, 5), f'127.0.0.1:{self.port}')
        self.assertIn(f'{extra}/bootstrap):\n 0 brokers:', broker_told(extra, 5))   # it is open; Kafka does not tell who comes by it where to go

    def start_kafka(self):
        """On the data directory; its address."""
        started = subprocess.run([BROKER, 'start', '--dir', self.path('k'), '--port', str(self.port), '--data', self.path('data')],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.addCleanup(subprocess.run, [BROKER, 'stop', '--dir', self.path('k')], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.assertEqual(started.returncode, 0, started.stderr)
        return started.stdout.strip()

    def check_serves(self, address):
        subprocess.run([BINARY, '--brokers', address, 'topic', 'create', 't'], capture_output=True, timeout=60, check=True)
        subprocess.run([BINARY, '--brokers', address, 'produce', 't'], input=b'1\n2\n', capture_output=True, timeout=60, check=True)
        read = subprocess.run([BINARY, '--brokers', address, 'consume', 't'], capture_output=True, timeout=60, check=True).stdout
        self.assertEqual(read, b'1\n2\n')

    @contextlib.contextmanager
    def moldaud(self, config):
        """Its address, while it runs."""
        daemon = subprocess.Popen([DAEMON, '--config', config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.assertEqual(daemon.stdout.readline(), f'ready PLAINTEXT://127.0.0.1:{self.port}\n')
            yield f'127.0.0.1:{self.port}'
        finally:
            daemon.terminate()
            self.assertEqual(daemon.wait(30), 0)
            daemon.stdout.close()

    def kraft_version(self, address):
        [line] = [x for x in self.kafka('features', '--bootstrap-server', address, 'describe').splitlines() if 'kraft.version' in x]
        return re.search(r'FinalizedVersionLevel: (\d)', line)[1]

    def test_a_quorum_of_the_settings_is_upgraded_to_one_of_the_log_and_kafka_goes_on(self):
        static, dynamic = self.config(voters=True, name='static.properties'), self.config()
        self.format(config=static)
        upgrade = ('features', '--bootstrap-server', f'127.0.0.1:{self.port}', 'upgrade', '--feature', 'kraft.version=1')
        with self.moldaud(static) as address:
            self.assertEqual(self.kraft_version(address), '0')
            self.assertEqual(self.kafka(*upgrade, '--dry-run'), 'kraft.version can be upgraded to 1.\n')
            self.assertEqual(self.kraft_version(address), '0')
            self.assertEqual(self.kafka(*upgrade), 'kraft.version was upgraded to 1.\n')
            self.assertEqual(self.kraft_version(address), '1')
            self.assertIn(f'"endpoints": ["CONTROLLER://127.0.0.1:{self.port + 1}"]', self.kafka('metadata-quorum', '--bootstrap-server', address, 'describe', '--status'))
        with self.moldaud(dynamic) as address:
            self.assertEqual(self.kraft_version(address), '1')
            self.check_serves(address)
        self.assertEqual(self.kraft_version(self.start_kafka()), '1')

    def test_moldaud_starts_on_what_was_formatted_here_and_serves(self):
        config = self.config()
        self.format('--standalone', config=config)
        with self.moldaud(config) as address:
            self.check_serves(address)
        kinds = [r['type'] for b in map(json.loads, self.moldau('storage', 'dump', '-o', 'json', self.path('data', '__cluster_metadata-0', '00000000000000000000.log'))[0].splitlines())
                 for r in b['records'] if 'type' in r]
        self.assertEqual(kinds[0], 'BEGIN_TRANSACTION_RECORD')
        self.assertIn('TOPIC_RECORD', kinds)

    def test_files_say_the_same_as_those_that_kafka_formats(self):
        ours = self.config(dirs=('a', 'b'), name='ours.properties')
        theirs = self.config(dirs=('c', 'd'), name='theirs.properties')
        for arguments, extra in (((), [x for f in NOT_OURS for x in ('--feature', f + '=0')]),
                                 (('--release-version', '4.0', '--feature', 'group.version=1', '--feature', 'transaction.version=2'), ()),
                                 (('--release-version', '4.1-IV0', '--feature', 'group.version=1', '--feature', 'transaction.version=1'), ()),
                                 (('--feature', 'metadata.version=29', '--feature', 'eligible.leader.replicas.version=0'),
                                  [x for f in NOT_OURS for x in ('--feature', f + '=0')])):
            with self.subTest(arguments):
                self.format('--standalone', *arguments, config=ours)
                self.kafka('storage', 'format', '-t', CLUSTER, '-c', theirs, '--standalone', *arguments, *extra)
                for mine, kafkas in (('a', 'c'), ('b', 'd')):
                    self.assertEqual(self.files(self.path(mine)), self.files(self.path(kafkas)))
                    self.assertEqual(self.dumped(mine, 'bootstrap.checkpoint'), self.dumped(kafkas, 'bootstrap.checkpoint'))
                self.assertEqual(self.dumped('a', *self.FIRST), self.dumped('c', *self.FIRST))
                for each in 'abcd':
                    shutil.rmtree(self.path(each))

    def test_directories_are_marked_with_ids_of_their_own(self):
        self.format('--standalone', config=self.config(dirs=('a', 'b'), roles='controller'))
        ids = set()
        for each in 'ab':
            with open(self.path(each, 'meta.properties')) as f:
                meta = dict(line.split('=', 1) for line in f.read().split('\n') if '=' in line)
            self.assertEqual((meta['version'], meta['node.id'], meta['cluster.id']), ('1', '5', CLUSTER))
            ids.add(meta['directory.id'])
        self.assertEqual(len(ids), 2)
        voters = self.kafka('dump-log', '--cluster-metadata-decoder', '--files', self.path('a', *self.FIRST))
        with open(self.path('a', 'meta.properties')) as f:
            self.assertIn('"voterDirectoryId":"' + re.search('directory.id=(.*)', f.read())[1], voters)

    def test_the_advertised_address_of_the_metadata_directorys_voter_is_written(self):
        config = self.config(f'advertised.listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://voter.example:9999',
                             f'metadata.log.dir={self.path("m")}')
        self.format('--standalone', config=config)
        self.assertIn('"host":"voter.example","port":9999', self.dumped('m', *self.FIRST))
        self.assertEqual(self.files(self.path('data')), ['bootstrap.checkpoint', 'meta.properties'])

    def test_nodes_that_are_no_lone_voter_have_no_first_snapshot(self):
        for arguments, more in ((('--no-initial-controllers',), {}), ((), {'roles': 'broker'}), ((), {'voters': True})):
            with self.subTest(more):
                self.format(*arguments, config=self.config(**more))
                self.assertEqual(self.files(self.path('data')), ['bootstrap.checkpoint', 'meta.properties'])
                shutil.rmtree(self.path('data'))

    def test_what_is_formatted_stays_as_it_is(self):
        both = self.config(dirs=('a', 'b'))
        self.format('--standalone', config=self.config(dirs=('a',), name='one.properties'))
        with open(self.path('a', 'meta.properties')) as f:
            before = f.read()
        _, said = self.format('--standalone', config=both, code=1)
        self.assertIn(f'{self.path("a")} is formatted already (--ignore-formatted', said)
        self.assertFalse(os.path.exists(self.path('b')))
        out, _ = self.format('--standalone', '--ignore-formatted', '-o', 'json', config=both)
        envelope = json.loads(out)
        self.assertEqual((envelope['kind'], envelope['version']), ('storage.format', 1))
        self.assertEqual(set(envelope['items'][0]), {'cluster_id', 'node_id', 'formatted', 'features'})
        self.assertEqual(envelope['items'][0]['formatted'], [self.path('b')])
        with open(self.path('a', 'meta.properties')) as f:
            self.assertEqual(f.read(), before)
        self.assertIn('all directories are formatted already', self.format('--standalone', '-g', config=both)[1])
        _, said = self.moldau('storage', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', both, '--standalone', '-g', code=1)
        self.assertIn(f'is formatted for cluster {CLUSTER}, not AAAAAAAAAAAAAAAAAAAAAQ', said)

    def test_directories_that_were_formatted_before_one_failed_are_told(self):
        os.makedirs(self.path('b', 'meta.properties.tmp'))  # in the way of the file that is written there
        out, said = self.format('--standalone', '-o', 'json', config=self.config(dirs=('a', 'b')), code=1)
        self.assertEqual(json.loads(out)['items'][0]['formatted'], [self.path('a')])
        self.assertIn(self.path('b'), said)

    def test_a_metadata_log_that_lost_its_mark_is_not_formatted_over(self):
        os.makedirs(self.path('data', '__cluster_metadata-0'))
        open(self.path('data', '__cluster_metadata-0', '00000000000000000000.log'), 'w').close()
        self.assertIn('holds a metadata log but no meta.properties', self.format('--standalone', code=1)[1])
        self.assertFalse(os.path.exists(self.path('data', 'meta.properties')))

    def test_what_does_not_fit_is_refused_with_what_to_do(self):
        for arguments, more, words in (((), {}, ('say --standalone', '--no-initial-controllers')),
                                       (('--standalone',), {'voters': True}, ('controller.quorum.voters is set', 'bootstrap.servers')),
                                       (('--standalone',), {'roles': 'broker'}, ('--standalone is for a controller',)),
                                       (('--standalone', '--feature', 'kraft.version=0'), {}, ('needs kraft.version 1',)),
                                       (('--feature', 'kraft.version=1'), {'voters': True}, ('kraft.version',))):
            with self.subTest(arguments):
                _, said = self.format(*arguments, config=self.config(**more), code=1)
                for word in words:
                    self.assertIn(word, said)
                self.assertFalse(os.path.exists(self.path('data')))
        with open(self.path('implicit.properties'), 'w') as f:
            f.write(f'log.dirs={self.path("data")}\n')
        self.assertIn('formats its directory by itself', self.format('--standalone', config=self.path('implicit.properties'), code=1)[1])
        self.assertIn('cannot read', self.format('--standalone', config=self.path('nowhere'), code=1)[1])
        self.assertIn('bad.properties:', self.format('--standalone', config=self.config('num.partitions=x', name='bad.properties'), code=1)[1])

    def test_features_that_moldaud_does_not_carry_out_are_warned_of(self):
        _, said = self.format('--standalone', '--feature', 'group.version=1')
        self.assertIn('warning: this moldaud does not carry out group.version', said)

    def test_misuse_is_told_apart(self):
        config = self.config()
        for arguments in (('-c', config), ('-t', CLUSTER), ('-t', CLUSTER, '-c', config, '--standalone', '--no-initial-controllers'),
                          ('-t', CLUSTER, '-c', config, '-r', '3.9'), ('-t', CLUSTER, '-c', config, '-f', 'nonsense'),
                          ('-t', CLUSTER, '-c', config, '-f', 'metadata.version=31'), ('-t', CLUSTER, '-c', config, '-r', '4.0', '-f', 'metadata.version=25'),
                          ('-t', CLUSTER, '-c', config, '-f', 'no.such=1'), ('-t', CLUSTER, '-c', config, '-f', 'group.version=2')):
            with self.subTest(arguments):
                self.moldau('storage', 'format', *arguments, code=2)


class Dump(Storage):
    BATCH = re.compile(r'baseOffset: (\d+) lastOffset: (\d+) count: (\d+) baseSequence: (-?\d+) lastSequence: -?\d+ producerId: (-?\d+) producerEpoch: (-?\d+) '
                       r'partitionLeaderEpoch: (-?\d+) isTransactional: (true|false) isControl: (true|false) .*position: (\d+) \w+: (-?\d+) size: (\d+) '
                       r'magic: (\d) compresscodec: (\w+) crc: \d+ isvalid: (true|false)')
    CONTROL = {'LeaderChange': 'LEADER_CHANGE', 'KRaftVersion': 'KRAFT_VERSION', 'KRaftVoters': 'KRAFT_VOTERS', 'SnapshotHeader': 'SNAPSHOT_HEADER',
               'SnapshotFooter': 'SNAPSHOT_FOOTER'}

    def dump(self, *arguments, code=0):
        return [json.loads(line) for line in self.moldau('storage', 'dump', '-o', 'json', *arguments, code=code)[0].splitlines()]

    def batches(self, path, *arguments):
        """What dump-log says of batches and their records, in the words of ours."""
        batches = []
        for line in self.kafka('dump-log', *arguments, '--files', path).splitlines():
            found = self.BATCH.match(line)
            if found:
                base, last, count, sequence, producer, epoch, leader, txn, control, position, time, size, magic, codec, valid = found.groups()
                batch = {'file': path, 'position': int(position), 'bytes': int(size), 'magic': int(magic), 'base_offset': int(base), 'last_offset': int(last),
                         'count': int(count), 'leader_epoch': int(leader), 'codec': codec, 'max_timestamp': int(time),
                         'transactional': txn == 'true', 'control': control == 'true', 'crc': 'right' if valid == 'true' else 'wrong'}
                if int(producer) >= 0:
                    batch.update(producer_id=int(producer), producer_epoch=int(epoch), base_sequence=int(sequence))
                batches.append(batch)
            elif line.startswith('| offset: '):
                record = {'offset': int(line.split()[2])}
                if ' payload: {' in line:
                    record.update(json.loads(line.split(' payload: ', 1)[1]))
                else:
                    name, data = re.match(r'.* headerKeys: \[\] (\w+):? (\{.*\})$', line).groups()
                    record.update(control=self.CONTROL[name], data=json.loads(data))
                batches[-1].setdefault('records', []).append(record)
        return batches

    def without(self, entries, *keys):
        return [{k: v for k, v in e.items() if k not in keys} for e in entries]

    def test_metadata_logs_and_snapshots_say_what_kafkas_tool_says(self):
        for kind in ('clean', 'unclean'):
            # dump-log knows files by their names, we the log by its directory's.
            shutil.copytree(os.path.join(GOLDEN, kind), self.path(kind, '__cluster_metadata-0'))
            names = sorted(n for n in os.listdir(self.path(kind, '__cluster_metadata-0')) if n.endswith(('.log', '.checkpoint')))
            self.assertGreater(len(names), 2)
            for name in names:
                with self.subTest((kind, name)):
                    path = self.path(kind, '__cluster_metadata-0', name)
                    ours = self.dump(path)
                    self.assertEqual(self.without(ours, 'timestamp_type', 'base_timestamp'), self.batches(path, '--cluster-metadata-decoder'))
                    self.assertGreater(sum(len(b['records']) for b in ours), 0)

    def test_what_a_broker_left_is_told(self):
        with ApacheKafka() as kafka:
            environment = dict(os.environ, MOLDAU_BROKERS=kafka.address)
            subprocess.run([BINARY, 'topic', 'create', 'told', '--config', 'index.interval.bytes=100'], capture_output=True, timeout=60, check=True, env=environment)
            for codec in ('none', 'gzip', 'snappy', 'lz4', 'zstd'):
                subprocess.run([BINARY, 'produce', 'told', '--codec', codec, '--batch-bytes', '200', '--key-separator', ':', '--header', 'h=1'],
                               input=b''.join(b'%s-%d:%s\n' % (codec.encode(), i, b'v' * 50) for i in range(20)), capture_output=True, timeout=60, check=True, env=environment)
            subprocess.run([BROKER, 'stop', '--dir', kafka.node], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
            data = os.path.join(kafka.node, 'node-1', 'data')
            log = os.path.join(data, 'told-0', '00000000000000000000')
            self.assertEqual(self.without(self.dump(log + '.log'), 'timestamp_type', 'base_timestamp'), self.batches(log + '.log'))
            records = [r for b in self.dump('--records', log + '.log') for r in b['records']]
            self.assertEqual([(r['offset'], r['value'], r['headers']) for r in records], [(i, 'v' * 50, [{'key': 'h', 'value': '1'}]) for i in range(100)])
            self.assertEqual(records[20]['key'], 'gzip-0')
            index = [tuple(map(int, x)) for x in re.findall(r'offset: (\d+) position: (\d+)', self.kafka('dump-log', '--files', log + '.index'))]
            self.assertGreater(len(index), 5)
            self.assertEqual([(e['offset'], e['position']) for e in self.dump(log + '.index')], index)
            times = [tuple(map(int, x)) for x in re.findall(r'timestamp: (\d+) offset: (\d+)', self.kafka('dump-log', '--files', log + '.timeindex'))]
            self.assertEqual([(e['timestamp'], e['offset']) for e in self.dump(log + '.timeindex')], times)
            [snapshot] = [n for n in os.listdir(os.path.join(data, 'told-0')) if n.endswith('.snapshot')]
            producers = re.findall(r'producerId: (\d+) .* lastSequence: (\d+) lastOffset: (\d+)', self.kafka('dump-log', '--files', os.path.join(data, 'told-0', snapshot)))
            self.assertEqual(len(producers), 5)
            self.assertEqual(sorted((e['producer_id'], e['last_sequence'], e['last_offset']) for e in self.dump(os.path.join(data, 'told-0', snapshot))),
                             sorted(tuple(map(int, p)) for p in producers))
            self.assertIn({'file': os.path.join(data, 'recovery-point-offset-checkpoint'), 'topic': 'told', 'partition': 0, 'offset': 100}, self.dump(data))
            # A directory tells all of its own files, each knows its kind.
            self.assertEqual({os.path.basename(e['file']) for e in self.dump(os.path.join(data, 'told-0'))},
                             {'00000000000000000000.log', '00000000000000000000.index', '00000000000000000000.timeindex', snapshot, 'leader-epoch-checkpoint', 'partition.metadata'})
            self.check_damage(log + '.log')

    def check_damage(self, path):
        with open(path, 'rb') as f:
            good = f.read()
        whole = self.dump(path)
        damaged = self.path('00000000000000000000.log')
        with open(damaged, 'wb') as f:
            f.write(good[:-10])
        out, said = self.moldau('storage', 'dump', damaged, code=1)
        self.assertEqual(len(out.splitlines()), len(whole))
        self.assertRegex(said, r'\d+ bytes from position %d on are no whole batch' % whole[-1]['position'])
        with open(damaged, 'wb') as f:
            f.write(good[:70] + bytes([good[70] ^ 1]) + good[71:])
        out, said = self.moldau('storage', 'dump', '-o', 'json', damaged, code=1)
        told = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([e['crc'] for e in told], ['wrong'] + ['right'] * (len(whole) - 1))
        self.assertIn('the batch at position 0: its CRC is wrong', said)

    def test_what_cannot_be_told_is_said(self):
        self.assertIn('there is no file', self.moldau('storage', 'dump', self.path('quorum-state'), code=1)[1])
        with open(self.path('picture.png'), 'w') as f:
            f.write('x')
        self.assertIn('no file that can be told; known are', self.moldau('storage', 'dump', self.path('picture.png'), code=1)[1])
        self.assertIn('holds no file', self.moldau('storage', 'dump', self.folder, code=1)[1])
        with open(self.path('meta.properties'), 'w') as f:
            f.write('version=7\n')
        shutil.copy(os.path.join(GOLDEN, 'clean', 'quorum-state'), self.path('quorum-state'))
        out, said = self.moldau('storage', 'dump', self.path('meta.properties'), self.path('quorum-state'), code=1)
        self.assertIn('meta.properties: ', said)
        self.assertIn('data_version=1', out)
        self.moldau('storage', 'dump', code=2)


del Storage  # a base, no test

if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    DAEMON = sys.argv.pop(1)
    unittest.main(verbosity=2)
