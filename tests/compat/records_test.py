#!/usr/bin/env python3
"""Records by real clients, with a restart and a kill -9 in between: all that was acknowledged is there once, in order.   records_test.py MOLDAUD [Kcat|Console|Java|Franz]"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

from moldaud import HERE, Moldaud

BINARY = None
FRANZ = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build', 'franz')  # `./dev test` builds it
KAFKA = os.path.join(HERE, 'kafka', 'kafka')
CODECS = ('none', 'gzip', 'snappy', 'lz4', 'zstd')
ROUNDS = 3


def run(*command, stdin=b'', timeout_s=120):
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout_s)
    if done.returncode != 0:
        raise AssertionError(f'{command[:4]} exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr.decode(errors="replace")[-4000:]}')
    return done.stdout


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Moldaud(BINARY).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def between(self, number):
        """What happens after round `number`: a restart, a kill, nothing."""
        if number == 0:
            self.server.stop()
            self.server.start()
        elif number == 1:
            self.server.kill()
            self.server.start()

    def converse(self, *command):
        """A program that says "round N" after each round and then waits for a line; its clients live through what happens to the server."""
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for number in range(ROUNDS):
                line = program.stdout.readline()
                if line != f'round {number}\n':
                    self.fail(f'{line!r}: {program.communicate(timeout=60)[1]}')
                self.between(number)
                program.stdin.write('\n')
                program.stdin.flush()
            out, said = program.communicate(timeout=100)
            self.assertEqual((out, program.returncode), ('done\n', 0), said)
        finally:
            program.kill()
            program.wait()

    def kcat(self, *arguments, **more):
        return run('kcat', '-b', self.server.address, '-X', 'topic.metadata.refresh.interval.ms=1000', *arguments, **more)

    def tool(self, name, *arguments, stdin=b''):
        return run(KAFKA, name, '--bootstrap-server', self.server.address, *arguments, stdin=stdin).decode()

    def create(self, topic, *arguments):
        self.tool('topics', '--create', '--topic', topic, *arguments)


class Kcat(Base):
    def test_kcat_writes_and_reads_every_codec_with_keys_headers_and_nulls(self):
        expected = {codec: [] for codec in CODECS}
        for number in range(ROUNDS):
            for codec in CODECS:
                lines = [(f'k{i}' if i % 3 else '', f'value {number}.{i} ' + 'y' * (i * 7) if i % 4 else '') for i in range(100)]
                self.kcat('-P', '-t', f'kcat-{codec}', '-p', '0', '-z', codec, '-K', ':', '-Z', '-H', 'a=1', '-H', 'b=', '-X', 'enable.idempotence=true', '-X', 'acks=all',
                          stdin=''.join(f'{k}:{v}\n' for k, v in lines).encode())
                expected[codec] += [f'{number * 100 + i}|{len(k) or -1}|{k}|{len(v) or -1}|{v}|a=1,b=' for i, (k, v) in enumerate(lines)]
            self.between(number)
            for codec in CODECS:
                got = self.kcat('-C', '-t', f'kcat-{codec}', '-e', '-q', '-f', '%o|%K|%k|%S|%s|%h\n', '-X', 'check.crcs=true').decode().splitlines()
                self.assertEqual(got, expected[codec], codec)

    def test_records_of_900_kilobytes_pass(self):
        for codec in CODECS:
            for number in range(ROUNDS):
                self.kcat('-P', '-t', 'large', '-p', '0', '-z', codec, stdin=b'\n'.join(bytes([97 + i]) * 900_000 for i in range(3)))
        for number in range(ROUNDS):
            self.between(number)
            got = self.kcat('-C', '-t', 'large', '-e', '-q').split(b'\n')[:-1]
            self.assertEqual(got, [bytes([97 + i]) * 900_000 for i in range(3)] * len(CODECS) * ROUNDS)

    def test_a_record_that_is_too_large_is_refused_and_the_next_one_taken(self):
        self.create('small', '--config', 'max.message.bytes=1000')
        done = subprocess.run(['kcat', '-b', self.server.address, '-P', '-t', 'small', '-p', '0'], input=b'x' * 2000, capture_output=True, timeout=60)
        self.assertIn(b'Message size too large', done.stderr)
        self.kcat('-P', '-t', 'small', '-p', '0', stdin=b'fits')
        self.assertEqual(self.kcat('-C', '-t', 'small', '-e', '-q'), b'fits\n')

    def test_a_consumer_that_waits_is_woken_by_the_record(self):
        self.kcat('-P', '-t', 'long-poll', '-p', '0', stdin=b'first')
        waiting = subprocess.Popen(['kcat', '-b', self.server.address, '-C', '-u', '-t', 'long-poll', '-p', '0', '-q', '-X', 'fetch.wait.max.ms=30000', '-c', '2'],
                                   stdout=subprocess.PIPE)
        try:
            self.assertEqual(waiting.stdout.readline(), b'first\n')
            began = time.monotonic()
            self.kcat('-P', '-t', 'long-poll', '-p', '0', stdin=b'second')
            self.assertEqual(waiting.communicate(timeout=25)[0], b'second\n')
            print(f'woken {time.monotonic() - began:.3f} s after the producer started', flush=True)
        finally:
            waiting.kill()
            waiting.wait()

    def test_offsets_are_found_by_time(self):
        for i in range(5):
            self.kcat('-P', '-t', 'times', '-p', '0', stdin=f'{i}'.encode())
        stamps = [int(x) for x in self.kcat('-C', '-t', 'times', '-e', '-q', '-f', '%T\n').split()]
        self.assertEqual(stamps, sorted(set(stamps)))
        for number in range(ROUNDS):
            self.between(number)
            for asked, offset in ((stamps[0] - 1, 0), (stamps[2], 2), (stamps[3] - 1 if stamps[3] - 1 > stamps[2] else stamps[3], 3), (-1, 5), (-2, 0)):
                self.assertIn(f'times [0] offset {offset}', self.kcat('-Q', '-t', f'times:0:{asked}').decode())
            self.assertEqual(self.kcat('-C', '-t', 'times', '-o', f's@{stamps[1]}', '-o', f'e@{stamps[3]}', '-e', '-q'), b'1\n2\n')


class Console(Base):
    def test_kafkas_console_tools_write_and_read(self):
        self.create('console', '--config', 'compression.type=lz4')
        expected = []
        for number in range(ROUNDS):
            lines = [f'h1:v{i},h2:w\tkey-{i}\tvalue {number}.{i}' for i in range(50)] + [f'NULL\tNULL\tonly {number}', f'h:x\tk{number}\tNULL']
            self.tool('console-producer', '--topic', 'console', '--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true',
                      '--reader-property', 'null.marker=NULL',
                      '--command-property', f'compression.type={CODECS[number + 2]}', stdin='\n'.join(lines).encode())
            expected += [line.replace('NULL\tNULL\t', 'NO_HEADERS\tnull\t').replace('\tNULL', '\tnull') for line in lines]
            self.between(number)
            got = self.tool('console-consumer', '--topic', 'console', '--partition', '0', '--offset', 'earliest', '--max-messages', str(len(expected)),
                            '--formatter-property', 'print.key=true', '--formatter-property', 'print.headers=true').splitlines()
            self.assertEqual(got, expected)

    def offsets(self, topic, time):
        return {int(p): int(o) for _, p, o in (line.split(':') for line in self.tool('get-offsets', '--topic', topic, '--time', time).split())}

    def test_kafkas_get_offsets_tells_first_end_newest_and_by_time(self):
        now = int(time.time() * 1000)
        self.create('told', '--partitions', '1')
        self.kcat('-P', '-t', 'told', '-p', '0', stdin=b'a\nb\nc')
        self.between(0)
        self.between(1)
        told = [self.offsets('told', asked)[0] for asked in ('-2', '-1', 'max-timestamp', str(now))]
        self.assertEqual(told[:2] + told[3:], [0, 3, 0])
        self.assertIn(told[2], (0, 1, 2))

    def test_kafkas_delete_records_trims_a_partition_for_good(self):
        self.create('trimmed', '--partitions', '1')
        self.kcat('-P', '-t', 'trimmed', '-p', '0', stdin=b'\n'.join(b'%d' % i for i in range(10)))
        with tempfile.NamedTemporaryFile('w', suffix='.json') as asked:
            json.dump({'version': 1, 'partitions': [{'topic': 'trimmed', 'partition': 0, 'offset': 6}]}, asked)
            asked.flush()
            self.assertIn('low_watermark: 6', self.tool('delete-records', '--offset-json-file', asked.name))
        for number in range(ROUNDS):
            self.assertEqual([self.offsets('trimmed', asked)[0] for asked in ('-2', '-1')], [6, 10])
            self.assertEqual(self.kcat('-C', '-t', 'trimmed', '-o', 'beginning', '-e', '-q'), b'6\n7\n8\n9\n')
            self.between(number)

    def test_what_is_set_on_a_topic_without_effect_is_told_when_it_is_set_and_at_each_start(self):
        told = 'settings of topics and the like that have no effect yet: '
        self.create('idle', '--config', 'min.cleanable.dirty.ratio=0.7')
        self.assertEqual(re.findall(told + '(.*)', self.server.stderr()), ['min.cleanable.dirty.ratio'])
        for number, left in ((0, 'true'), (1, 'false')):
            self.between(number)
            self.assertRegex(self.server.stderr().split('starting')[-1], rf'serving cluster\.id=\S+ topics=\d+ partitions=\d+ was_clean={left} took_ms=\d+')
        self.assertEqual(re.findall(told + '(.*)', self.server.stderr()), ['min.cleanable.dirty.ratio'] * 3)

    def test_kafkas_topics_and_configs_tools_change_a_topic_for_good(self):
        self.create('changed', '--partitions', '1', '--config', 'retention.ms=1000000')
        self.tool('topics', '--alter', '--topic', 'changed', '--partitions', '3')
        self.tool('configs', '--alter', '--entity-type', 'topics', '--entity-name', 'changed', '--add-config', 'max.message.bytes=2000', '--delete-config', 'retention.ms')
        for number in range(ROUNDS):
            told = self.tool('topics', '--describe', '--topic', 'changed')
            self.assertRegex(told, r'PartitionCount: 3\s')
            self.assertRegex(told, r'Configs: min\.insync\.replicas=1,max\.message\.bytes=2000\n')
            self.assertEqual(self.offsets('changed', '-1'), {0: 0, 1: 0, 2: 0})
            self.between(number)
        self.tool('topics', '--delete', '--topic', 'changed')
        self.assertNotIn('changed', self.tool('topics', '--list').split())


class Java(Base):
    def test_javas_clients_go_on_through_a_restart_and_a_kill(self):
        self.converse(KAFKA, 'java', os.path.join(HERE, 'JavaRecords.java'), self.server.address)


class Franz(Base):
    def test_franz_go_goes_on_through_a_restart_and_a_kill(self):
        self.converse(FRANZ, self.server.address)


del Base  # no test

if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
