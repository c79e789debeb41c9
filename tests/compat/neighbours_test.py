#!/usr/bin/env python3
"""Slow senders, readers that never read and a flood of connections beside a well-behaved client: all that it writes is acknowledged
and read, and the broker's memory stays small. How long things take is measured by bench/bad_neighbours.py.   neighbours_test.py MOLDAU-BENCH MOLDAUD"""
import json
import os
import subprocess
import sys
import unittest

from moldaud import Moldaud

HERE = os.path.dirname(os.path.abspath(__file__))
NEIGHBOURS = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'bench', 'neighbours.py')
BENCH = DAEMON = None
MB = 1_000_000
SECONDS = 5


class BadNeighbours(unittest.TestCase):
    def neighbours(self, server, kind, *arguments):
        return subprocess.Popen([sys.executable, '-B', NEIGHBOURS, server.address, '--kind', kind, '--seconds', str(SECONDS), *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def bench(self, server, *arguments):
        done = subprocess.run([BENCH, '--brokers', server.address, '-o', 'json', *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        [report] = json.loads(done.stdout)['items']
        return report

    def test_a_client_is_served_beside_all_of_them(self):
        # A frame that is not completed within half a second closes its connection: senders of a byte a second come again and again.
        with Moldaud(DAEMON, {'moldau.connection.frame.deadline.ms': 500}) as server:
            self.bench(server, 'produce', 'neighbours', '--create', '--partitions', '1', '--records', '20000')
            before = server.rss_bytes()
            children = [self.neighbours(server, 'slow', '--count', '50'), self.neighbours(server, 'deaf', '--count', '50'),
                        self.neighbours(server, 'flood', '--rate', '100')]
            try:
                told = self.bench(server, 'latency', 'good', '--create', '--partitions', '2', '--rate', '300', '--duration-s', str(SECONDS - 1))
                said = {}
                for child in children:
                    out = child.communicate(timeout=60)[0]
                    self.assertEqual(child.returncode, 0)
                    done = json.loads(out.splitlines()[-1])
                    said[done['kind']] = done
            finally:
                for child in children:
                    if child.poll() is None:
                        child.kill()
                        child.communicate()
            wanted = 300 * (SECONDS - 1)
            self.assertEqual((told['produced']['records'], told['consumed']['records'], told['produced']['errors']), (wanted, wanted, {}))
            self.assertGreater(said['slow']['closed_by_broker'], 0)
            self.assertGreater(said['slow']['connections'], 50)
            self.assertEqual(said['deaf']['connections'], 50)
            self.assertGreater(said['flood']['connections'], 50)
            self.assertGreater(said['flood']['answers'], 0)
            self.assertLess(server.rss_bytes() - before, 64 * MB)
            # Those who came to stay have gone, and a new client is served.
            self.assertEqual(self.bench(server, 'produce', 'good', '--records', '10')['records'], 10)


if __name__ == '__main__':
    BENCH, DAEMON = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
