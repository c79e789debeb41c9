#!/usr/bin/env python3
"""moldau-bench, the load tool, against a real Apache Kafka, or against moldaud.   bench_test.py MOLDAU-BENCH [MOLDAUD]"""
import json
import os
import re
import subprocess
import sys
import tempfile
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
        return self.item(self.bench('-o', 'json', *arguments, **more)[0])

    def item(self, out, kind=None):
        """The one item of the envelope: of the command's kind, or of `kind`."""
        envelope = json.loads(out)
        self.assertEqual(list(envelope), ['kind', 'version', 'tool', 'items'])
        [item] = envelope['items']
        self.assertEqual((envelope['kind'], envelope['version']), ('bench.' + (kind or item['command']), 1))
        self.assertRegex(envelope['tool'], r'^moldau-bench \d+\.\d+\.\d+ \(')
        return item

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
        read = self.item(follower.communicate(timeout=30)[0])
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
        made = self.item(out)
        self.assertEqual(made['records'], 0)
        self.assertGreater(made['failed_records'], 0)
        self.assertGreater(made['errors']['MESSAGE_TOO_LARGE'], 0)

    def test_keys_and_sizes_are_what_was_asked_for(self):
        for keys, skewed in (('random', False), ('zipf', True)):
            with self.subTest(keys):
                made = self.figures('produce', f'keys-{keys}', '--create', '--partitions', '4', '--records', '20000', '--record-bytes', '50-150', '--keys', keys,
                                    '--key-count', '5000', '--zipf-exponent' if skewed else '--key-bytes', '3' if skewed else '8', '--batch-bytes', '2000', '--codec', 'lz4')
                self.assertEqual((made['records'], made['settings']['record_bytes'], made['settings']['keys']), (20000, '50-150', keys))
                self.assertAlmostEqual(made['value_bytes'] / 20000, 100, delta=3)
                read = self.figures('consume', f'keys-{keys}', '--verify')
                self.assertEqual((read['records'], read['value_bytes']), (20000, made['value_bytes']))
                offsets = self.end_offsets(f'keys-{keys}').values()
                # By the cube of its rank the first key alone has five of six records.
                self.assertGreater(max(offsets), 14000) if skewed else self.assertLess(max(offsets), 7000)

    def test_latency_reads_every_record_that_it_writes(self):
        self.bench('produce', 'timed', '--create', '--partitions', '3', '--records', '500')  # of others: they do not count
        for more, times in (((), 1), (('--consumers', '2', '--threads', '2', '--producers', '3'), 2), (('--consumers', '2', '--share', '--codec', 'zstd'), 1)):
            with self.subTest(more):
                told = self.figures('latency', 'timed', '--rate', '1000', '--records', '1500', '--record-bytes', '100', '--pid', str(self.broker.pid), *more)
                made, read = told['produced'], told['consumed']
                self.assertEqual((made['records'], made['errors'], read['records']), (1500, {}, 1500 * times))
                self.assertEqual((made['send_delay_us']['count'], read['latency_us']['count']), (1500, 1500 * times))
                self.assertGreater(read['latency_us']['p50'], 0)
                self.assertGreater(told['processes'][0]['cpu_seconds'], 0)
                self.assertGreater(told['client_rss_bytes'], 1_000_000)

    def test_mixed_reads_while_it_writes(self):
        told = self.figures('mixed', 'mixed', '--create', '--partitions', '2', '--records', '20000', '--producers', '2', '--consumers', '2', '--verify')
        self.assertEqual((told['produced']['records'], told['consumed']['records']), (20000, 40000))
        self.assertEqual(told['consumed']['value_bytes'], 2 * told['produced']['value_bytes'])
        self.assertNotIn('latency_us', told['consumed'])

    def groups(self):
        out = subprocess.run([TOOL, 'consumer-groups', '--bootstrap-server', self.broker.address, '--list'], capture_output=True, text=True, timeout=120, check=True).stdout
        return [g for g in out.split() if g.startswith('moldau-bench')]

    def test_members_of_groups_join_and_commit_and_leave_nothing(self):
        told = self.figures('commits', 'committed', '--create', '--partitions', '20', '--groups', '3', '--members', '4', '--commits', '1000', '--offsets', '2')
        self.assertEqual((told['commits'], told['failed_commits'], told['errors'], told['latency_us']['count']), (1000, 0, {}, 1000))
        paced = self.figures('commits', 'committed', '--rate', '200', '--duration-s', '1', '--members', '2')
        self.assertEqual((paced['commits'], paced['send_delay_us']['count']), (200, 200))
        joined = self.figures('join', '--groups', '2', '--members', '25', '--threads', '2')
        self.assertEqual((joined['members'], joined['failed_members'], joined['latency_us']['count']), (50, 0, 50))
        self.assertGreaterEqual(joined['generation'], 1)
        self.assertEqual(self.groups(), [])
        self.assertIn('--offsets 21', self.bench('commits', 'committed', '--offsets', '21', code=1)[1])

    def topics(self):
        out = subprocess.run([TOOL, 'topics', '--bootstrap-server', self.broker.address, '--list'], capture_output=True, text=True, timeout=120, check=True).stdout
        return [t for t in out.split() if t.startswith('moldau-bench')]

    def test_topics_are_created_and_gone_unless_they_are_kept(self):
        told = self.figures('topics', '--count', '30', '--batch', '4', '--clients', '2', '--partitions', '2', '--config', 'retention.ms=1000')
        self.assertEqual((told['topics'], told['failed_topics'], told['requests']), (30, 0, 8))
        self.assertEqual(self.topics(), [])
        self.figures('topics', '--count', '3', '--keep')
        self.assertEqual(len(self.topics()), 3)
        out, said = self.bench('-o', 'json', 'topics', '--count', '3', '--config', 'no.such=1', code=1)
        self.assertIn('INVALID_CONFIG (3)', said)
        self.assertEqual(self.item(out)['failed_topics'], 3)

    def test_connections_are_opened_and_kept(self):
        told = self.figures('connections', '--count', '300', '--clients', '4', '--pid', str(self.broker.pid))
        self.assertEqual((told['connections'], told['failed_connections'], told['latency_us']['count']), (300, 0, 300))
        self.assertIn('cpu_us_per_one', told['processes'][0])
        self.assertEqual(self.figures('connections', '--count', '20', '--rate', '100')['send_delay_us']['count'], 20)

    def test_two_clusters_are_loaded_in_turn_and_compared(self):
        other = self.broker.address.replace('127.0.0.1', 'localhost')
        self.bench('produce', 'compared', '--create', '--records', '1')
        words = ('--vs', other, '--label', 'one', '--vs-label', 'other', '--rounds', '2', '--warmup-rounds', '1', '--pid', str(self.broker.pid), '--vs-pid', str(self.broker.pid))
        out, said = self.bench('-o', 'json', *words, 'produce', 'compared', '--records', '2000')
        self.assertEqual(said.splitlines(), ['warm-up: one', 'warm-up: other', 'round 1 of 2: one', 'round 1 of 2: other', 'round 2 of 2: one', 'round 2 of 2: other'])
        told = self.item(out, 'comparison')
        self.assertEqual([(s['label'], [r['records'] for r in s['rounds']]) for s in told['sides']], [('one', [2000, 2000]), ('other', [2000, 2000])])
        rate = told['compared']['records_per_second']
        first, second = ([r['records_per_second'] for r in s['rounds']] for s in told['sides'])
        self.assertEqual(len(rate['ratios']), 2)
        for ratio, a, b in zip(rate['ratios'], first, second):
            self.assertAlmostEqual(ratio, a / b, places=6)
        self.assertEqual((rate['ratio']['min'], rate['ratio']['max']), (min(rate['ratios']), max(rate['ratios'])))
        self.assertIn('broker_cpu_s_per_gb', told['compared'])
        self.assertRegex(self.bench(*words, 'consume', 'compared')[0], r'^CONSUMED +one +other +RATIO +FROM +TO +BETTER\n')
        self.assertIn('warm-up: other: ', self.bench('--vs', '127.0.0.1:1', '--vs-label', 'other', 'consume', 'compared', code=1)[1])

    def test_a_report_and_a_log_of_histograms_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            page, log = os.path.join(folder, 'page.html'), os.path.join(folder, 'latency.hlog')
            told = self.figures('--report', page, '--hdr-log', log, '--pid', str(self.broker.pid), 'latency', 'reported', '--create', '--rate', '500', '--duration-s', '3')
            with open(page, encoding='utf-8') as f:
                html = f.read()
            self.assertEqual(html.count('<svg '), 8)
            self.assertNotRegex(html, r'<script|<link|https?://')
            self.assertIn(f'moldau-bench -o json --report {page} --hdr-log', html)
            end_to_end = told['consumed']['latency_us']
            for tag, latency in (((), end_to_end), (('-tag', 'acknowledged'), told['produced']['latency_us'])):
                with self.subTest(tag):  # as HdrHistogram's own tool reads it
                    out = subprocess.run([TOOL, 'run-class', 'org.HdrHistogram.HistogramLogProcessor', '-i', log, *tag], capture_output=True, text=True, timeout=120, check=True).stdout
                    total = re.search(r'Max *= *([\d.]+), Total count *= *(\d+)', out)
                    self.assertEqual(int(total[2]), latency['count'])
                    self.assertAlmostEqual(float(total[1]), latency['max'] / 1000, delta=0.01 * latency['max'] / 1000 + 0.001)
        for option in ('--report', '--hdr-log'):
            self.assertIn("cannot write '/nowhere/x'", self.bench(option, '/nowhere/x', 'produce', 'reported', code=1)[1])

    @unittest.skipUnless(len(sys.argv) > 2, 'only moldaud has such a page')
    def test_a_brokers_usage_is_told_by_its_page_of_metrics(self):
        with Moldaud(MOLDAUD, {'moldau.http.listener': ':0'}) as broker:
            page = broker.listeners['HTTP']
            made = self.figures('--broker-metrics', page, 'produce', 't', '--create', '--records', '50000', brokers=broker.address)
            [told] = made['processes']
            self.assertEqual(told['metrics'], page)
            self.assertGreater(told['cpu_seconds'], 0)
            self.assertGreater(told['rss_bytes'], 1_000_000)
            self.assertIsNone(told['rss_peak_bytes'])
            said = self.bench('--broker-metrics', broker.address, 'consume', 't', code=1, brokers=broker.address)[1]
            self.assertIn(f'http://{broker.address}/metrics', said)

    def test_misuse_is_told_apart_and_asks_no_broker(self):
        for arguments in ((), ('produce',), ('produce', 't', '--acks', '2'), ('produce', 't', '--in-flight', '6'), ('consume', 't', '--from', 'end'), ('-o', 'xml', 'consume', 't'),
                          ('latency', 't', '--record-bytes', '15'), ('commits',), ('join', '--members', '0'), ('topics', '--count', '0'), ('connections', '--rate', '0'),
                          ('--rounds', '2', 'consume', 't')):
            with self.subTest(arguments):
                self.bench(*arguments, code=2, brokers='127.0.0.1:1')


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        MOLDAUD = sys.argv.pop(1)
    unittest.main(verbosity=2)
