#!/usr/bin/env python3
"""moldau-bench, the load tool, against a real Apache Kafka, or against moldaud.   bench_test.py MOLDAU-BENCH [MOLDAUD]"""
import json
import os
import subprocess
import sys
import unittest

from apache_kafka import TOOL, ApacheKafka
from moldaud import Moldaud

BINARY = None
MOLDAUD = None
CODECS = ('none', 'gzip', 'snappy', 'lz4', 'zstd')


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = (Moldaud(MOLDAUD) if MOLDAUD else ApacheKafka()).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None, None, None)

    def bench(self, *arguments, code=0, brokers=None):
        """Runs moldau-bench; gives (stdout, stderr)."""
        environment = dict(os.environ, MOLDAU_BROKERS=brokers or self.broker.address)
        done = subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment)
        self.assertEqual(done.returncode, code, f'{arguments}: {done.stderr}')
        if code != 0:
            self.assertRegex(done.stderr, r'(?m)^error: ')
        return done.stdout, done.stderr

    def figures(self, *arguments, **more):
        return json.loads(self.bench('-o', 'json', *arguments, **more)[0])

    def end_offsets(self, topic):
        """What Kafka's own tool says: {partition: offset}."""
        out = subprocess.run([TOOL, 'get-offsets', '--bootstrap-server', self.broker.address, '--topic', topic],
                             capture_output=True, text=True, timeout=120, check=True).stdout
        return {int(p): int(o) for _, p, o in (line.split(':') for line in out.split())}

    def test_what_is_produced_is_consumed_and_kafka_counts_the_same(self):
        made = self.figures('produce', 'counted', '--create', '--partitions', '3', '--records', '20000', '--record-bytes', '100', '--producers', '2')
        self.assertEqual((made['records'], made['failed_records'], made['unsent_records'], made['errors']), (20000, 0, 0, {}))
        self.assertEqual(made['value_bytes'], 2_000_000)
        self.assertEqual(made['latency_us']['count'], 20000)
        self.assertLessEqual(made['latency_us']['p50'], made['latency_us']['p99'])
        self.assertLessEqual(made['latency_us']['p99.9'], made['latency_us']['max'])
        offsets = self.end_offsets('counted')
        self.assertEqual(sum(offsets.values()), 20000)
        self.assertEqual(len(offsets), 3)
        for more in ((), ('--verify',), ('--partition-bytes', '5000'), ('--consumers', '2', '--threads', '2')):
            with self.subTest(more):
                times = 2 if '--consumers' in more else 1
                read = self.figures('consume', 'counted', *more)
                self.assertEqual((read['records'], read['batches'], read['batch_bytes']),
                                 (times * 20000, times * made['batches'], times * made['batch_bytes']))
                if '--verify' in more:
                    self.assertEqual(read['value_bytes'], 2_000_000)
        self.assertEqual(self.figures('consume', 'counted', '--partition', '1')['records'], offsets[1])

    def test_every_codec_acknowledgement_and_shape_is_taken(self):
        for i, arguments in enumerate([*(('--codec', c) for c in CODECS), ('--acks', '0'), ('--acks', '1'), ('--no-idempotence', '--in-flight', '20'),
                                       ('--unbatched',), ('--record-bytes', '0'), ('--record-bytes', '300000', '--records', '5'),
                                       ('--threads', '2', '--producers', '4'), ('--rate', '20000'), ('--rate', '20000', '--linger-ms', '5')]):
            with self.subTest(arguments):
                topic = f'shape-{i}'
                records = [] if '--records' in arguments else ['--records', '3000']
                made = self.figures('produce', topic, '--create', *records, *arguments)
                # What nobody acknowledges may come a moment later.
                wait = ('--follow', '--records', '3000', '--duration-s', '30') if '0' in arguments and '--acks' in arguments else ()
                read = self.figures('consume', topic, '--verify', *wait)
                self.assertEqual(made['records'], 5 if '--records' in arguments else 3000)
                self.assertEqual((read['records'], read['value_bytes']), (made['records'], made['value_bytes']))
                if '--unbatched' in arguments:
                    self.assertEqual(made['batches'], 3000)
                if i in (1, 2, 3, 4):
                    self.assertLess(made['batch_bytes'], 0.95 * made['value_bytes'])

    def test_a_rate_is_kept_and_a_brokers_usage_is_told(self):
        made = self.figures('produce', 'paced', '--create', '--rate', '2000', '--duration-s', '2', '--pid', str(self.broker.pid))
        self.assertEqual(made['records'], 4000)
        self.assertAlmostEqual(made['elapsed_seconds'], 2, delta=0.5)
        self.assertEqual(made['send_delay_us']['count'], 4000)
        [broker] = made['processes']
        self.assertEqual(broker['pid'], self.broker.pid)
        self.assertGreater(broker['cpu_seconds'], 0)
        self.assertGreater(broker['rss_bytes'], 1_000_000)
        self.assertGreaterEqual(broker['threads'], 1)
        self.assertGreater(made['client_cpu_seconds'], 0)

    def test_a_follower_tells_how_old_records_are_when_they_come(self):
        self.bench('produce', 'followed', '--create', '--records', '1')
        follower = subprocess.Popen([BINARY, '-o', 'json', '--brokers', self.broker.address, 'consume', 'followed', '--follow', '--records', '1001', '--latency'],
                                    stdout=subprocess.PIPE, text=True)
        self.bench('produce', 'followed', '--rate', '1000', '--records', '1000')
        read = json.loads(follower.communicate(timeout=30)[0])
        self.assertEqual((follower.returncode, read['records'], read['latency_us']['count']), (0, 1001, 1001))

    def test_figures_are_a_table_for_people(self):
        self.bench('produce', 'table', '--create', '--records', '100')
        out, _ = self.bench('consume', 'table')
        self.assertRegex(out, r'^CONSUMED\nrecords +100 in ')
        self.assertRegex(out, r'(?m)^throughput +\d+ records/s, ')

    def test_what_fails_says_what_and_what_to_do(self):
        self.bench('produce', 'two', '--create', '--partitions', '2', '--records', '1')
        for arguments, words in ((('produce', 'nowhere'), ("'nowhere' does not exist", '--create')), (('consume', 'nowhere'), ("'nowhere' does not exist",)),
                                 (('produce', 'two', '--create', '--partitions', '3'), ('exists with 2 partitions, not 3',)),
                                 (('produce', 'bad', '--create', '--config', 'no.such=1'), ('no.such', 'INVALID_CONFIG')),
                                 (('produce', 'two', '--records', '1', '--pid', '2147483647'), ('there is no process 2147483647',)),
                                 (('consume', 'two', '--partition', '9'), ("'two' has no partition 9",))):
            with self.subTest(arguments):
                out, said = self.bench(*arguments, code=1)
                self.assertEqual(out, '')
                for word in words:
                    self.assertIn(word, said)
        self.assertIn('is one running?', self.bench('consume', 'two', code=1, brokers='127.0.0.1:1')[1])

    def test_figures_are_told_also_when_records_are_refused(self):
        out, said = self.bench('-o', 'json', 'produce', 'two-large', '--create', '--config', 'max.message.bytes=2000', '--batch-bytes', '5000', code=1)
        self.assertIn('MESSAGE_TOO_LARGE', said)
        made = json.loads(out)
        self.assertEqual(made['records'], 0)
        self.assertGreater(made['failed_records'], 0)
        self.assertGreater(made['errors']['MESSAGE_TOO_LARGE'], 0)

    def test_misuse_is_told_apart_and_asks_no_broker(self):
        for arguments in ((), ('produce',), ('produce', 't', '--acks', '2'), ('produce', 't', '--in-flight', '6'), ('consume', 't', '--from', 'end'), ('-o', 'xml', 'consume', 't')):
            with self.subTest(arguments):
                self.bench(*arguments, code=2, brokers='127.0.0.1:1')


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        MOLDAUD = sys.argv.pop(1)
    unittest.main(verbosity=2)
