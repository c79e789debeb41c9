#!/usr/bin/env python3
"""Real clients against a real moldaud: kcat, Kafka's own tools, Java's AdminClient.   clients_test.py MOLDAUD"""
import os
import re
import subprocess
import sys
import unittest

from moldaud import HERE, Moldaud

BINARY = None
KAFKA = os.path.join(HERE, 'kafka', 'kafka')


def run(*command, timeout_s=120):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout_s, text=True)
    if done.returncode != 0:
        raise AssertionError(f'{command[:3]} exited with {done.returncode}\n{done.stdout}\n{done.stderr}')
    return done.stdout


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Moldaud(BINARY, {'broker.rack': 'north'}).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def test_kcat_lists_the_one_broker(self):
        out = run('kcat', '-L', '-b', self.server.address)
        self.assertIn('1 brokers:', out)
        self.assertIn(f'broker 1 at {self.server.address} (controller)', out)
        self.assertIn('0 topics:', out)

    def test_kcat_without_api_version_request_falls_back_to_old_versions(self):
        out = run('kcat', '-L', '-b', self.server.address, '-X', 'api.version.request=false', '-X', 'broker.version.fallback=0.9.0')
        self.assertIn(f'broker 1 at {self.server.address}', out)

    def test_broker_api_versions_finds_each_served_api_usable(self):
        out = run(KAFKA, 'broker-api-versions', '--bootstrap-server', self.server.address)
        self.assertIn(f'{self.server.address} (id: 1 rack: north', out)
        served = dict(re.findall(r'\t(\w+)\(\d+\): ([0-9to ]+) \[usable: \d+\]', out))
        self.assertEqual(served, {
            'Produce': '0 to 13', 'Fetch': '4 to 18', 'ListOffsets': '1 to 11', 'Metadata': '0 to 13', 'FindCoordinator': '0 to 6',
            'OffsetCommit': '2 to 10', 'OffsetFetch': '1 to 10', 'OffsetDelete': '0', 'JoinGroup': '0 to 9', 'SyncGroup': '0 to 5', 'Heartbeat': '0 to 4', 'LeaveGroup': '0 to 5',
            'ListGroups': '0 to 5', 'DescribeGroups': '0 to 6', 'DeleteGroups': '0 to 2', 'ApiVersions': '0 to 4',
            'CreateTopics': '2 to 7', 'CreatePartitions': '0 to 3', 'DeleteTopics': '1 to 6', 'DeleteRecords': '0 to 2', 'InitProducerId': '0 to 5', 'OffsetForLeaderEpoch': '2 to 4', 'DescribeConfigs': '1 to 4',
            'IncrementalAlterConfigs': '0 to 1', 'DescribeCluster': '0 to 2', 'DescribeTopicPartitions': '0',
            'AlterConfigs': '0 to 2', 'DescribeLogDirs': '1 to 5', 'AlterReplicaLogDirs': '1 to 2', 'ElectLeaders': '0 to 2', 'AlterPartitionReassignments': '0 to 1',
            'ListPartitionReassignments': '0', 'DescribeQuorum': '0 to 2', 'UpdateFeatures': '0 to 2', 'DescribeProducers': '0', 'UnregisterBroker': '0',
            'ListConfigResources': '0 to 1', 'DescribeClientQuotas': '0 to 1', 'AlterClientQuotas': '0 to 1'})
        self.assertRegex(out, r'EndTxn\(26\): UNSUPPORTED')

    def test_java_admin_describes_the_cluster(self):
        out = run(KAFKA, 'java', os.path.join(HERE, 'AdminDescribe.java'), self.server.address)
        self.assertRegex(out, re.compile(r'^cluster=[A-Za-z0-9_-]{22}$', re.M))
        self.assertIn('controller=1\n', out)
        self.assertIn(f'node=1 {self.server.address} rack=north\n', out)
        self.assertIn('operations=7\n', out)
        self.assertIn('topics=0\n', out)
        self.assertIn('supported=[eligible.leader.replicas.version, kraft.version, metadata.version]\n', out)


if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
