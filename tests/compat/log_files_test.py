#!/usr/bin/env python3
"""Files of a log of ours, read by Apache Kafka: its dump-log, and its own classes.   log_files_test.py WRITE_LOG"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from moldaud import HERE

KAFKA = os.path.join(HERE, 'kafka', 'kafka')
BINARY = None


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
    if done.returncode != 0:
        raise AssertionError(f'{command[:3]}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}')
    return done.stdout


def fields(line):
    """'baseOffset: 0 lastOffset: 3 …' as a dict."""
    return dict(re.findall(r'(\w+): (\S+)', line))


class LogFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='moldau-log-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.directory = os.path.join(cls.folder, 'data')
        lines = [json.loads(line) for line in run(BINARY, cls.directory).splitlines()]
        cls.batches = [line for line in lines if 'batch' in line]
        cls.aborted = [line['aborted'] for line in lines if 'aborted' in line]
        cls.epochs = [line['epoch_start'] for line in lines if 'epoch_start' in line]
        cls.end, cls.segments = lines[-1]['end'], lines[-1]['segments']
        names = sorted(name for name in glob.glob(cls.directory + '/written-3/*') if re.search(r'/\d{20}\.\w+$', name))
        out = run(KAFKA, 'dump-log', '--deep-iteration', '--files', ','.join(names))
        cls.out = out
        cls.dumps = {}
        for part in re.split(r'(?m)^Dumping ', out)[1:]:
            name, _, body = part.partition('\n')
            cls.dumps[os.path.basename(name)] = body.splitlines()

    def of(self, suffix):
        return {int(name[:20]): lines for name, lines in self.dumps.items() if name.endswith(suffix)}

    def test_every_kind_of_file_is_there_and_read(self):
        self.assertGreaterEqual(self.segments, 3)
        self.assertEqual({suffix: len(self.of(suffix)) for suffix in ('.log', '.index', '.timeindex')},
                         dict.fromkeys(('.log', '.index', '.timeindex'), self.segments))
        self.assertGreater(len(self.of('.txnindex')), 0)
        # One at each roll but the first segment's, and one at the stop.
        self.assertEqual(sorted(self.of('.snapshot')), sorted(list(self.of('.log'))[1:] + [self.end]))

    def test_dump_log_finds_nothing_to_complain_of(self):
        self.assertNotRegex(self.out, r'(?i)mismatch|out of order|invalid: true|isvalid: false|corrupt|exception|could not')
        # Of Kafka's own segments, too, it says that -1 is followed by their first offset.
        told = re.findall(r'(?m)^  (\S+) is followed by (\d+)$', self.out)
        self.assertEqual([pair for pair in told if pair[0] != '-1'], [])

    def test_batches_are_what_was_written(self):
        found, position = [], 0
        for base, lines in sorted(self.of('.log').items()):
            position = 0
            for line in lines:
                if not line.startswith('baseOffset'):
                    continue
                one = fields(line)
                self.assertEqual(int(one['position']), position)
                self.assertEqual((one['magic'], one['isvalid']), ('2', 'true'))
                position += int(one['size'])
                found.append({'batch': [int(one['baseOffset']), int(one['lastOffset']), int(one['count'])],
                              'sequence': int(one['baseSequence']), 'producer': [int(one['producerId']), int(one['producerEpoch'])],
                              'epoch': int(one['partitionLeaderEpoch']), 'transactional': one['isTransactional'] == 'true',
                              'control': one['isControl'] == 'true', 'size': int(one['size']), 'codec': one['compresscodec'],
                              'crc': int(one['crc'])})
        self.assertEqual(found, self.batches)
        self.assertEqual({batch['codec'] for batch in found}, {'none', 'gzip', 'snappy', 'lz4', 'zstd'})
        markers = re.findall(r'endTxnMarker: (\w+) coordinatorEpoch: 0', self.out)
        self.assertEqual(sorted(set(markers)), ['ABORT', 'COMMIT'])

    def test_indexes_point_at_batches_and_are_as_long_as_their_entries(self):
        ends = {batch['batch'][1] for batch in self.batches}
        for suffix, size in (('.index', 8), ('.timeindex', 12)):
            entries = 0
            for base, lines in self.of(suffix).items():
                found = [fields(line) for line in lines if line.startswith(('offset:', 'timestamp:'))]
                path = f'{self.directory}/written-3/{base:020}{suffix}'
                self.assertEqual(os.path.getsize(path), size * len(found))
                self.assertTrue(all(int(entry['offset']) in ends for entry in found))
                entries += len(found)
            self.assertGreater(entries, self.segments, suffix)

    def test_aborted_transactions_are_in_the_transaction_index(self):
        found = [[int(fields(line)[key]) for key in ('producerId', 'firstOffset', 'lastOffset', 'lastStableOffset')]
                 for _, lines in sorted(self.of('.txnindex').items()) for line in lines if line.startswith('version')]
        self.assertEqual(found, self.aborted)
        self.assertEqual(len(found), 4)

    def test_the_last_snapshot_knows_each_producer(self):
        found = {}
        for line in self.of('.snapshot')[self.end]:
            if line.startswith('producerId'):
                one = fields(line)
                found[int(one['producerId'])] = (int(one['producerEpoch']), int(one['lastSequence']), int(one['lastOffset']),
                                                 re.search(r'currentTxnFirstOffset: OptionalLong(\S+)', line)[1])
        last = {}
        for batch in self.batches:
            if not batch['control']:
                last[batch['producer'][0]] = batch
        def of(id, open_from='.empty'):
            first, end, count = last[id]['batch']
            return (last[id]['producer'][1], last[id]['sequence'] + count - 1, end, open_from)
        self.assertEqual(found, {7: of(7), 8: of(8), 9: of(9, f'[{last[9]["batch"][0]}]')})

    def test_kafkas_classes_read_the_files_beside_the_segments(self):
        out = run(KAFKA, 'java', os.path.join(HERE, 'ReadCheckpoints.java'), self.directory).splitlines()
        offsets = '{written-3=%d}' % self.end
        self.assertEqual(out, [
            'recovery-point-offset-checkpoint=' + offsets, 'log-start-offset-checkpoint=' + offsets,
            'replication-offset-checkpoint=' + offsets, 'cleaner-offset-checkpoint=' + offsets,
            *(f'epoch={epoch} {start}' for epoch, start in self.epochs),
            'topic=AAAAAAAAAAEAAAAAAAAAAg', 'broker_epoch=42', 'cluster=MkU3OEVBNTcwNTJENDM2Qg',
            'directory=AAAAAAAAAAMAAAAAAAAABA'])
        self.assertEqual(len(self.epochs), 2)


if __name__ == '__main__':
    BINARY = os.path.abspath(sys.argv.pop())
    unittest.main(verbosity=2)
