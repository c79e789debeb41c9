#!/usr/bin/env python3
"""What coordinators and the controller cost on Moldau and on Apache Kafka: offsets committed, members of a group joining, topics
created, and a node with many partitions, its memory and its restarts.

  control_plane.py --bench MOLDAU-BENCH --moldaud MOLDAUD [OPTIONS]     `./dev bench control-plane [OPTIONS]` builds them first

In each round an engine is started with fresh data on loopback ports that were free, loaded through moldau-bench, given its
partitions, restarted in order and after SIGKILL; its own CPU time and memory are measured. The figures are the medians
of the rounds. Both engines wait as long for further members of a new group (group.initial.rebalance.delay.ms)."""
import socket
import struct
import sys
import time

from engines import (Failed, about, as_text, compared_engines, comparison, comparison_parser, comparison_table, in_turn, load, machine, markdown_table,
                     positive, write_results)

METADATA, METADATA_VERSION = 3, 1

# name in a round's figures | what it is | unit | factor to the unit | digits
ROWS = (
    ('commits_per_s', 'commits, flat out: a second', '1/s', 1, 0),
    ('commit_cpu_us', 'commits, flat out: broker CPU for each', 'µs', 1, 1),
    ('commit_p99_us', 'commits, flat out: p99', 'µs', 1, 0),
    ('paced_commit_cpu_us', 'commits at {commit_rate}/s: broker CPU for each', 'µs', 1, 1),
    ('paced_commit_p50_us', 'commits at {commit_rate}/s: p50', 'µs', 1, 0),
    ('paced_commit_p99_us', 'commits at {commit_rate}/s: p99', 'µs', 1, 0),
    ('join_s', '{members} members join: until all have their part', 's', 1, 2),
    ('join_cpu_s', '{members} members join: broker CPU', 's', 1, 3),
    ('topics_per_s', 'topics created one after another: a second', '1/s', 1, 0),
    ('topic_cpu_ms', 'topics created one after another: broker CPU for each', 'ms', 1e-3, 2),
    ('topic_p99_us', 'topics created one after another: p99', 'µs', 1, 0),
    ('partitions_cpu_s', '{partitions} partitions: broker CPU to create them', 's', 1, 2),
    ('partitions_s', '{partitions} partitions: time to create them', 's', 1, 2),
    ('partition_rss_bytes', '{partitions} partitions: resident memory for each', 'KB', 1e-3, 1),
    ('partitions_idle_cpu_percent', '{partitions} partitions: CPU of one core, idle', '%', 1, 2),
    ('restart_ms', '{partitions} partitions: start to all led, after a stop in order', 'ms', 1, 0),
    ('restart_cpu_s', '{partitions} partitions: CPU of that start', 's', 1, 2),
    ('recovery_ms', '{partitions} partitions: start to all led, after SIGKILL', 'ms', 1, 0),
    ('recovery_cpu_s', '{partitions} partitions: CPU of that start', 's', 1, 2),
    ('restarted_rss_bytes', '{partitions} partitions: resident memory after it', 'MB', 1e-6, 1),
)
MORE_IS_BETTER = {'commits_per_s', 'topics_per_s'}
TOPIC_PARTITIONS = 10  # of each topic of the many partitions
LED_WITHIN_S = 120


class Wire:
    """Metadata by hand, since what is timed is when a broker's answers are right."""

    def __init__(self, address):
        host, port = address.rsplit(':', 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)

    def _exactly(self, count):
        data = b''
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise OSError('the broker hung up')
            data += piece
        return data

    def led_partitions(self):
        """How many partitions have a leader, in all topics."""
        request = struct.pack('>hhih', METADATA, METADATA_VERSION, 1, -1) + struct.pack('>i', -1)
        self.socket.sendall(struct.pack('>i', len(request)) + request)
        reply = Reader(self._exactly(struct.unpack('>i', self._exactly(4))[0]))
        reply.number('i')  # correlation id
        for _ in range(reply.number('i')):
            reply.number('i'), reply.text(), reply.number('i'), reply.text()  # broker: id, host, port, rack
        reply.number('i')  # controller
        return sum(self._led_in_topic(reply) for _ in range(reply.number('i')))

    @staticmethod
    def _led_in_topic(reply):
        reply.number('h'), reply.text(), reply.number('b')  # error, name, internal
        led = 0
        for _ in range(reply.number('i')):
            error, _, leader = reply.number('h'), reply.number('i'), reply.number('i')
            led += error == 0 and leader >= 0
            for _ in range(2):  # replicas, those in sync
                for _ in range(reply.number('i')):
                    reply.number('i')
        return led


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, kind):
        value, = struct.unpack_from('>' + kind, self.data, self.at)
        self.at += struct.calcsize(kind)
        return value

    def text(self):
        length = self.number('h')
        self.at += max(0, length)


