#!/usr/bin/env python3
"""Listeners that come, move and go while a node runs (KIP-226).   listeners_test.py MOLDAUD"""
import re
import subprocess
import sys
import unittest

from apache_kafka import ApacheKafka, two_free_ports
from kafka_tools import KafkaTools, broker_told, without_words
from moldaud import Moldaud, Wire, until

BINARY = None
PROTOCOLS = 'listener.security.protocol.map=[PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTRA:PLAINTEXT]'


def own_listeners(port):
    return f'PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}'


def cases(own, extra):
    """(what is asked of kafka-configs for broker 1, or for all with '*'), in order."""
    both = f'{own},EXTRA://127.0.0.1:{extra}'
    return [
        ('add', f'listeners=[{both}]'),                      # nobody says what EXTRA speaks
        ('add', 'listeners=nothing'),
        ('add*', f'listeners=[{own}]'),
        ('add', f'listeners=[{both}],{PROTOCOLS}'),
        ('describe', ''),
        ('add', 'listener.security.protocol.map=[PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT]'),   # EXTRA needs it
        ('delete', 'listener.security.protocol.map'),
        ('add', f'listeners=[{both.split(",")[0]},EXTRA://127.0.0.1:{extra}]'),                 # without the controller's
        ('add', f'listeners=[{own.split(",")[1]},EXTRA://127.0.0.1:{extra}]'),                  # without that of the brokers
        ('add', 'listener.name.extra.max.connections=5'),
        ('add', 'listener.name.extra.max.connections=0'),
        ('add', 'listener.name.extra.num.network.threads=2'),
        ('delete', 'listener.name.extra.num.network.threads'),   # which Apache Kafka keeps, and does not describe
        ('describe', ''),
        ('delete', 'listener.name.extra.max.connections'),
    ]


def ask(tools, address, what, text):
    words = ['--bootstrap-server', address, '--entity-type', 'brokers']
    words += ['--entity-default'] if what.endswith('*') else ['--entity-name', '1']
    if what == 'describe':
        return tools('configs', *words, '--describe')
    return tools('configs', *words, '--alter', '--delete-config' if what == 'delete' else '--add-config', text)


def normalized(text, port, extra):
    for number, name in ((port, 'P'), (port + 1, 'P1'), (extra, 'X')):
        text = re.sub(rf'\b{number}\b', name, text)
    return without_words(text)


def transcript(address):
    port, extra = int(address.split(':')[1]), two_free_ports()
    with KafkaTools() as tools:
        said = []
        for what, text in cases(own_listeners(port), extra):
            words, code = ask(tools, address, what, text)
            said.append((f'{what} {normalized(text, port, extra)}', f'{normalized(words, port, extra)}\nexit {code}'))
        return said


class Same(unittest.TestCase):
    def test_kafkas_tool_is_told_what_apache_kafka_tells_it(self):
        self.maxDiff = None
        port = two_free_ports()
        protocols = 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL'
        with ApacheKafka() as kafka, Moldaud(BINARY, {'listeners': own_listeners(port), 'listener.security.protocol.map': protocols}) as moldau:
            ours, kafkas = transcript(moldau.address), transcript(kafka.address)
        self.assertEqual(len(ours), len(kafkas))
        for (asked, answer), (_, other) in zip(ours, kafkas):
            with self.subTest(asked):
                self.assertEqual(answer, other)


