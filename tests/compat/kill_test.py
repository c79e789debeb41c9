#!/usr/bin/env python3
"""kill -9 under load, again and again: kill_test.py MOLDAUD [ROUNDS] [--power-cut] [--seed N]

Four idempotent producers (acks=all, five batches in flight, one partition and one connection each) write records whose offset is their
number. At a random moment moldaud is killed; it must start by itself, and then each partition must hold exactly the records 0, 1, 2 … with
their values, and at least those that were acknowledged. The producers then send again what was not acknowledged, as it was: what had
reached the log is to be recognised. --power-cut: instead of a kill the file system under the data directory loses its power
(tests/faults/power-cut), and log.flush.interval.messages=1. Exit 77: this machine cannot do that."""
import argparse
import gzip
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

from moldaud import HERE, Moldaud, Wire

POWER_CUT = os.path.join(os.path.dirname(HERE), 'faults', 'power-cut')
TOPIC = 'killed'
PARTITIONS = 4
IN_FLIGHT = 5
CANNOT = 77
CRC = []
for n in range(256):
    for _ in range(8):
        n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
    CRC.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for x in data:
        crc = CRC[(crc ^ x) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(number):
    number, out = (number << 1) ^ (number >> 63), bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def value(partition, number):
    return f'{partition}:{number}:'.encode() + b'.' * (number * 37 % 400)


def batch(partition, first, count, producer, epoch):
    """A record batch of the numbers [first, first + count); partitions with an odd number are compressed."""
    records = b''
    for i in range(count):
        content = value(partition, first + i)
        record = b'\0' + varint(0) + varint(i) + varint(-1) + varint(len(content)) + content + varint(0)
        records += varint(len(record)) + record
    attributes = partition % 2
    records = gzip.compress(records, 1) if attributes else records
    now = int(time.time() * 1000)
    rest = struct.pack('>hiqqqhii', attributes, count - 1, now, now, producer, epoch, first, count) + records
    tail = struct.pack('>ibI', -1, 2, crc32c(rest)) + rest
    return struct.pack('>qi', 0, len(tail)) + tail


def produce(partition, records):
    name = TOPIC.encode()
    return Wire.request(0, 7, struct.pack('>hhii', -1, -1, 30000, 1) + struct.pack('>h', len(name)) + name + struct.pack('>iii', 1, partition, len(records)) + records)


class Producer(threading.Thread):
    """Writes while the server is up; when the connection ends it waits for the next one."""

    def __init__(self, partition, address):
        super().__init__(daemon=True)
        self.partition = partition
        self.waiting = []  # (first, count, request): sent, not acknowledged
        self.next = self.acknowledged = self.sent_again = 0
        self.up, self.down, self.failure, self.stopping = threading.Event(), threading.Event(), None, False
        with Wire(address) as wire:
            wire.send(Wire.request(22, 1, struct.pack('>hi', -1, 60000)))
            _, error, self.id, self.epoch = struct.unpack('>ihqh', wire.reply()[4:])
        assert error == 0, f'InitProducerId: {error}'
        self.random = random.Random(partition)

    def run(self):
        while not self.stopping:
            self.up.wait()
            self.up.clear()
            try:
                self.write(self.address)
            except OSError:
                pass
            except Exception as failure:  # told by the main thread
                self.failure = failure
            self.down.set()

    def write(self, address):
        with Wire(address, timeout_s=60) as wire:
            for _, _, request in self.waiting:
                wire.send(request)
            self.sent_again += len(self.waiting)
            while self.waiting or not self.stopping:
                while len(self.waiting) < IN_FLIGHT and not self.stopping:
                    count = self.random.randint(1, 12)
                    request = produce(self.partition, batch(self.partition, self.next, count, self.id, self.epoch))
                    self.waiting.append((self.next, count, request))
                    self.next += count
                    wire.send(request)
                reply = wire.reply()
                if reply is None:
                    return
                first, count, _ = self.waiting.pop(0)
                error, offset = struct.unpack_from('>hq', reply, 4 + 4 + 2 + len(TOPIC) + 4 + 4)
                if error != 0 or offset != first:
                    raise AssertionError(f'partition {self.partition}: batch {first} (+{count}) was answered with error {error}, offset {offset}')
                self.acknowledged = first + count


class Rounds:
    def __init__(self, server, seed, kill):
        self.server, self.kill, self.random = server, kill, random.Random(seed)
        subprocess.run(['kcat', '-b', server.address, '-L', '-t', TOPIC, '-X', 'allow.auto.create.topics=true'], capture_output=True, timeout=60, check=True)
        self.producers = [Producer(p, server.address) for p in range(PARTITIONS)]
        self.ends = [0] * PARTITIONS
        self.slowest_start_s = 0
        self.recognised = 0
        for producer in self.producers:
            producer.start()

    def release(self):
        for producer in self.producers:
            producer.address = self.server.address
            producer.down.clear()
            producer.up.set()

    def check(self, from_start=False):
        """What is in the log: the numbers in order, with their values, and all that was acknowledged."""
        for producer in self.producers:
            first = 0 if from_start else self.ends[producer.partition]
            out = subprocess.run(['kcat', '-C', '-b', self.server.address, '-t', TOPIC, '-p', str(producer.partition), '-o', str(first), '-e', '-q', '-f', '%o %s\n',
                                  '-X', 'check.crcs=true', '-X', 'fetch.wait.max.ms=10'], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True).stdout
            rows = out.splitlines()
            for number, row in enumerate(rows, first):
                want = b'%d ' % number + value(producer.partition, number)
                assert row == want, f'partition {producer.partition}: found {row[:60]!r}, not {want[:60]!r}'
            end = first + len(rows)
            assert end >= producer.acknowledged, f'partition {producer.partition}: acknowledged to {producer.acknowledged}, there is nothing from {end} on'
            assert end <= producer.next, f'partition {producer.partition}: {end} records, {producer.next} were sent'
            assert not from_start or end == producer.next == producer.acknowledged, f'partition {producer.partition}: {end} of {producer.next} at the end'
            self.recognised += sum(1 for sent, _, _ in producer.waiting if sent < end)
            self.ends[producer.partition] = end

    def settle(self):
        for producer in self.producers:
            assert producer.down.wait(90), f'partition {producer.partition}: no answer and no end of the connection'
            if producer.failure:
                raise producer.failure

    def round(self):
        before = [p.acknowledged for p in self.producers]
        self.release()
        deadline = time.monotonic() + 60
        while any(p.acknowledged == b and not p.down.is_set() for p, b in zip(self.producers, before)):
            assert time.monotonic() < deadline, 'nothing is acknowledged'
            time.sleep(0.005)
        time.sleep(self.random.uniform(0, 0.4))  # the moment of the kill is the one thing that is random here
        self.server.kill(self.kill)
        self.settle()
        self.server.start()
        self.slowest_start_s = max(self.slowest_start_s, self.server.ready_after_s)
        self.check()

    def finish(self):
        self.release()
        for producer in self.producers:
            producer.stopping = True
        self.settle()
        self.check(from_start=True)
        self.server.stop()
        self.server.start()
        self.check(from_start=True)


def run(server, rounds, seed, kill):
    began = time.monotonic()
    all_rounds = Rounds(server, seed, kill)
    for number in range(rounds):
        try:
            all_rounds.round()
        except AssertionError as failure:
            raise AssertionError(f'round {number}: {failure}')
    all_rounds.finish()
    bad = [line for line in server.stderr().splitlines() if ' error ' in line]
    assert not bad, bad[:5]
    producers = all_rounds.producers
    print(f'{rounds} rounds, seed {seed}: {sum(p.acknowledged for p in producers)} records acknowledged, all there once and in order; '
          f'{sum(p.sent_again for p in producers)} batches sent again, {all_rounds.recognised} of them were there already; '
          f'slowest start {all_rounds.slowest_start_s * 1000:.0f} ms; {time.monotonic() - began:.0f} s', flush=True)


def with_power_cut(arguments, settings):
    folder = tempfile.mkdtemp(prefix='moldau-power-')
    try:
        mounted = subprocess.run([POWER_CUT, 'mount', '--dir', folder, '--fresh'], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if mounted.returncode != 0:
            print(f'cannot cut the power here: {mounted.stderr.strip()}')
            return CANNOT

        def cut(pid):
            subprocess.run([POWER_CUT, 'cut', '--dir', folder, '--pid', str(pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120, check=True)
        try:
            settings = {**settings, 'log.flush.interval.messages': 1}
            with Moldaud(arguments.moldaud, settings, data=os.path.join(mounted.stdout.strip(), 'data')) as server:
                run(server, arguments.rounds, arguments.seed, cut)
        finally:
            subprocess.run([POWER_CUT, 'umount', '--dir', folder, '--delete'], timeout=60, check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('moldaud')
    parser.add_argument('rounds', nargs='?', type=int, default=5)
    parser.add_argument('--power-cut', action='store_true')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    settings = {'num.partitions': PARTITIONS, 'log.segment.bytes': 1 << 20, 'log.index.interval.bytes': 512}
    if arguments.power_cut:
        return with_power_cut(arguments, settings)
    with Moldaud(arguments.moldaud, settings) as server:
        run(server, arguments.rounds, arguments.seed, None)
    return 0


if __name__ == '__main__':
    sys.exit(main())
