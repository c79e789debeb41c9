#!/usr/bin/env python3
"""Quotas on a real moldaud: set and told of as on Apache Kafka, and clients are held to them.   quotas_test.py MOLDAUD

    quotas_test.py MOLDAUD --transcript     both transcripts, side by side, for whoever changes this test"""
import concurrent.futures
import os
import re
import struct
import subprocess
import sys
import unittest
import urllib.request

from apache_kafka import ApacheKafka, print_both
from kafka_tools import KAFKA, KafkaTools
from moldaud import HERE, Moldaud, Wire, until

BINARY = None

# Arguments of kafka-configs.
SCRIPT = '''
--alter --entity-type users --entity-name u --add-config producer_byte_rate=1000000,request_percentage=200
--alter --entity-type users --entity-default --add-config consumer_byte_rate=2000000
--alter --entity-type users --entity-name u --entity-type clients --entity-name c --add-config controller_mutation_rate=100.5
--alter --entity-type clients --entity-name c --add-config producer_byte_rate=3000000
--alter --entity-type clients --entity-default --add-config request_percentage=300
--alter --entity-type ips --entity-name 10.0.0.9 --add-config connection_creation_rate=1000
--alter --entity-type ips --entity-default --add-config connection_creation_rate=2000
--describe --entity-type users --entity-default
--describe --entity-type users --entity-name u --entity-type clients --entity-name c
--describe --entity-type users --entity-name u --entity-type clients
--describe --entity-type clients
--describe --entity-type clients --entity-default
--describe --entity-type clients --entity-name nobody
--describe --entity-type ips
--describe --entity-type ips --entity-name 10.0.0.9
--alter --entity-type users --entity-name u --add-config no_such_rate=1
--alter --entity-type ips --entity-name 10.0.0.9 --add-config producer_byte_rate=1
--alter --entity-type clients --entity-name c --add-config producer_byte_rate=-1
--alter --entity-type clients --entity-name c --delete-config consumer_byte_rate
--alter --entity-type clients --entity-name c --delete-config producer_byte_rate
--alter --entity-type ips --entity-name 10.0.0.9 --delete-config connection_creation_rate
--alter --entity-type ips --entity-default --delete-config connection_creation_rate
--alter --entity-type users --entity-name u --delete-config producer_byte_rate,request_percentage
--alter --entity-type users --entity-default --delete-config consumer_byte_rate
--alter --entity-type users --entity-name u --entity-type clients --entity-name c --delete-config controller_mutation_rate
--alter --entity-type clients --entity-default --delete-config request_percentage
--describe --entity-type clients
'''


def normalized(text):
    """Lines and quotas in one order, without the words of an error, which are each server's own."""
    lines = []
    for line in text.splitlines():
        if re.match(r'\s+(at |\.\.\. \d+ more)|\s*(Caused by|Suppressed): ', line):
            continue
        line = re.sub(r'(org\.apache\.kafka\.common\.errors\.\w+): .*', r'\1', line)
        line = re.sub(r'(Error while executing [\w ]+ command)\b.*', r'\1', line)
        line = re.sub(r' are (\S.*)$', lambda m: ' are ' + ', '.join(sorted(m[1].split(', '))), line)
        lines.append(line.rstrip())
    return '\n'.join(sorted(lines))


def settle(ask, name):
    """What was altered up to here is told of from here on: Apache Kafka answers when it is decided, and its broker hears of it a moment later."""
    mark = '--entity-type', 'clients', '--entity-name', name
    ask('--alter', *mark, '--add-config', 'producer_byte_rate=1')
    until(lambda: 'producer_byte_rate' in ask('--describe', *mark)[0])


def transcript(address):
    with KafkaTools() as tools:
        said, before = [], ''
        for line in filter(None, SCRIPT.splitlines()):
            if line.startswith('--describe') and before.startswith('--alter'):
                settle(lambda *words: tools('configs', '--bootstrap-server', address, *words), f'settled-{len(said)}')
            before = line
            text, code = tools('configs', '--bootstrap-server', address, *line.split())
            said.append((line, normalized(text), code))
        return said