def all_led(engine, count):
    """Waits until `count` partitions have leaders; the time of that since boot."""
    until = time.monotonic() + LED_WITHIN_S
    while time.monotonic() < until:
        try:
            wire = Wire(engine.address)
            while wire.led_partitions() < count:
                time.sleep(0.002)
                if time.monotonic() > until:
                    raise Failed(f'{engine.name}: {wire.led_partitions()} of {count} partitions have leaders after {LED_WITHIN_S} s')
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        except OSError:
            time.sleep(0.002)
    raise Failed(f'{engine.name} does not answer')


def process_of(report):
    return report['processes'][0]


def measure_commits(options, engine, figures, reports):
    topic = ('--create', '--partitions', '100')
    group = ('--groups', '10', '--members', '10')
    load(options, engine, 'commits', 'committed', *topic, *group, '--duration-s', str(options.warmup_s))
    flat = reports['commits'] = load(options, engine, 'commits', 'committed', *group, '--duration-s', str(options.seconds))
    paced = reports['paced_commits'] = load(options, engine, 'commits', 'committed', *group, '--rate', str(options.commit_rate), '--duration-s', str(options.seconds))
    figures['commits_per_s'] = flat['commits_per_second']
    for prefix, report in (('', flat), ('paced_', paced)):
        figures[f'{prefix}commit_cpu_us'] = process_of(report)['cpu_us_per_one']
        figures[f'{prefix}commit_p99_us'] = report['latency_us']['p99']
    figures['paced_commit_p50_us'] = paced['latency_us']['p50']


def measure_joins(options, engine, figures, reports):
    load(options, engine, 'join', '--members', '50')  # as warm as the rest
    report = reports['join'] = load(options, engine, 'join', '--members', str(options.members))
    figures['join_s'] = report['elapsed_seconds']
    figures['join_cpu_s'] = process_of(report)['cpu_seconds']


def measure_topics(options, engine, figures, reports):
    load(options, engine, 'topics', '--count', '20', '--partitions', '1')
    report = reports['topics'] = load(options, engine, 'topics', '--count', str(options.topics), '--partitions', '1')
    figures['topics_per_s'] = report['topics_per_second']
    figures['topic_cpu_ms'] = process_of(report)['cpu_us_per_one']
    figures['topic_p99_us'] = report['latency_us']['p99']


