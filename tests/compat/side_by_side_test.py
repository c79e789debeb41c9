#!/usr/bin/env python3
"""bench/side_by_side.py: that it measures both engines and tells all of it, not how fast they are.   side_by_side_test.py MOLDAU-BENCH MOLDAUD BARE_LOOPS"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'bench', 'side_by_side.py')
BENCH = DAEMON = BARE = None


class SideBySide(unittest.TestCase):
    def run_script(self, *arguments, code=0, daemon=None):
        done = subprocess.run([sys.executable, '-B', SCRIPT, '--bench', BENCH, '--moldaud', daemon or DAEMON, '--bare', BARE, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout, done.stderr

    def test_both_engines_are_measured_and_their_figures_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            short = ('--cold-memory', '--rounds', '1', '--gigabytes', '0.02', '--seconds', '0.5', '--warmup-s', '0.3', '--idle-s', '0.3', '--rate', '500')
            out, _ = self.run_script(*short, '--results', folder, '--name', 'short', '--scratch', folder)
            self.assertEqual(sorted(os.listdir(folder)), ['short.json', 'short.md'])
            with open(os.path.join(folder, 'short.json'), encoding='utf-8') as f:
                result = json.load(f)
            with open(os.path.join(folder, 'short.md'), encoding='utf-8') as f:
                page = f.read()
        kafka, moldau = result['engines']
        self.assertEqual((kafka['label'], moldau['label']), ('kafka', 'moldau'))
        self.assertIn('Apache Kafka', kafka['version'])
        for engine in (kafka, moldau):
            [each] = engine['rounds']
            self.assertEqual(each['figures'], engine['figures'])
            reports = each['reports']
            self.assertEqual(reports['produce']['records'], int(0.02e9 / 1024))
            self.assertEqual(reports['consume']['records'], reports['produce']['records'])
            self.assertEqual(reports['consume']['batch_bytes'], reports['produce']['batch_bytes'])
            self.assertEqual(reports['latency']['records'], 250)
            self.assertEqual(reports['unbatched']['batches'], reports['unbatched']['records'])
            for name, value in engine['figures'].items():
                if name != 'idle_cpu_percent' and 'cpu' not in name:  # a short load may cost less than a tick
                    self.assertGreater(value, 0, name)
            self.assertGreater(engine['figures']['loaded_rss_bytes'], engine['figures']['idle_rss_bytes'] * 0.5)
        lines = [line for line in out.splitlines() if line]
        self.assertEqual(len(lines), 19)
        self.assertRegex(lines[0], r'^ +unit +kafka +moldau +kafka : moldau +bare loop$')
        self.assertRegex(lines[-1], r'^start to ready, empty +ms +[\d,]+ +[\d,]+ +[\d.]+$')
        self.assertEqual(sorted(result['bare']['figures']), ['consume_cpu_s_per_gb', 'produce_cpu_s_per_gb', 'unbatched_cpu_us'])
        for name, value in result['bare']['figures'].items():
            self.assertGreater(value, 0, name)
        self.assertIn('| latency at 500/s: p99.9 | µs |', page)
        self.assertIn(kafka['version'], page)

    def test_an_engine_that_does_not_start_ends_it(self):
        with tempfile.TemporaryDirectory() as folder:
            _, said = self.run_script('--engines', 'moldau,kafka', '--results', folder, '--scratch', folder, code=1, daemon='/bin/false')
            self.assertIn('error: moldaud did not start', said)
            self.assertEqual(os.listdir(folder), [])

    def test_misuse_is_told(self):
        for arguments in (('--engines', 'kafka'), ('--engines', 'kafka,rabbit'), ('--rounds', '0'), ('--seconds', '-1')):
            with self.subTest(arguments):
                self.run_script(*arguments, code=2)


if __name__ == '__main__':
    BENCH, DAEMON, BARE = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
