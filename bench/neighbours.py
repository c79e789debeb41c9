#!/usr/bin/env python3
"""Clients that a broker must not let others suffer from: senders of a byte a second, readers that never read, floods of connections.

  neighbours.py ADDRESS --kind slow|deaf|flood [--count N] [--rate N] [--requests N] [--topic T] --seconds S

slow:  N connections that each send one byte a second of a request of 1 MiB; what is closed is opened again.
deaf:  N connections that ask for a topic's records, a megabyte with each of --requests, and read no answer.
flood: N connections a second are opened; of three one is closed at once, one after a first request, unanswered, and one after its answer.
Bounded in time and count, and at the lowest priority. The first line says "ready"; at the end, or within a second of SIGTERM, a line of JSON says what they did."""
import argparse
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time

FETCH, API_VERSIONS = 1, 18
MIB = 1 << 20


def framed(body):
    return struct.pack('>i', len(body)) + body


def api_versions():
    return framed(struct.pack('>hhih', API_VERSIONS, 0, 1, -1))


def fetch(topic):
    """Version 4: all of partition 0, a megabyte at a time."""
    name = topic.encode()
    body = struct.pack('>hhih', FETCH, 4, 1, -1) + struct.pack('>iiiib', -1, 0, 0, MIB, 0)
    return framed(body + struct.pack('>ih', 1, len(name)) + name + struct.pack('>iiqi', 1, 0, 0, MIB))


def connected(address):
    host, port = address.rsplit(':', 1)
    s = socket.create_connection((host, int(port)), timeout=2)
    s.setblocking(False)
    return s


class Neighbours:
    """What they did, and until when."""

    def __init__(self, options):
        self.options, self.until = options, time.monotonic() + options.seconds
        self.done = {'kind': options.kind, 'connections': 0, 'refused': 0, 'closed_by_broker': 0, 'bytes_sent': 0, 'answers': 0}

    def open(self):
        """A connection, or nothing when it is not accepted."""
        try:
            s = connected(self.options.address)
        except OSError:
            self.done['refused'] += 1
            return None
        self.done['connections'] += 1
        return s

    def send(self, s, data):
        """How many bytes went; None: the broker has closed."""
        try:
            sent = s.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.done['closed_by_broker'] += 1
            return None
        self.done['bytes_sent'] += sent
        return sent

    def end(self):
        self.until = 0

    def run(self):
        getattr(self, self.options.kind)()
        return self.done

    def slow(self):
        head = struct.pack('>i', MIB)
        senders = [[None, 0] for _ in range(self.options.count)]
        while time.monotonic() < self.until:
            begun = time.monotonic()
            for sender in senders:
                s, sent = sender
                went = self.send(s, head[sent:sent + 1] or b'x') if s else None
                if went is None:
                    if s:
                        s.close()
                    sender[:] = self.open(), 0
                else:
                    sender[1] += went
            time.sleep(max(0, min(begun + 1, self.until) - time.monotonic()))

    def deaf(self):
        request = fetch(self.options.topic)
        selector, left = selectors.DefaultSelector(), {}
        for _ in range(self.options.count):
            s = self.open()
            if s is not None:
                left[s] = request * self.options.requests
                selector.register(s, selectors.EVENT_WRITE)
        while time.monotonic() < self.until:
            ready = selector.select(timeout=max(0, min(0.2, self.until - time.monotonic()))) if left else time.sleep(0.2) or []
            for key, _ in ready:
                sent = self.send(key.fileobj, left[key.fileobj])
                left[key.fileobj] = left[key.fileobj][sent or 0:]
                if sent is None or not left[key.fileobj]:
                    selector.unregister(key.fileobj)
                    del left[key.fileobj]

    def flood(self):
        begun, number = time.monotonic(), 0
        while time.monotonic() < self.until:
            due = begun + number / self.options.rate
            time.sleep(max(0, due - time.monotonic()))
            s = self.open()
            number += 1
            if s is None:
                continue
            if number % 3 and self.send(s, api_versions()) and number % 3 == 2:
                s.settimeout(2)
                try:
                    self.done['answers'] += len(s.recv(4)) == 4
                except OSError:
                    pass
            s.close()


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('address', metavar='HOST:PORT')
    parser.add_argument('--kind', required=True, choices=('slow', 'deaf', 'flood'))
    parser.add_argument('--count', type=int, default=200, help='connections of slow and deaf (default: 200)')
    parser.add_argument('--rate', type=int, default=200, help='connections a second of flood (default: 200)')
    parser.add_argument('--requests', type=int, default=16, help='of each deaf reader, as soon as the broker takes them: more answers than sockets hold (default: 16)')
    parser.add_argument('--topic', default='neighbours', help='that deaf asks for (default: neighbours)')
    parser.add_argument('--seconds', type=float, required=True)
    options = parser.parse_args(arguments)
    if not all(1 <= x <= 10000 for x in (options.count, options.rate, options.requests)) or not 0 < options.seconds <= 86400:
        parser.error('--count, --rate and --requests are from 1 to 10000, --seconds up to a day')
    return options


if __name__ == '__main__':
    os.nice(19)
    neighbours = Neighbours(parse(sys.argv[1:]))
    signal.signal(signal.SIGTERM, lambda *_: neighbours.end())
    print('ready', flush=True)
    print(json.dumps(neighbours.run()))
