#!/usr/bin/env python3
"""What a moldaud leaves behind when it dies of itself, and that its addresses lead to the source.   crash_test.py MOLDAUD"""
import glob
import json
import os
import re
import signal
import subprocess
import sys
import unittest

from moldaud import Moldaud

BINARY = None


def build_id(binary):
    notes = subprocess.run(['readelf', '-n', binary], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    return re.search(r'Build ID: ([0-9a-f]+)', notes)[1]


def functions_at(binary, offsets):
    return subprocess.run(['addr2line', '-Cfie', binary, *offsets], stdout=subprocess.PIPE, check=True, text=True).stdout


class Crash(unittest.TestCase):
    def crash(self, server, number=signal.SIGSEGV):
        os.kill(server.pid, number)
        self.assertEqual(server.process.wait(30), -number)
        server.process.stdout.close()
        server.process = None

    def report(self, directory):
        found = glob.glob(os.path.join(directory, 'moldaud-crash-*.txt'))
        self.assertEqual(len(found), 1, found)
        with open(found[0]) as f:
            return found[0], f.read()

    def test_a_report_names_the_build_and_its_addresses_lead_to_the_source(self):
        with Moldaud(BINARY) as server:
            self.crash(server)
            path, text = self.report(server.data)
            stderr = server.stderr()
            self.assertIn(text, stderr)
            self.assertIn(f'this report is in {path}', stderr)
            self.assertIn(f'sent by pid {os.getpid()}\n', text)
            self.assertIn(f'build-id {build_id(BINARY)}\n', text)
            offsets = re.findall(r'^#\d+ 0x[0-9a-f]+ moldaud\+(0x[0-9a-f]+)$', text, re.M)
            self.assertGreater(len(offsets), 1, text)
            found = functions_at(BINARY, offsets)
            for function, file in (('moldau::broker::run_daemon(', 'daemon.cpp:'), ('main', 'main.cpp:')):
                self.assertIn(function, found)
                self.assertIn(file, found)
            server.start()  # on a directory with a report in it, and after a crash
            self.report(server.data)

    def test_a_directory_for_reports_and_json_on_stderr(self):
        with Moldaud(BINARY, {'moldau.log.format': 'json'}) as server:
            folder = os.path.join(server.folder, 'reports')
            os.mkdir(folder)
            server.stop()
            server.settings['moldau.crash.directory'] = folder
            server.start()
            self.crash(server, signal.SIGABRT)
            path, _ = self.report(folder)
            last = [json.loads(line) for line in server.stderr().splitlines()][-1]
            self.assertEqual((last['message'], last['signal'], last['level'], last['report']), ('crashed', 'SIGABRT', 'error', path))
            server.start()


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