def measure_partitions(options, engine, figures, reports):
    """On an engine that has just been started, so that its memory is of nothing else."""
    time.sleep(options.idle_s)
    before = engine.process.memory('VmRSS')
    report = reports['partitions'] = load(options, engine, 'topics', '--count', str(options.partitions // TOPIC_PARTITIONS), '--partitions', str(TOPIC_PARTITIONS),
                                          '--batch', '10', '--keep')
    figures['partitions_cpu_s'] = process_of(report)['cpu_seconds']
    figures['partitions_s'] = report['elapsed_seconds']
    all_led(engine, options.partitions)
    time.sleep(options.idle_s)
    figures['partition_rss_bytes'] = max(0, engine.process.memory('VmRSS') - before) / options.partitions
    cpu, begun = engine.process.cpu_seconds(), time.monotonic()
    time.sleep(options.idle_s)
    figures['partitions_idle_cpu_percent'] = (engine.process.cpu_seconds() - cpu) / (time.monotonic() - begun) * 100
    for name, kill in (('restart', False), ('recovery', True)):
        engine.restart(kill)
        led = all_led(engine, options.partitions)
        figures[f'{name}_ms'] = (led - engine.process.started_at()) * 1000
        figures[f'{name}_cpu_s'] = engine.process.cpu_seconds()
    figures['restarted_rss_bytes'] = engine.process.memory('VmRSS')


def with_engine(options, make, steps, figures, reports):
    engine = make(options, {'group.initial.rebalance.delay.ms': options.join_delay_ms, 'auto.create.topics.enable': 'false'})
    try:
        for step in steps:
            step(options, engine, figures, reports)
    finally:
        engine.stop()


def one_round(options, make):
    figures, reports = {}, {}
    with_engine(options, make, (measure_commits, measure_joins, measure_topics), figures, reports)
    with_engine(options, make, (measure_partitions,), figures, reports)
    return {'figures': figures, 'reports': reports}


def as_markdown(options, result, lines):
    return '\n'.join(['# Coordinators and controller', '', *markdown_table(lines), '', 'The last column says how many times better the second engine is (less, or more a second).', '',
                      f'Medians of {options.rounds} rounds. Commits: 10 groups of 10 members, each member one commit of one partition at a time, warmed up for {options.warmup_s:g} s. '
                      f'Joining: one group whose members are connected already; {options.join_delay_ms} ms of the time is the delay that the group waits for '
                      'further members (`group.initial.rebalance.delay.ms`), on both. Topics: of one partition each, one request after another. '
                      f'Partitions: of {options.partitions // TOPIC_PARTITIONS} topics, on an engine that has done nothing else. A start is over when Metadata tells a leader for '
                      'each of them. CPU time and memory are the broker\'s own.', '',
                      *about(result), '', 'Made by `./dev bench control-plane`; the JSON beside this page has every report.', ''])


def parse(arguments):
    parser = comparison_parser(__doc__, 'control-plane')
    parser.add_argument('--seconds', type=positive, default=10, help='of each load of commits (default: 10)')
    parser.add_argument('--warmup-s', type=positive, default=10, help='of commits before they are measured (default: 10)')
    parser.add_argument('--idle-s', type=positive, default=5, help='to rest before memory is read, and of idle use (default: 5)')
    parser.add_argument('--commit-rate', type=int, default=1000, help='commits a second where latency is measured (default: 1000)')
    parser.add_argument('--members', type=int, default=1000, help='of the group that is joined (default: 1000)')
    parser.add_argument('--join-delay-ms', type=int, default=3000, help='group.initial.rebalance.delay.ms (default: 3000, as in Kafka)')
    parser.add_argument('--topics', type=int, default=500, help='that are created one after another (default: 500)')
    parser.add_argument('--partitions', type=int, default=2000, help=f'that a node has, a multiple of {TOPIC_PARTITIONS} (default: 2000)')
    options = parser.parse_args(arguments)
    options.engines = compared_engines(parser, options)
    if min(options.rounds, options.commit_rate, options.members, options.topics) < 1 or options.join_delay_ms < 0:
        parser.error('--rounds, --commit-rate, --members and --topics are at least 1')
    if options.partitions < TOPIC_PARTITIONS or options.partitions % TOPIC_PARTITIONS:
        parser.error(f'--partitions is a multiple of {TOPIC_PARTITIONS}')
    if options.quick:
        options.rounds, options.seconds, options.warmup_s, options.idle_s = 1, 2, 1, 1
        options.members, options.join_delay_ms, options.topics, options.partitions = 100, 100, 20, 100
    return options


def main():
    options = parse(sys.argv[1:])
    where = machine()
    try:
        rounds = in_turn(options, one_round)
    except Failed as failure:
        print(f'error: {failure}', file=sys.stderr)
        return 1
    result = comparison(options, where, rounds)
    lines = comparison_table(options, ROWS, MORE_IS_BETTER, result)
    print(as_text(lines))
    write_results(options, result, as_markdown(options, result, lines))
    return 0


if __name__ == '__main__':
    sys.exit(main())
