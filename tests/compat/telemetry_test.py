#!/usr/bin/env python3
"""Metrics that clients push (KIP-714): the same answers as Apache Kafka's, and Java's client against moldaud.   telemetry_test.py MOLDAUD"""
import os
import struct
import subprocess
import sys
import unittest
import urllib.request

from apache_kafka import TOOL, serve_both
from moldaud import HERE, Moldaud, Wire, until

BINARY = None
GET, PUSH, API_VERSIONS = 71, 72, 18
INSTANCE = bytes.fromhex('0123456789abcdeffedcba9876543210')


def run(*arguments):
    return subprocess.run([TOOL, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True).stdout


def subscribe(address, name, *more):
    run('client-metrics', '--bootstrap-server', address, '--alter', '--name', name, *more)


def uvarint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7f) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


class Client(Wire):
    """GetTelemetrySubscriptions and PushTelemetry, byte by byte."""

    def ask(self, key, body):
        self.send(self.request(key, 0, body, flexible=True, client=b'asker'))
        reply = self.reply()
        return reply and reply[5:]  # correlation id, tagged fields

    def get(self, instance=INSTANCE):
        data = self.ask(GET, instance + b'\0')
        error, given = struct.unpack_from('>h', data, 4)[0], data[6:22]
        subscription, at = struct.unpack_from('>i', data, 22)[0], 26
        count, at = uvarint(data, at)
        codecs, at = list(data[at:at + count - 1]), at + count - 1
        interval, most, delta = struct.unpack_from('>ii?', data, at)
        count, at = uvarint(data, at + 9)
        metrics = []
        for _ in range(count - 1):
            size, at = uvarint(data, at)
            metrics.append(data[at:at + size - 1].decode())
            at += size - 1
        return {'error': error, 'instance': given, 'subscription': subscription, 'codecs': codecs, 'interval': interval, 'most': most, 'delta': delta, 'metrics': metrics}

    def push(self, subscription, metrics=b'', codec=0, last=False, instance=INSTANCE):
        size, length = len(metrics) + 1, b''
        while size >= 0x80:
            length, size = length + bytes([size & 0x7f | 0x80]), size >> 7
        length += bytes([size])
        return struct.unpack_from('>h', self.ask(PUSH, instance + struct.pack('>i?b', subscription, last, codec) + length + metrics + b'\0'), 4)[0]

    def advertised(self):
        self.send(self.request(API_VERSIONS, 0))
        data = self.reply()
        [count] = struct.unpack_from('>i', data, 6)
        return {struct.unpack_from('>h', data, 10 + 6 * i)[0] for i in range(count)}


class Same(unittest.TestCase):
    """The same conversation with both; the answers are equal."""

    @classmethod
    def setUpClass(cls):
        serve_both(cls, BINARY)

    def same(self, talk):
        theirs, mine = (talk(at.address) for at in (self.kafka, self.ours))
        self.assertEqual(theirs, mine)
        return mine

    def test_who_is_in_no_subscription_is_asked_for_nothing(self):
        def talk(address):
            with Client(address) as client:
                new = client.get(bytes(16))
                return [new['instance'] != bytes(16), {**new, 'instance': None, 'subscription': None}, client.get(b'\x42' * 16), client.advertised() & {GET, PUSH}]
        said = self.same(talk)
        self.assertEqual((said[2]['error'], said[2]['metrics'], said[2]['interval']), (0, [], 300000))

    def test_subscriptions_are_put_together_with_kafkas_ids(self):
        metrics = 'org.apache.kafka.producer.,org.apache.kafka.consumer.fetch.manager.records.lag.max,a.,b.,c.d.e,librdkafka.,xyz,org.apache.kafka.admin.client.'

        def talk(address):
            subscribe(address, 'both-1', '--metrics', metrics, '--interval', '7000', '--match', 'client_id=ask.*,client_source_address=127\\.0\\.0\\.1')
            subscribe(address, 'both-2', '--metrics', 'c.d.e,one.more', '--interval', '60000', '--match', 'client_id=[a-z]{5}')
            subscribe(address, 'others', '--metrics', 'never', '--interval', '100', '--match', 'client_id=others')

            def all_there():
                with Client(address) as client:
                    found = client.get(os.urandom(16))
                    return found if len(found['metrics']) == 9 else None
            until(all_there)
            with Client(address) as client:
                found = client.get(b'\x11' * 15 + b'\x77')
            subscribe(address, 'all', '--metrics', '*', '--interval', '90000')

            def all_wanted():
                with Client(address) as client:
                    return client.get(os.urandom(16))['metrics'] == ['*']
            until(all_wanted)
            with Client(address) as client:
                every = client.get(b'\x12' * 15 + b'\x77')
            for name in ('both-1', 'both-2', 'others', 'all'):
                run('client-metrics', '--bootstrap-server', address, '--delete', '--name', name)
            return [found, every]
        said = self.same(talk)
        self.assertEqual((said[0]['interval'], said[1]['metrics'], said[1]['interval']), (7000, ['*'], 7000))

    def test_pushes_are_let_in_or_refused_alike(self):
        def talk(address):
            subscribe(address, 'pushes', '--metrics', 'p.', '--interval', '1500', '--match', 'client_id=asker')

            def there():
                with Client(address) as client:
                    return client.get(os.urandom(16))['metrics'] == ['p.']
            until(there)
            said = []
            with Client(address) as client:
                def own():
                    return os.urandom(15) + b'\x77'
                instance = own()
                wanted = client.get(instance)
                said.append(wanted['error'])
                said.append(client.get(instance)['error'])                             # too early
                said.append(client.push(wanted['subscription'], instance=instance))    # the first is let in at once
                said.append(client.push(wanted['subscription'], instance=instance))    # too early
                said.append(client.push(wanted['subscription'], last=True, instance=instance))
                said.append(client.push(wanted['subscription'], last=True, instance=instance))   # it has ended
                for arguments in ({'codec': 5}, {'codec': -1}, {'codec': 4}, {'metrics': bytes(2 << 20)}):
                    instance = own()
                    subscription = client.get(instance)['subscription']
                    said.append(client.push(subscription, instance=instance, **arguments))
                instance = own()
                said.append(client.push(12345, instance=instance))                     # of no subscription
                wanted = client.get(instance)                                          # and asks at once
                said.append(wanted['error'])
                said.append(client.get(instance)['error'])
                said += [client.push(1, instance=each) for each in (bytes(16), bytes(15) + b'\1')]
                instance = own()
                subscription = client.get(instance)['subscription']
                said.append(client.push(subscription, instance=instance))
                until(lambda: client.push(subscription, instance=instance) == 0)       # an interval later
            run('client-metrics', '--bootstrap-server', address, '--delete', '--name', 'pushes')
            return said
        print('errors:', self.same(talk), flush=True)


