#!/usr/bin/env python3
"""bench/control_plane.py, bad_neighbours.py and hot_paths.py: that they measure and tell all of it, not how fast anything is. Against
moldaud alone: side_by_side_test.py has both engines.   control_plane_test.py MOLDAU-BENCH MOLDAUD"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'bench')
BENCH = DAEMON = None


class Measurements(unittest.TestCase):
    def run_script(self, script, *arguments, code=0, daemon=None):
        done = subprocess.run([sys.executable, '-B', os.path.join(SCRIPTS, script), '--bench', BENCH, '--moldaud', daemon or DAEMON, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout, done.stderr

    def results(self, folder, name):
        with open(os.path.join(folder, name + '.json'), encoding='utf-8') as f, open(os.path.join(folder, name + '.md'), encoding='utf-8') as page:
            return json.load(f), page.read()

    def test_coordinators_and_controller_are_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            short = ('--rounds', '1', '--seconds', '0.5', '--warmup-s', '0.3', '--idle-s', '0.2', '--commit-rate', '100', '--members', '20', '--join-delay-ms', '50',
                     '--topics', '5', '--partitions', '30')
            out, _ = self.run_script('control_plane.py', '--engines', 'moldau,moldau', *short, '--results', folder, '--scratch', folder)
            result, page = self.results(folder, 'control-plane')
        self.assertEqual([e['label'] for e in result['engines']], ['moldau 1', 'moldau 2'])
        for engine in result['engines']:
            [each] = engine['rounds']
            self.assertEqual(each['reports']['join']['members'], 20)
            self.assertEqual(each['reports']['paced_commits']['commits'], 50)
            self.assertEqual(each['reports']['topics']['topics'], 5)
            self.assertEqual(each['reports']['partitions']['topics'], 3)
            for name, value in engine['figures'].items():
                if 'cpu' not in name and name != 'partition_rss_bytes':  # less than a tick, or than a page
                    self.assertGreater(value, 0, name)
        lines = [line for line in out.splitlines() if line]
        self.assertEqual(len(lines), 21)
        self.assertRegex(lines[0], r'^ +unit +moldau 1 +moldau 2 +moldau 1 : moldau 2$')
        self.assertIn('| 20 members join: until all have their part | s |', page)

    def test_a_client_is_measured_beside_its_neighbours(self):
        with tempfile.TemporaryDirectory() as folder:
            # A limit that everything is above: how long things take is not this test's affair.
            short = ('--rounds', '1', '--seconds', '0.5', '--settle-s', '0.5', '--rate', '200', '--count', '5', '--flood-rate', '20', '--limit', '1e-9')
            out, said = self.run_script('bad_neighbours.py', *short, '--results', folder, '--scratch', folder, code=1)
            result, page = self.results(folder, 'bad-neighbours')
            self.assertEqual(len([line for line in out.splitlines() if line]), 6)
            [engine] = result['engines']
            for kind, count in (('alone', 0), ('slow', 1), ('deaf', 1), ('flood', 1), ('all', 3)):
                [each] = engine['rounds'][kind]
                self.assertEqual(each['report']['consumed']['records'], 100)
                self.assertEqual(len(each['neighbours']), count)
                for neighbour in each['neighbours']:
                    self.assertGreater(neighbour['connections'], 0)
            self.assertIn('| beside 5 senders of a byte a second | moldau |', page)
            self.assertRegex(said, r'error: moldau: p99 beside all of these is [\d.]+ times that alone')

    def test_samples_are_summed_up_by_what_the_work_is_for(self):
        sys.path.insert(0, SCRIPTS)
        import hot_paths
        text = ('# Samples: 3\n#\n    12.50%  [k] copy_user_generic_string\n     6.25%  [.] moldau::log::Log::append(moldau::Bytes, std::vector<int, std::allocator<int> >)\n'
                '     3.00%  [.] crc32_iscsi_01\n     1.00%  [k] whatever\n')
        rows = hot_paths.rows_of(text)
        self.assertEqual(rows[0], ([12.5], 'k', 'copy_user_generic_string'))
        self.assertEqual(hot_paths.shortened(rows[1][2]), 'moldau::log::Log::append')
        self.assertEqual(dict(hot_paths.sums(rows)), {'copying': 12.5, 'Moldau': 6.25, 'CRC-32C': 3.0, 'other': 1.0})
        self.assertEqual(hot_paths.rows_of('    60.0%     0.5%  [k] do_syscall_64\n'), [([60.0, 0.5], 'k', 'do_syscall_64')])

    def test_misuse_is_told(self):
        for script, arguments in (('control_plane.py', ('--engines', 'kafka')), ('control_plane.py', ('--partitions', '15')), ('control_plane.py', ('--members', '0')),
                                  ('bad_neighbours.py', ('--engines', 'rabbit')), ('bad_neighbours.py', ('--count', '0')), ('hot_paths.py', ('--bare', 'x', '--partitions', '0'))):
            with self.subTest(arguments):
                self.run_script(script, *arguments, code=2)
        _, said = self.run_script('control_plane.py', '--engines', 'moldau,moldau', code=1, daemon='/bin/false')
        self.assertIn('error: moldaud did not start', said)


if __name__ == '__main__':
    BENCH, DAEMON = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
