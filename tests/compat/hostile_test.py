#!/usr/bin/env python3
"""Hostile inputs (hostile/README.md) against a real moldaud: those that concern the APIs it serves.   hostile_test.py MOLDAUD [FAMILY…]"""
import os
import subprocess
import sys

from moldaud import HERE, Moldaud

FAMILIES = ('frame', 'header', 'body', 'load', 'produce', 'fetch', 'idempotence', 'offsets', 'topics', 'groups', 'admin')
NOT_SERVED = {
    'groups/ConsumerGroupHeartbeat-*': 'the newer group protocol comes later',
    'groups/FindCoordinator-txn-empty': 'transactions come later',
    'admin/CreateAcls-*': 'ACLs come with security',
    'admin/scram-*': 'users come with security',
    'admin/delegation-token-*': 'delegation tokens come with security',
    'admin/ListTransactions-*': 'transactions are not served yet',
}


def main():
    families = sys.argv[2:] or FAMILIES
    with Moldaud(sys.argv[1], {'connections.max.idle.ms': 8000, 'auto.create.topics.enable': 'false'}) as server:
        command = [os.path.join(HERE, 'hostile', 'run'), server.address, '--no-transactions', '--all-lines', '--heavy']
        for family in families:
            command += ['--only', f'{family}/*']
        for case in NOT_SERVED:
            command += ['--except', case]
        return subprocess.run([sys.executable, *command], timeout=280).returncode


if __name__ == '__main__':
    sys.exit(main())
