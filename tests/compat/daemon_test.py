#!/usr/bin/env python3
"""moldaud as an operator meets it: arguments, messages, exit codes, signals.   daemon_test.py MOLDAUD"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from moldaud import Moldaud, Wire

BINARY = None
API_VERSIONS = 18


def run(*arguments):
    return subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, text=True)


class Daemon(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='moldau-test-')
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, 'w') as f:
            f.write(text)
        return path

    def test_says_its_version_with_the_commit(self):
        done = run('--version')
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r'^moldaud \d+\.\d+\.\d+ \([0-9a-f]{7,40}(-dirty)?|unknown\)\n$')

    def test_help_names_every_argument(self):
        done = run('--help')
        self.assertEqual(done.returncode, 0)
        for argument in ('--config', '--data-dir', '--listen', '--set', '--check-config', '--print-config', '--version'):
            self.assertIn(argument, done.stdout)

    def test_a_wrong_argument_is_misuse(self):
        done = run('--no-such-thing')
        self.assertEqual(done.returncode, 2)
        self.assertIn('--no-such-thing', done.stderr)

    def test_is_ready_on_the_port_that_the_system_chose_and_stops_when_told(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Moldaud(BINARY) as server:
                print(f'ready after {server.ready_after_s * 1000:.0f} ms', flush=True)
                self.assertRegex(server.address, r'^127\.0\.0\.1:\d+$')
                with Wire(server.address) as wire:
                    wire.send(Wire.request(API_VERSIONS, 0))
                    self.assertIsNotNone(wire.reply())
                    server.process.send_signal(number)
                    self.assertTrue(wire.closed_by_peer())
                self.assertEqual(server.process.wait(30), 0)
                server.process.poll = lambda: None  # ended because it was told to

    def test_a_wrong_value_stops_the_start_with_file_line_key_value_and_what_is_allowed(self):
        path = self.file('broken.properties', '# a comment\nsocket.request.max.bytes=many\nmax.connections=-7\n')
        done = run('--config', path)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'broken\.properties:2: socket\.request\.max\.bytes: .*many')
        self.assertRegex(done.stderr, r'broken\.properties:3: max\.connections: .*-7')
        self.assertEqual(done.stdout, '')

    def test_an_unknown_key_is_a_warning_with_the_nearest_name(self):
        path = self.file('typo.yaml', 'conections.max.idle.ms: 1000\n')
        done = run('--config', path, '--check-config')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('connections.max.idle.ms', done.stdout + done.stderr)

    def test_settings_without_effect_are_named(self):
        path = self.file('server.properties', 'num.io.threads=8\nnum.network.threads=3\n')
        done = run('--config', path, '--check-config')
        self.assertEqual(done.returncode, 0, done.stderr)
        for key in ('num.io.threads', 'num.network.threads'):
            self.assertIn(key, done.stdout + done.stderr)

    def test_what_print_config_prints_can_be_loaded(self):
        done = run('--set', 'max.connections=77', '--print-config')
        self.assertEqual(done.returncode, 0)
        self.assertIn('max.connections: 77', done.stdout)
        again = run('--config', self.file('printed.yaml', done.stdout), '--print-config')
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn('max.connections: 77', again.stdout)

    def test_a_port_in_use_is_told_with_the_listener(self):
        with Moldaud(BINARY) as server:
            done = run('--listen', server.address, '--data-dir', os.path.join(self.folder.name, 'data'))
            self.assertEqual(done.returncode, 1)
            self.assertIn(server.address, done.stderr)
            self.assertRegex(done.stderr, re.compile('in use', re.I))

    def test_a_data_directory_has_one_daemon(self):
        with Moldaud(BINARY) as server:
            done = run('--listen', '127.0.0.1:0', '--data-dir', os.path.join(server.folder, 'data'))
            self.assertEqual(done.returncode, 1)
            self.assertIn('.lock', done.stderr)

    def test_a_node_of_a_cluster_is_refused_until_its_directory_is_formatted(self):
        done = run('--set', 'process.roles=broker,controller', '--set', 'node.id=1', '--set', 'controller.listener.names=CONTROLLER',
                   '--set', 'listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0', '--set', 'controller.quorum.bootstrap.servers=127.0.0.1:9093',
                   '--data-dir', os.path.join(self.folder.name, 'data'))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, re.compile(rf'^error: {self.folder.name}/data is not formatted; run: moldau storage format ', re.M))
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, 'data', 'meta.properties')))

    def test_two_listeners_are_both_served(self):
        with Moldaud(BINARY, {'listeners': 'PLAINTEXT://127.0.0.1:0,OTHER://127.0.0.1:0',
                              'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT'}) as server:
            self.assertEqual(sorted(server.listeners), ['OTHER', 'PLAINTEXT'])
            for address in server.listeners.values():
                with Wire(address) as wire:
                    wire.send(Wire.request(API_VERSIONS, 0))
                    self.assertIsNotNone(wire.reply())

    def test_an_open_plaintext_listener_is_warned_of_once(self):
        done = run('--set', 'listeners=PLAINTEXT://0.0.0.0:0', '--set', 'advertised.listeners=PLAINTEXT://127.0.0.1:19092', '--check-config')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((done.stdout + done.stderr).count('PLAINTEXT://0.0.0.0'), 1, done.stdout + done.stderr)


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