def answers(address):
    """What QuotaWork.java was told, [(question, answer)]."""
    done = subprocess.run([KAFKA, 'java', os.path.join(HERE, 'QuotaWork.java'), address], capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return [tuple(line.split(': ', 1)) for line in done.stdout.strip().split('\n')]


def both_of(address):
    return transcript(address), answers(address)


class Same(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Moldaud(BINARY) as moldau, ApacheKafka() as kafka, concurrent.futures.ThreadPoolExecutor() as both:
            of_kafka = both.submit(both_of, kafka.address)
            cls.ours, cls.our_answers = both_of(moldau.address)
            cls.kafkas, cls.kafkas_answers = of_kafka.result()

    def test_kafka_configs_says_of_moldau_what_it_says_of_apache_kafka(self):
        self.maxDiff = None
        for (line, ours, our_code), (_, kafkas, kafkas_code) in zip(self.ours, self.kafkas, strict=True):
            with self.subTest(line):
                self.assertEqual(f'{ours}\nexit {our_code}', f'{kafkas}\nexit {kafkas_code}')

    def test_javas_clients_are_told_the_same_and_held_to_the_same_by_both(self):
        self.maxDiff = None
        for (question, ours), (asked, kafkas) in zip(self.our_answers, self.kafkas_answers, strict=True):
            with self.subTest(question):
                self.assertEqual(question, asked)
                self.assertEqual(ours, kafkas)
                self.assertNotIn('Timeout', kafkas, 'no answer is none')

    def test_who_has_a_quota_is_throttled_and_who_has_none_is_not(self):
        told = dict(self.our_answers)
        for who, is_throttled in (('a producer without a quota', 'false'), ('a producer with one', 'true'),
                                  ('a consumer without a quota', 'false'), ('a consumer whose user has a larger one', 'false'),
                                  ('a consumer with one', 'true')):
            self.assertRegex(told[who], f'throttled: {is_throttled}$', who)


def text(words):
    return struct.pack('>h', -1) if words is None else struct.pack('>h', len(words)) + words.encode()


class Enforced(unittest.TestCase):
    """By raw requests, which tell in their responses how long to wait."""

    def serve(self, settings=None):
        self.server = Moldaud(BINARY, {'moldau.http.listener': '127.0.0.1:0', **(settings or {})}).__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def set_quota(self, entity, key, value):
        """AlterClientQuotas v0; the error code. No value: it is removed."""
        body = struct.pack('>ii', 1, len(entity))
        for kind, name in entity.items():
            body += text(kind) + text(name)
        body += struct.pack('>i', 1) + text(key) + struct.pack('>d?', value or 0, value is None) + b'\0'
        with Wire(self.server.address) as wire:
            wire.send(Wire.request(49, 0, body, client=b'administrator'))
            return struct.unpack('>h', wire.reply()[12:14])[0]

    @staticmethod
    def told_to_wait(wire, client):
        """The throttle_time_ms of ApiVersions v1."""
        wire.send(Wire.request(18, 1, client=client))
        return struct.unpack('>i', wire.reply()[-4:])[0]

    def metric(self, name):
        page = urllib.request.urlopen(f'http://{self.server.listeners["HTTP"]}/metrics', timeout=10).read().decode()
        return float(re.search(rf'^{re.escape(name)} (\S+)$', page, re.M)[1])

    def test_time_is_counted_by_client_over_all_its_connections_and_the_wait_is_at_most_a_window(self):
        self.serve({'moldau.shards': 2})
        self.assertEqual(self.set_quota({'client-id': 'busy'}, 'request_percentage', 1e-6), 0)
        with Wire(self.server.address) as first, Wire(self.server.address) as second, Wire(self.server.address) as other:
            waits = [self.told_to_wait(wire, b'busy') for wire in (first, second)]
            self.assertTrue(all(0 < wait <= 1000 for wait in waits), waits)
            self.assertEqual(self.told_to_wait(other, b'idle'), 0)
        self.assertGreaterEqual(self.metric('moldau_throttles_total{quota="request_percentage"}'), 2)
        self.assertEqual(self.metric('moldau_throttles_total{quota="producer_byte_rate"}'), 0)
        self.assertEqual(self.set_quota({'client-id': 'busy'}, 'request_percentage', None), 0)
        with Wire(self.server.address) as wire:
            self.assertEqual(self.told_to_wait(wire, b'busy'), 0)

    def test_everybody_is_the_anonymous_user(self):
        self.serve()
        for user in ('ANONYMOUS', None):
            self.assertEqual(self.set_quota({'user': user}, 'request_percentage', 1e-6), 0)
            with Wire(self.server.address) as wire:
                self.assertGreater(self.told_to_wait(wire, b'x'), 0, user)
            self.assertEqual(self.set_quota({'user': user}, 'request_percentage', None), 0)
        self.assertEqual(self.set_quota({'user': 'alice'}, 'request_percentage', 1e-6), 0)
        with Wire(self.server.address) as wire:
            self.assertEqual(self.told_to_wait(wire, b'x'), 0)

    def test_an_old_request_for_topics_is_carried_out_and_told_to_wait(self):
        self.serve()
        self.assertEqual(self.set_quota({'client-id': 'old'}, 'controller_mutation_rate', 0.1), 0)
        waits = []
        for name in ('first', 'second'):
            # CreateTopics v4: one topic, 8 partitions, no assignments, no configs; time-out, not only validated.
            body = struct.pack('>i', 1) + text(name) + struct.pack('>ihii', 8, 1, 0, 0) + struct.pack('>i?', 10000, False)
            with Wire(self.server.address) as wire:
                wire.send(Wire.request(19, 4, body, client=b'old'))
                reply = wire.reply()
            waits.append(struct.unpack('>i', reply[4:8])[0])
            self.assertIn(name.encode() + b'\0\0', reply, 'it was made')
        self.assertGreater(waits[0], 60_000, '8 of the 1.1 that there were: 69 s')
        self.assertGreater(waits[1], waits[0])
        self.assertEqual(self.metric('moldau_throttles_total{quota="controller_mutation_rate"}'), 2)

    def test_quotas_outlive_a_restart(self):
        self.serve()
        self.assertEqual(self.set_quota({'client-id': None}, 'request_percentage', 1e-6), 0)
        self.server.stop()
        self.server.start()
        with Wire(self.server.address) as wire:
            self.assertGreater(self.told_to_wait(wire, b'whoever'), 0)

    def connect(self, count):
        """How many of so many connections are answered; all are tried before any is waited for."""
        wires = []
        for _ in range(count):
            wires.append(Wire(self.server.address, timeout_s=30))
            self.addCleanup(wires[-1].close)
        answered = 0
        for wire in wires:
            try:
                wire.send(Wire.request(18, 0))
                answered += wire.reply() is not None
            except (ConnectionResetError, BrokenPipeError):
                pass
        return answered

    def test_an_address_that_connects_too_fast_is_refused(self):
        self.serve()
        self.assertEqual(self.set_quota({'ip': '127.0.0.1'}, 'connection_creation_rate', 1), 0)
        answered = self.connect(40)
        self.assertGreaterEqual(answered, 8, 'ten in the first moments, and one for each second')
        self.assertLess(answered, 40)
        self.assertEqual(self.metric('moldau_connections_throttled_total{quota="ip"}'), 40 - answered)

    def test_connections_that_come_too_fast_wait(self):
        self.serve({'max.connection.creation.rate': 2})
        self.assertEqual(self.connect(23), 23)
        self.assertGreater(self.metric('moldau_connections_throttled_total{quota="listener"}'), 0)

    def test_a_listener_may_have_a_rate_of_its_own(self):
        self.serve({'listener.name.plaintext.max.connection.creation.rate': 2})
        self.assertEqual(self.connect(23), 23)
        self.assertGreater(self.metric('moldau_connections_throttled_total{quota="listener"}'), 0)
        self.assertNotIn('max.connection.creation.rate', self.server.stderr(), 'it has an effect')

    def set_config(self, key, value):
        """IncrementalAlterConfigs v0 of the broker; the error code. No value: it is removed."""
        body = struct.pack('>ib', 1, 4) + text('1') + struct.pack('>i', 1) + text(key) + struct.pack('>b', value is None) + text(value) + b'\0'
        with Wire(self.server.address) as wire:
            wire.send(Wire.request(44, 0, body))
            return struct.unpack('>h', wire.reply()[12:14])[0]

    def test_the_rate_of_a_listener_changes_while_the_node_runs(self):
        self.serve()
        held_up = 'moldau_connections_throttled_total{quota="listener"}'
        rate = 'listener.name.plaintext.max.connection.creation.rate'
        self.assertEqual(self.set_config(rate, '2'), 0)
        self.assertEqual(self.connect(23), 23)
        before = self.metric(held_up)
        self.assertGreater(before, 0)
        self.assertEqual(self.set_config(rate, None), 0)
        self.assertEqual(self.connect(40), 40)
        self.assertLessEqual(self.metric(held_up), before + 1, 'but for the one that took the rate away')
        self.assertNotIn('no effect', self.server.stderr())
        self.assertEqual(self.set_config('listener.name.nobody.max.connection.creation.rate', '2'), 0)
        self.assertIn('no effect yet: listener.name.nobody', self.server.stderr())


def side_by_side():
    with Moldaud(BINARY) as moldau, ApacheKafka() as kafka:
        ours, kafkas = both_of(moldau.address), both_of(kafka.address)
    print_both(ours[0], kafkas[0])
    for (question, answer), (_, other) in zip(ours[1], kafkas[1]):
        print(f'{"  " if answer == other else "! "}{question}\n    {answer}\n    {other}')


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    if '--transcript' in sys.argv:
        side_by_side()
    else:
        unittest.main(verbosity=2)