class Java(unittest.TestCase):
    def pushed(self, server):
        with urllib.request.urlopen(f'http://{server.listeners["HTTP"]}/metrics', timeout=20) as page:
            return {line.rsplit(' ', 1)[0]: float(line.rsplit(' ', 1)[1]) for line in page.read().decode().splitlines() if not line.startswith('#')}

    def test_a_producers_metrics_stand_beside_the_brokers(self):
        with Moldaud(BINARY, {'moldau.client.metrics': 'true', 'moldau.http.listener': ':0'}) as server:
            with Client(server.address) as client:
                self.assertEqual(client.advertised() & {GET, PUSH}, {GET, PUSH})
            subscribe(server.address, 'producers', '--metrics', 'org.apache.kafka.producer.', '--interval', '500', '--match', 'client_software_name=apache-kafka-java')
            producer = subprocess.Popen([TOOL, 'java', os.path.join(HERE, 'JavaTelemetry.java'), server.address, 'pushed-from'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                instance = producer.stdout.readline().strip()
                self.assertRegex(instance, r'^[\w-]{22}$')
                labels = f'client_id="pusher",client_instance_id="{instance}"'

                def total():
                    found = {name: value for name, value in self.pushed(server).items() if name.startswith('client_org_apache_kafka_producer_') and labels in name}
                    return found if found.get(f'client_org_apache_kafka_producer_record_send_total{{{labels}}}', 0) > 20 else None
                found = until(total)
                self.assertGreater(len(found), 5)
                before = found[f'client_org_apache_kafka_producer_record_send_total{{{labels}}}']
                until(lambda: self.pushed(server)[f'client_org_apache_kafka_producer_record_send_total{{{labels}}}'] > before)
                self.assertEqual(self.pushed(server)['moldau_client_metrics_clients'], 1)
                print(f'{len(found)} numbers of one producer', flush=True)
            finally:
                producer.communicate('q', timeout=60)
            self.assertEqual(producer.returncode, 0)
            until(lambda: self.pushed(server)['moldau_client_metrics_clients'] == 0)
            self.assertFalse([name for name in self.pushed(server) if instance in name])

    def test_what_is_no_metrics_is_refused(self):
        with Moldaud(BINARY, {'moldau.client.metrics': 'true', 'moldau.http.listener': ':0'}) as server, Client(server.address) as client:
            subscription = client.get()['subscription']
            self.assertEqual(client.push(subscription, b'\xff\xff\xff', instance=INSTANCE), 87)
            other = b'\x21' * 16
            subscription = client.get(other)['subscription']
            self.assertEqual(client.push(subscription, b'\x00\x01', codec=4, instance=other), 87)


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