class Served(unittest.TestCase):
    def setUp(self):
        self.port, self.extra = two_free_ports(), two_free_ports()
        self.own = f'PLAINTEXT://127.0.0.1:{self.port}'
        self.tools = KafkaTools().__enter__()
        self.addCleanup(self.tools.__exit__, None, None, None)
        # Told to clients: each is told the address that it came by, unless something is advertised.
        self.server = Moldaud(BINARY, {'listeners': self.own, 'advertised.listeners': f'PLAINTEXT://localhost:{self.port}'}).__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def change(self, what, text):
        said, code = ask(self.tools, f'127.0.0.1:{self.port}', what, text)
        self.assertEqual(code, 0, said)

    def add_extra(self, port):
        self.change('add', f'listeners=[{self.own},EXTRA://127.0.0.1:{port}],{PROTOCOLS}')
        until(lambda: self.serves(port))

    @staticmethod
    def serves(port):
        try:
            with Wire(f'127.0.0.1:{port}') as wire:
                wire.send(Wire.request(18, 0))
                return wire.reply() is not None
        except ConnectionRefusedError:
            return False

    @staticmethod
    def told(port):
        return broker_told(port, 1)

    def write_and_read(self, port, line):
        kcat = ['kcat', '-b', f'127.0.0.1:{port}', '-t', 'there']
        subprocess.run([*kcat, '-P'], input=line + b'\n', check=True, timeout=60)
        got = subprocess.run([*kcat, '-C', '-e', '-q'], capture_output=True, check=True, timeout=60).stdout
        self.assertIn(line, got.splitlines())

    def test_a_new_one_serves_at_once_and_its_clients_are_told_of_it(self):
        self.add_extra(self.extra)
        until(lambda: self.told(self.extra) == f'127.0.0.1:{self.extra}')
        self.assertEqual(self.told(self.port), f'localhost:{self.port}')
        self.write_and_read(self.extra, b'by the new one')
        self.write_and_read(self.port, b'by the old one')
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.listeners, {'PLAINTEXT': f'127.0.0.1:{self.port}', 'EXTRA': f'127.0.0.1:{self.extra}'})
        self.assertEqual(self.told(self.extra), f'127.0.0.1:{self.extra}', 'a change outlives the process')
        self.write_and_read(self.extra, b'after a crash')

    def test_one_that_moves_keeps_who_is_connected(self):
        self.add_extra(self.extra)
        with Wire(f'127.0.0.1:{self.extra}') as wire:
            wire.send(Wire.request(18, 0))
            self.assertIsNotNone(wire.reply())
            self.add_extra(self.extra + 1)
            until(lambda: not self.serves(self.extra))
            wire.send(Wire.request(18, 0))
            self.assertIsNotNone(wire.reply())
        until(lambda: self.told(self.extra + 1) == f'127.0.0.1:{self.extra + 1}')

    def test_one_that_goes_takes_its_connections_along(self):
        self.add_extra(self.extra)
        with Wire(f'127.0.0.1:{self.extra}') as its, Wire(f'127.0.0.1:{self.port}') as other:
            for wire in (its, other):
                wire.send(Wire.request(18, 0))
                self.assertIsNotNone(wire.reply())
            self.change('delete', 'listeners')
            self.assertTrue(its.closed_by_peer())
            other.send(Wire.request(18, 0))
            self.assertIsNotNone(other.reply())
        self.assertFalse(self.serves(self.extra))
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.listeners, {'PLAINTEXT': f'127.0.0.1:{self.port}'})

    def test_one_that_cannot_be_opened_is_an_error_and_all_else_goes_on(self):
        with Moldaud(BINARY) as other:
            taken = other.address.split(':')[1]
            self.change('add', f'listeners=[{self.own},EXTRA://127.0.0.1:{taken}],{PROTOCOLS}')
            until(lambda: f'listener EXTRA on 127.0.0.1:{taken}' in self.server.stderr())
            # It, too, stays where it is: nobody is locked out by a mistake.
            self.change('add', f'listeners=[PLAINTEXT://127.0.0.1:{taken}]')
            until(lambda: f'listener PLAINTEXT on 127.0.0.1:{taken}' in self.server.stderr())
            until(lambda: self.serves(self.port))
            self.assertEqual(self.told(self.port), f'localhost:{self.port}')
            self.server.stop()
            self.server.start()
            self.assertTrue(self.serves(self.port))

    def test_a_limit_of_connections_holds_for_one_alone(self):
        self.add_extra(self.extra)
        self.change('add', 'listener.name.extra.max.connections=1')
        until(lambda: self.serves(self.extra))
        with Wire(f'127.0.0.1:{self.extra}') as first, Wire(f'127.0.0.1:{self.extra}', timeout_s=60) as second:
            first.send(Wire.request(18, 0))
            self.assertIsNotNone(first.reply())
            second.send(Wire.request(18, 0))
            self.assertTrue(self.serves(self.port), 'while the other one waits')
            first.close()
            self.assertIsNotNone(second.reply())


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
