#!/usr/bin/env python3
"""What a moldaud does with connections that ask too much: memory, deadlines, limits.   limits_test.py MOLDAUD"""
import resource
import struct
import sys
import unittest

from moldaud import Moldaud, Wire

BINARY = None
METADATA, API_VERSIONS = 3, 18
MIB = 1 << 20
IDLE_CONNECTIONS = 2000


def all_topics(correlation=7):
    return Wire.request(METADATA, 1, struct.pack('>i', -1), correlation=correlation)


def correlation_of(reply):
    return struct.unpack_from('>i', reply)[0]


class Limits(unittest.TestCase):
    def test_idle_connections_that_declare_large_frames_cost_next_to_nothing(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # A deep backlog: this is about memory, not about how fast one client may connect.
        with Moldaud(BINARY, {'socket.listen.backlog.size': 4096}) as server, Wire(server.address) as good:
            good.send(all_topics())
            good.reply()
            before = server.rss_bytes()
            idle = [Wire(server.address) for _ in range(IDLE_CONNECTIONS)]
            for wire in idle:
                wire.send(struct.pack('>i', 100 * MIB) + b'12345678')
            good.send(all_topics(8))
            self.assertEqual(correlation_of(good.reply()), 8)
            with Wire(server.address) as late:  # the acceptor has taken all before this one
                late.send(all_topics(9))
                self.assertEqual(correlation_of(late.reply()), 9)
            grown = server.rss_bytes() - before
            print(f'{IDLE_CONNECTIONS} idle connections declaring 100 MiB: RSS {before / MIB:.1f} MiB, +{grown / MIB:.1f} MiB', flush=True)
            for wire in idle:
                wire.close()
            self.assertLess(grown, 64 * MIB)

    def test_pipelined_requests_are_answered_in_order(self):
        with Moldaud(BINARY) as server, Wire(server.address) as wire:
            wire.send(b''.join(all_topics(n) for n in range(500)))
            self.assertEqual([correlation_of(wire.reply()) for _ in range(500)], list(range(500)))

    def test_a_frame_that_is_not_completed_in_time_closes_its_connection(self):
        with Moldaud(BINARY, {'moldau.connection.frame.deadline.ms': 300}) as server:
            with Wire(server.address) as slow, Wire(server.address) as good:
                slow.send(struct.pack('>i', 1000) + b'x')
                self.assertTrue(slow.closed_by_peer())
                good.send(all_topics())
                self.assertEqual(correlation_of(good.reply()), 7)

    def test_an_idle_connection_is_closed(self):
        with Moldaud(BINARY, {'connections.max.idle.ms': 200}) as server, Wire(server.address) as idle:
            self.assertTrue(idle.closed_by_peer())

    def test_an_address_has_no_more_connections_than_it_may(self):
        with Moldaud(BINARY, {'max.connections.per.ip': 2}) as server:
            with Wire(server.address) as one, Wire(server.address) as two:
                for wire in (one, two):
                    wire.send(all_topics())
                    self.assertIsNotNone(wire.reply())
                with Wire(server.address) as three:
                    self.assertTrue(three.closed_by_peer())
            with Wire(server.address) as after:
                after.send(all_topics())
                reply = after.reply()
                while reply is None:  # until the server has seen the two go
                    after = Wire(server.address)
                    after.send(all_topics())
                    reply = after.reply()
                after.close()

    def test_above_the_limit_connections_wait_until_one_has_gone(self):
        with Moldaud(BINARY, {'max.connections': 1}) as server:
            with Wire(server.address) as first:
                first.send(all_topics())
                self.assertIsNotNone(first.reply())
                second = Wire(server.address, timeout_s=0.5)
                second.send(all_topics(2))
                self.assertFalse(second.closed_by_peer())
            second.socket.settimeout(10)
            self.assertEqual(correlation_of(second.reply()), 2)
            second.close()

    def test_a_request_over_the_limit_is_refused_and_one_at_the_limit_is_read(self):
        with Moldaud(BINARY, {'socket.request.max.bytes': 100000}) as server:
            with Wire(server.address) as wire:
                wire.send(struct.pack('>i', 100001))
                self.assertTrue(wire.closed_by_peer())
            with Wire(server.address) as wire:
                request = all_topics()[4:]
                wire.send(struct.pack('>i', 100000) + request + bytes(100000 - len(request)))
                self.assertEqual(correlation_of(wire.reply()), 7)

    def test_a_client_that_never_reads_stops_being_read_and_others_go_on(self):
        settings = {'moldau.connection.inflight.bytes': 65536, 'connections.max.idle.ms': 3000}
        with Moldaud(BINARY, settings) as server, Wire(server.address) as deaf, Wire(server.address) as good:
            deaf.socket.settimeout(0.5)
            burst, sent = all_topics() * 2000, 0
            with self.assertRaises(TimeoutError):
                while sent < 256 * MIB:
                    sent += deaf.socket.send(burst)
            for n in range(20):
                good.send(all_topics(n))
                self.assertEqual(correlation_of(good.reply()), n)
            self.assertLess(server.rss_bytes(), 128 * MIB)


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
