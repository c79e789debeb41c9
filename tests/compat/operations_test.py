#!/usr/bin/env python3
"""What an operator watches a moldaud by: metrics, health, readiness, the service manager, JSON logs.   operations_test.py MOLDAUD"""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from moldaud import Moldaud, Wire, until

BINARY = None
DOCUMENTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'metrics.md')
PRODUCE, METADATA, API_VERSIONS = 0, 3, 18
HTTP = {'moldau.http.listener': ':0'}
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+|\+Inf|NaN)$')


def get(server, path, method='GET', accept=None):
    """Status, type and text; of an error's answer, too."""
    request = urllib.request.Request(f'http://{server.listeners["HTTP"]}{path}', method=method, headers={'Accept': accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.headers['Content-Type'], reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers['Content-Type'], error.read().decode()


def parse(page):
    """{name: kind}, {(name, labels): value}; fails on a line that is not of the format."""
    kinds, samples, helped = {}, {}, set()
    for line in page.splitlines():
        if line.startswith('# HELP '):
            name = line.split()[2]
            assert name not in helped, f'{name} has two HELP lines'
            helped.add(name)
        elif line.startswith('# TYPE '):
            _, _, name, kind = line.split()
            kinds[name] = kind
        else:
            found = SAMPLE.match(line)
            assert found, f'not a sample: {line!r}'
            key = (found[1], found[2] or '')
            assert key not in samples, f'{key} occurs twice'
            samples[key] = float(found[3])
    assert helped == set(kinds)
    return kinds, samples


def metrics(server):
    status, kind, page = get(server, '/metrics')
    assert status == 200 and kind == 'text/plain; version=0.0.4; charset=utf-8', (status, kind)
    return parse(page)


def base_name(sample, kinds):
    return sample if sample in kinds else re.sub(r'_(bucket|sum|count)$', '', sample)


def batch():
    """One record batch of one record, as bytes; its CRC is of the reference kind."""
    record = bytes([0, 0, 0, 1]) + bytes([10]) + b'hello' + bytes([0])
    record = bytes([2 * len(record)]) + record
    body = struct.pack('>hiqqqhii', 0, 0, 1000, 1000, -1, -1, -1, 1) + record
    return struct.pack('>qiibI', 0, 9 + len(body), -1, 2, crc32c(body)) + body


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def make_topic(wire, name):
    """By Metadata v4 with auto-creation; answered when the topic can be written to."""
    wire.send(Wire.request(METADATA, 4, struct.pack('>i', 1) + struct.pack('>h', len(name)) + name + b'\1'))
    return wire.reply()


def produce(wire, topic, records, acks=1):
    body = struct.pack('>hhii', -1, acks, 5000, 1) + struct.pack('>h', len(topic)) + topic + struct.pack('>iii', 1, 0, len(records)) + records
    wire.send(Wire.request(PRODUCE, 3, body))
    reply = wire.reply()
    return struct.unpack_from('>h', reply, 4 + 4 + 2 + len(topic) + 4 + 4)[0]


class Metrics(unittest.TestCase):
    def test_the_page_holds_what_is_documented_and_nothing_else(self):
        with open(DOCUMENTED) as f:
            documented = {m[1]: m[2] for m in re.finditer(r'^\| `(moldau_\w+)` \| (\w+) \|', f.read(), re.M)}
        with Moldaud(BINARY, HTTP) as server, Wire(server.address) as wire:
            make_topic(wire, b'orders')
            produce(wire, b'orders', b'rubbish')  # so that there is an error to be counted
            kinds, samples = metrics(server)
            self.assertEqual(kinds, documented)
            self.assertEqual({base_name(name, kinds) for name, _ in samples}, set(documented))

    def test_what_clients_do_is_counted(self):
        with Moldaud(BINARY, HTTP) as server:
            with Wire(server.address) as wire:
                make_topic(wire, b'orders')
                before = metrics(server)[1]
                for _ in range(10):
                    self.assertEqual(produce(wire, b'orders', batch()), 0)
                self.assertEqual(produce(wire, b'nobody', batch()), 3)
                wire.send(Wire.request(API_VERSIONS, 0))
                wire.reply()
                after = metrics(server)[1]

                def grown(name, labels=''):
                    return after[(name, labels)] - before.get((name, labels), 0)

                self.assertEqual(grown('moldau_requests_total', 'api="Produce"'), 11)
                self.assertEqual(grown('moldau_requests_total', 'api="ApiVersions"'), 1)
                self.assertEqual(grown('moldau_request_duration_seconds_count', 'api="Produce"'), 11)
                self.assertEqual(grown('moldau_request_duration_seconds_bucket', 'api="Produce",le="+Inf"'), 11)
                self.assertGreater(grown('moldau_request_duration_seconds_sum', 'api="Produce"'), 0)
                self.assertEqual(grown('moldau_request_errors_total', 'api="Produce",code="UNKNOWN_TOPIC_OR_PARTITION"'), 1)
                self.assertEqual(grown('moldau_appended_records_total'), 10)
                self.assertEqual(grown('moldau_appended_batches_total'), 10)
                self.assertEqual(grown('moldau_appended_bytes_total'), 10 * len(batch()))
                self.assertGreaterEqual(grown('moldau_network_received_bytes_total', 'listener="PLAINTEXT"'), 10 * len(batch()))
                self.assertGreater(grown('moldau_network_sent_bytes_total', 'listener="PLAINTEXT"'), 0)
                self.assertGreaterEqual(grown('moldau_disk_writes_total'), 10)
                self.assertEqual(after[('moldau_connections', 'listener="PLAINTEXT"')], 1)
                self.assertEqual(after[('moldau_partitions', '')], 1)
                self.assertEqual(after[('moldau_partitions_led', '')], 1)
                self.assertEqual(after[('moldau_log_bytes', '')], 10 * len(batch()))
                self.assertEqual(after[('moldau_metadata_topics', '')], 1)
                self.assertEqual(after[('moldau_ready', '')], 1)
                self.assertGreater(after[('moldau_disk_sync_duration_seconds_count', '')], 0)
                with Wire(server.address) as bad:
                    bad.send(b'\0\0\0\2\0\0')
                    self.assertTrue(bad.closed_by_peer())
                self.assertEqual(metrics(server)[1][('moldau_bad_requests_total', '')], 1)
            until(lambda: metrics(server)[1][('moldau_connections', 'listener="PLAINTEXT"')] == 0)

    def test_a_histogram_only_grows_from_bound_to_bound(self):
        with Moldaud(BINARY, HTTP) as server, Wire(server.address) as wire:
            for _ in range(100):
                wire.send(Wire.request(API_VERSIONS, 0))
                wire.reply()
            samples = metrics(server)[1]
            bounds = [(float(labels.split('le="')[1].rstrip('"').replace('+Inf', 'inf')), value) for (name, labels), value in samples.items()
                      if name == 'moldau_request_duration_seconds_bucket' and 'ApiVersions' in labels]
            bounds.sort()
            self.assertGreater(len(bounds), 50)
            self.assertEqual([v for _, v in bounds], sorted(v for _, v in bounds))
            self.assertEqual(bounds[-1][1], 100)

    def test_open_metrics_are_given_to_who_asks_for_them(self):
        with Moldaud(BINARY, HTTP) as server:
            status, kind, page = get(server, '/metrics', accept='application/openmetrics-text;version=1.0.0,text/plain;q=0.5')
            self.assertEqual((status, kind), (200, 'application/openmetrics-text; version=1.0.0; charset=utf-8'))
            self.assertTrue(page.endswith('\n# EOF\n'))
            self.assertIn('# TYPE moldau_requests counter\n', page)

    def test_many_scrapes_at_once_are_all_answered_while_clients_are(self):
        with Moldaud(BINARY, HTTP) as server, Wire(server.address) as wire:
            failures = []

            def scrape():
                try:
                    for _ in range(10):
                        metrics(server)
                except Exception as error:  # told by the test's own thread
                    failures.append(error)
            threads = [threading.Thread(target=scrape) for _ in range(8)]
            for each in threads:
                each.start()
            for _ in range(200):
                wire.send(Wire.request(API_VERSIONS, 0))
                self.assertIsNotNone(wire.reply())
            for each in threads:
                each.join()
            self.assertEqual(failures, [])


class Health(unittest.TestCase):
    def test_without_the_setting_nobody_listens(self):
        with Moldaud(BINARY) as server:
            self.assertEqual(list(server.listeners), ['PLAINTEXT'])

    def test_a_node_that_serves_is_healthy_and_ready(self):
        with Moldaud(BINARY, HTTP) as server:
            self.assertRegex(server.listeners['HTTP'], r'^127\.0\.0\.1:\d+$')
            for path, status in (('/health', 'ok'), ('/ready', 'ready')):
                code, kind, text = get(server, path)
                page = json.loads(text)
                self.assertEqual((code, kind, page['status'], page['reasons']), (200, 'application/json', status, []))
                self.assertGreaterEqual(len(page['shard_lag_seconds']), 1)
            self.assertEqual(get(server, '/health', 'HEAD')[::2], (200, ''))
            self.assertEqual(get(server, '/nothing')[0], 404)
            self.assertEqual(get(server, '/health', 'DELETE')[0], 405)

    def test_a_node_that_stops_is_ready_until_it_says_why_it_is_not(self):
        with Moldaud(BINARY, HTTP) as server:
            with Wire(server.address) as wire:
                make_topic(wire, b'orders')
            address = server.listeners['HTTP']
            seen = []

            def watch():
                while True:
                    try:
                        with urllib.request.urlopen(f'http://{address}/ready', timeout=5) as reply:
                            seen.append((reply.status, []))
                    except urllib.error.HTTPError as error:
                        seen.append((error.code, json.loads(error.read())['reasons']))
                    except OSError:
                        return
            thread = threading.Thread(target=watch)
            thread.start()
            until(lambda: seen)
            server.stop()
            thread.join()
            self.assertEqual(seen[0], (200, []))
            for code, reasons in seen:
                self.assertEqual(code == 200, reasons == [])
            server.start()

    def test_hostile_questions_hurt_nobody(self):
        with Moldaud(BINARY, HTTP) as server:
            host, port = server.listeners['HTTP'].split(':')
            before = server.rss_bytes()
            for text in (b'\0' * 100_000, b'GET ' + b'/' * 100_000, b'GET / HTTP/1.1\r\n' + b'a: b\r\n' * 20_000, b'\x16\x03\x01' + os.urandom(500),
                         b'POST /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n', Wire.request(API_VERSIONS, 0), b'\r\n\r\n' * 100):
                with socket.create_connection((host, int(port)), timeout=20) as client:
                    try:
                        client.sendall(text)
                        client.shutdown(socket.SHUT_WR)
                        answer = client.recv(1000)
                    except TimeoutError:
                        raise
                    except OSError:  # reset, and perhaps not connected any more
                        continue
                    self.assertTrue(answer == b'' or answer.startswith(b'HTTP/1.1 4') or answer.startswith(b'HTTP/1.1 5'), answer[:100])
            silent = [socket.create_connection((host, int(port)), timeout=20) for _ in range(200)]
            self.assertEqual(get(server, '/health')[0], 200)
            for each in silent:
                each.close()
            self.assertLess(server.rss_bytes() - before, 16 << 20)

    def test_an_address_in_use_or_no_address_stops_the_start(self):
        with Moldaud(BINARY, HTTP) as server, tempfile.TemporaryDirectory() as folder:
            for listener, said in ((server.listeners['HTTP'], 'moldau.http.listener'), ('everywhere', 'moldau.http.listener')):
                done = subprocess.run([BINARY, '--data-dir', folder, '--listen', '127.0.0.1:0', '--set', f'moldau.http.listener={listener}'],
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True)
                self.assertEqual((done.returncode, done.stdout), (1, ''))
                self.assertIn(said, done.stderr)


class ServiceManager(unittest.TestCase):
    def test_is_told_when_the_node_serves_that_it_lives_and_when_it_stops(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(folder, 'notify'))
            manager.settimeout(20)
            os.environ.update(NOTIFY_SOCKET=os.path.join(folder, 'notify'), WATCHDOG_USEC='300000')
            try:
                with Moldaud(BINARY) as server:
                    heard = []

                    def wait_for(text):
                        while not any(text in each for each in heard):
                            heard.append(manager.recv(1000).decode())
                        return next(i for i, each in enumerate(heard) if text in each)
                    wait_for('READY=1')
                    self.assertIn(f'READY=1\nSTATUS=serving PLAINTEXT://{server.address}', heard)
                    del heard[:]
                    begun = time.monotonic()
                    for _ in range(5):
                        wait_for('WATCHDOG=1')
                        heard.remove('WATCHDOG=1')
                    self.assertLess(time.monotonic() - begun, 2)
                    server.stop()
                    wait_for('STOPPING=1')
                    server.start()
            finally:
                del os.environ['NOTIFY_SOCKET'], os.environ['WATCHDOG_USEC']


class JsonLog(unittest.TestCase):
    def lines(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            self.assertRegex(line['ts'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$')
            self.assertIn(line['level'], ('trace', 'debug', 'info', 'warn', 'error'))
            self.assertTrue(line['message'])
            self.assertTrue(line['thread'])
        return lines

    def test_every_line_of_a_daemons_life_is_an_object_with_its_fields(self):
        # Settings that are warned of, clients that do wrong, debug lines and a stop: all of it is on stderr.
        with Moldaud(BINARY, {'moldau.log.format': 'json', 'moldau.log.level': 'debug', 'num.io.threads': 3, 'conections.max.idle.ms': 1, **HTTP}) as server:
            with Wire(server.address) as wire:
                make_topic(wire, b'orders')
                produce(wire, b'orders', batch())
            with Wire(server.address) as bad:
                bad.send(b'\0\0\0\2\0\0')
                bad.closed_by_peer()
            server.stop()
            lines = self.lines(server.stderr())
            by_message = {line['message']: line for line in lines}
            self.assertEqual(by_message['serving']['level'], 'info')
            self.assertEqual(by_message['serving']['partitions'], 0)
            self.assertRegex(by_message['serving']['cluster.id'], r'^[\w-]{22}$')
            self.assertEqual(by_message['stopping']['signal'], int(signal.SIGTERM))
            self.assertEqual(by_message['starting']['node'], 1)
            self.assertIn('shard', by_message['serving'])
            closed = next(line for line in lines if line['message'] == 'closing connection: bad request')
            self.assertRegex(closed['peer'], r'^127\.0\.0\.1:\d+$')
            self.assertEqual(closed['listener'], 'PLAINTEXT')
            self.assertTrue(any('num.io.threads' in line['message'] for line in lines))
            self.assertTrue(any('conections.max.idle.ms' in line['message'] for line in lines))
            server.start()

    def test_a_start_that_fails_says_so_in_json(self):
        with Moldaud(BINARY) as server, tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([BINARY, '--data-dir', folder, '--listen', server.address, '--set', 'moldau.log.format=json'],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True)
            self.assertEqual(done.returncode, 1)
            last = self.lines(done.stderr)[-1]
            self.assertEqual((last['level'], last['message']), ('error', 'the node has failed'))
            self.assertIn(server.address, last['reason'])


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
