#!/usr/bin/env python3
"""moldau, the command line, against a real Apache Kafka, or against moldaud.   cli_test.py MOLDAU [MOLDAUD]"""
import json
import os
import pty
import re
import subprocess
import sys
import time
import unittest

from apache_kafka import TOOL, ApacheKafka
from moldaud import HERE, Moldaud

BINARY = None
MOLDAUD = None
KINDS = {}       # what docs/cli.md says: kind → {field, or field[].field, …}
PRINTED = set()  # kinds that were seen


def documented_kinds():
    with open(os.path.join(HERE, '..', '..', 'docs', 'cli.md'), encoding='utf-8') as page:
        parts = re.split(r'(?m)^### (.+)$', page.read())
    return {kind: set(re.findall(r'(?m)^\| `(\S+)` \|', text)) for kind, text in zip(parts[1::2], parts[2::2])}


def fields(item, documented, before=''):
    """Names of all fields of an item, with those of the items of its lists."""
    for key, value in item.items():
        path = before + key
        yield path
        if any(each.startswith(path + '[].') for each in documented):
            for each in value:
                yield from fields(each, documented, path + '[].')


def setUpModule():
    KINDS.update(documented_kinds())


def tearDownModule():
    # storage_test.py prints the one of storage. With tests picked by hand not all kinds are seen.
    unseen = set(KINDS) - PRINTED - {'storage.format'}
    if unseen and not [each for each in sys.argv[1:] if not each.startswith('-')]:
        raise AssertionError(f'documented, and printed by no test: {sorted(unseen)}')


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = (Moldaud(MOLDAUD) if MOLDAUD else ApacheKafka()).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.broker.__exit__(None, None, None)

    def moldau(self, *arguments, code=0, stdin=b'', brokers=None):
        """Runs moldau; gives (stdout, stderr)."""
        environment = dict(os.environ, MOLDAU_BROKERS=brokers or self.broker.address)
        done = subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, timeout=60, env=environment)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, code, f'{arguments}: {error}')
        if code != 0:
            if 'json' in arguments:
                [line] = [json.loads(line) for line in error.splitlines() if line.startswith('{')][-1:]
                self.assertEqual((set(line), line['kind'], line['version']), ({'kind', 'version', 'code', 'message'}, 'error', 1))
                self.assertNotRegex(error, r'(?m)^error: ')
            else:
                self.assertRegex(error, r'(?m)^error: ')
        return done.stdout, error

    def data(self, *arguments, **more):
        """The items of the envelope: of the command's kind, with all the fields that are documented."""
        out = self.moldau('-o', 'json', *arguments, **more)[0]
        self.assertEqual(out.count(b'\n'), 1)
        envelope = json.loads(out)
        kind = envelope['kind']
        self.assertEqual((kind, envelope['version']), ('.'.join(arguments[:kind.count('.') + 1]), 1))
        for item in envelope['items']:
            self.assertEqual({each for each in KINDS[kind] if '[].' not in each} - set(item), set(), kind)
            self.assertLessEqual(set(fields(item, KINDS[kind])), KINDS[kind], kind)
        PRINTED.add(kind)
        return envelope['items']

    def until(self, wanted, look):
        """A broker of Kafka's tells what was changed a moment later."""
        end = time.monotonic() + 20
        while look() != wanted and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(look(), wanted)

    def tool(self, *arguments, stdin=''):
        return subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=True).stdout


class Topics(Cli):
    def test_created_topics_are_listed_by_us_and_by_kafkas_tool(self):
        created = self.data('topic', 'create', 'listed-b', 'listed-a', '--partitions', '3', '--replication-factor', '1')
        self.assertEqual([t['partitions'] for t in created], [3, 3])
        listed = {t['name']: t for t in self.data('topic', 'list')}
        self.assertEqual(listed['listed-a']['partitions'], 3)
        self.assertEqual(listed['listed-a']['replication_factor'], 1)
        self.assertEqual({t['name']: t['id'] for t in created}['listed-a'], listed['listed-a']['id'])
        names = self.tool('topics', '--bootstrap-server', self.broker.address, '--list').split()
        self.assertIn('listed-a', names)
        table = self.moldau('topic', 'list')[0].decode().splitlines()
        self.assertEqual(table[0].split(), ['TOPIC', 'PARTITIONS', 'REPLICATION'])
        self.assertIn(['listed-b', '3', '1'], [line.split() for line in table])

    def test_describe_shows_partitions_and_what_was_set(self):
        self.moldau('topic', 'create', 'described', '--partitions', '2', '--config', 'retention.ms=12345', '--config', 'cleanup.policy=compact')
        [topic] = self.data('topic', 'describe', 'described')
        self.assertEqual(topic['configs'], {'cleanup.policy': 'compact', 'retention.ms': '12345'})
        self.assertEqual([(p['partition'], p['leader'], p['replicas'], p['isr'], p['offline']) for p in topic['partitions']],
                         [(0, 1, [1], [1], []), (1, 1, [1], [1], [])])
        kafkas = self.tool('topics', '--bootstrap-server', self.broker.address, '--describe', '--topic', 'described')
        self.assertIn(topic['id'], kafkas)
        table = self.moldau('topic', 'describe', 'described')[0].decode()
        self.assertIn('  retention.ms=12345\n', table)

    def test_deleted_topics_are_gone(self):
        self.moldau('topic', 'create', 'gone-1', 'gone-2')
        self.assertEqual(sorted(t['name'] for t in self.data('topic', 'delete', '--yes', 'gone-1', 'gone-2')), ['gone-1', 'gone-2'])
        self.assertFalse({'gone-1', 'gone-2'} & {t['name'] for t in self.data('topic', 'list')})

    def test_a_dry_run_creates_nothing(self):
        _, said = self.moldau('topic', 'create', '--dry-run', 'never')
        self.assertIn("would create topic 'never'", said)
        self.assertNotIn('never', [t['name'] for t in self.data('topic', 'list')])

    def test_what_fails_says_what_and_what_to_do(self):
        self.moldau('topic', 'create', 'twice')
        for arguments, words in (
                (('topic', 'create', 'twice'), ("'twice' exists already", '--if-not-exists')),
                (('topic', 'describe', 'nowhere'), ("'nowhere' does not exist", 'moldau topic list')),
                (('topic', 'delete', '--yes', 'nowhere'), ("'nowhere' does not exist",)),
                (('topic', 'create', 'n', '--replication-factor', '2'), ("'n' was refused", 'INVALID_REPLICATION_FACTOR')),
                (('topic', 'create', 'n', '--config', 'no.such=1'), ('no.such', 'INVALID_CONFIG')),
                (('topic', 'create', 'a/b'), ("'a/b' was refused", 'INVALID_TOPIC_EXCEPTION'))):
            with self.subTest(arguments):
                out, said = self.moldau(*arguments, code=1)
                self.assertEqual(out, b'')
                for word in words:
                    self.assertIn(word, said)
        self.moldau('topic', 'create', '--if-not-exists', 'twice')
        self.moldau('topic', 'delete', '--yes', '--if-exists', 'nowhere')

    def test_of_several_topics_those_that_can_be_are_created(self):
        self.moldau('topic', 'create', 'taken')
        _, said = self.moldau('topic', 'create', 'taken', 'fresh', code=1)
        self.assertIn("'taken' exists already", said)
        self.assertIn('fresh', [t['name'] for t in self.data('topic', 'list')])

    def test_misuse_is_told_apart_and_asks_no_broker(self):
        for arguments in ((), ('topic',), ('topic', 'explode'), ('topic', 'create'), ('topic', 'create', 'x', '--partitions', '0'),
                          ('topic', 'create', 'x', '--config', 'novalue'), ('-o', 'xml', 'topic', 'list'),
                          ('--brokers', 'a:b', 'topic', 'list'), ('topic', 'delete', 'x')):
            with self.subTest(arguments):
                self.moldau(*arguments, code=2, brokers='127.0.0.1:1')

    def test_deleting_asks_the_one_who_sits_there(self):
        self.moldau('topic', 'create', 'asked')
        for answer, code in ((b'n\n', 2), (b'y\n', 0)):
            master, slave = pty.openpty()
            try:
                os.write(master, answer)
                done = subprocess.run([BINARY, '--brokers', self.broker.address, 'topic', 'delete', 'asked'], stdin=slave, capture_output=True, timeout=60)
            finally:
                os.close(master)
                os.close(slave)
            self.assertEqual(done.returncode, code)
            self.assertIn(b'delete asked with all records? [y/N]', done.stderr)

    def test_a_broker_that_is_not_there_is_named(self):
        _, said = self.moldau('topic', 'list', code=1, brokers='127.0.0.1:1,127.0.0.1:2')
        for word in ('127.0.0.1:1', '127.0.0.1:2', 'refused', '--brokers'):
            self.assertIn(word, said)

    def test_errors_are_documents_where_documents_were_asked_for(self):
        self.moldau('topic', 'create', 'there')
        for arguments, code, wanted in ((('topic', 'create', 'there'), 1, 'TOPIC_ALREADY_EXISTS'), (('topic', 'describe', 'nowhere'), 1, 'UNKNOWN_TOPIC_OR_PARTITION'),
                                        (('topic', 'explode'), 2, 'INVALID_REQUEST'), (('topic', 'delete', 'there'), 2, 'INVALID_REQUEST'),
                                        (('--brokers', '127.0.0.1:1', 'topic', 'list'), 1, 'NETWORK_EXCEPTION'), (('--brokers', 'a:b', 'topic', 'list'), 2, 'INVALID_REQUEST')):
            for asked in (('-o', 'json', *arguments), (*arguments, '--output=json'), (*arguments, '-o', 'json')):
                with self.subTest(asked):
                    if '--output=json' in asked:
                        done = subprocess.run([BINARY, *asked], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=dict(os.environ, MOLDAU_BROKERS=self.broker.address))
                        self.assertEqual(done.returncode, code)
                        said = done.stderr.decode()
                    else:
                        _, said = self.moldau(*asked, code=code)
                    self.assertEqual([json.loads(line)['code'] for line in said.splitlines() if line.startswith('{')], [wanted], said)
        # Of several things each that went wrong has a line of its own; what went well is printed.
        done = subprocess.run([BINARY, '-o', 'json', 'topic', 'create', 'there', 'a/b', 'beside'], capture_output=True, timeout=60, env=dict(os.environ, MOLDAU_BROKERS=self.broker.address))
        self.assertEqual([each['name'] for each in json.loads(done.stdout)['items']], ['beside'])
        self.assertEqual(sorted(json.loads(line)['code'] for line in done.stderr.decode().splitlines() if line.startswith('{')), ['INVALID_TOPIC_EXCEPTION', 'TOPIC_ALREADY_EXISTS'])

    def test_what_could_be_told_is_printed_and_the_rest_is_an_error(self):
        self.moldau('topic', 'create', 'known', '--partitions', '1')
        [broker] = [str(each['id']) for each in self.data('broker', 'list')]
        for arguments, items in ((('topic', 'describe', 'nowhere', 'known'), [('name', 'known')]), (('topic', 'offsets', 'nowhere', 'known'), [('topic', 'known')]),
                                 (('broker', 'describe', '99', broker), [('id', int(broker))]),
                                 (('config', 'get', 'topic', 'known', 'nope', 'retention.ms'), [('name', 'retention.ms')])):
            with self.subTest(arguments):
                self.assertEqual([(items[0][0], each[items[0][0]]) for each in self.data(*arguments, code=1)], items)
        # Each that is missing is said; nothing at all is no document.
        out, said = self.moldau('-o', 'json', 'topic', 'describe', 'nowhere', 'elsewhere', code=1)
        self.assertEqual((out, [json.loads(line)['message'].split("'")[1] for line in said.splitlines()]), (b'', ['nowhere', 'elsewhere']))
        self.assertEqual(self.moldau('-o', 'json', 'topic', 'create', 'known', code=1)[0], b'')

    def test_brokers_of_the_command_line_are_stronger_than_those_of_the_environment(self):
        self.moldau('--brokers', '127.0.0.1:1,' + self.broker.address, 'topic', 'list', brokers='127.0.0.1:1')

    def test_shells_complete_commands_and_options(self):
        for shell in ('bash', 'zsh'):
            script = self.moldau('completion', shell, brokers='127.0.0.1:1')[0].decode()
            self.assertEqual(script.startswith('autoload -U +X bashcompinit'), shell == 'zsh')
        script = self.moldau('completion', 'bash')[0].decode()
        for words, wanted in ((['to'], ['topic']), (['topic', 'cre'], ['create']), (['--brokers', 'x:1', 'topic', 'create', 'name', '--part'], ['--partitions']),
                              (['group', ''], ['list', 'describe', 'lag', 'seek', 'delete', '--help']), (['group', 'seek', '--d'], ['--dry-run']),
                              (['quota', ''], ['list', 'set', 'unset', '--help'])):
            line = ' '.join(f"'{word}'" for word in ['moldau', *words])
            done = subprocess.run(['bash', '-c', f'{script}\nCOMP_WORDS=({line}) COMP_CWORD={len(words)}; _moldau; printf "%s\\n" "${{COMPREPLY[@]}}"'],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.split(), wanted, done.stderr)
        self.assertIn('error', self.moldau('completion', 'fish', code=2)[1])

    def test_help_and_version_are_data(self):
        self.assertIn(b'MOLDAU_BROKERS', self.moldau('--help')[0])
        self.assertIn(b'--partitions', self.moldau('topic', 'create', '--help')[0])
        self.assertRegex(self.moldau('--version')[0], rb'^moldau \d+\.\d+\.\d+ \(')


class Produce(Cli):
    CODECS = ('none', 'gzip', 'snappy', 'lz4', 'zstd')

    def kcat(self, topic, *more, until=None):
        """What kcat reads, one list of fields a record: partition, key, value, headers; a null key or value is None. Up to the end, or `until` so many."""
        until = ['-e'] if until is None else ['-c', until]
        out = subprocess.run(['kcat', '-C', '-b', self.broker.address, '-t', topic, *until, '-q', '-f', '%p|%K|%k|%S|%s|%h\n', *more],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True).stdout
        rows = [line.split('|') for line in out.splitlines()]
        return [[p, None if key_size == '-1' else key, None if size == '-1' else value, headers] for p, key_size, key, size, value, headers in rows]

    def test_lines_with_keys_headers_and_nulls_arrive_in_every_codec(self):
        for codec in self.CODECS:
            with self.subTest(codec):
                topic = 'codec-' + codec
                self.moldau('topic', 'create', topic)
                _, said = self.moldau('produce', topic, '--codec', codec, '--key-separator', ':', '--null', 'NIL', '--header', 'a=1', '--header', 'n',
                                      stdin=b'k:v\nk:NIL\nNIL:x\n:\nlast:' + b'y' * 10000)
                self.assertIn('produced 5 records', said)
                self.assertEqual(self.kcat(topic), [['0', 'k', 'v', 'a=1,n=NULL'], ['0', 'k', None, 'a=1,n=NULL'], ['0', None, 'x', 'a=1,n=NULL'],
                                                    ['0', '', '', 'a=1,n=NULL'], ['0', 'last', 'y' * 10000, 'a=1,n=NULL']])

    def test_keys_go_where_kafkas_producer_puts_them(self):
        keys = [f'key-{i}' for i in range(200)]
        for topic in ('keys-ours', 'keys-kafkas'):
            self.moldau('topic', 'create', topic, '--partitions', '7')
        self.moldau('produce', 'keys-ours', '--key-separator', '=', stdin=''.join(f'{k}=v\n' for k in keys).encode())
        self.tool('console-producer', '--bootstrap-server', self.broker.address, '--topic', 'keys-kafkas', '--property', 'parse.key=true', '--property',
                  'key.separator==', stdin=''.join(f'{k}=v\n' for k in keys))
        ours, kafkas = ({(p, k) for p, k, _, _ in self.kcat(topic)} for topic in ('keys-ours', 'keys-kafkas'))
        self.assertEqual(len(ours), 200)
        self.assertEqual(ours, kafkas)

    def test_acks_and_partition_are_obeyed(self):
        self.moldau('topic', 'create', 'acks', '--partitions', '3')
        # acks=0 last: what comes before the broker knows that it leads is lost, and nobody is told. Nor is it told when it is written: kcat waits for it.
        for partition, acks in enumerate(('all', '1', '0')):
            self.moldau('produce', 'acks', '--acks', acks, '--partition', str(partition), stdin=acks.encode())
        self.assertEqual(sorted((p, v) for p, _, v, _ in self.kcat('acks', until='3')), [('0', 'all'), ('1', '1'), ('2', '0')])

    def test_a_hundred_thousand_lines_arrive_once_and_in_order(self):
        self.moldau('topic', 'create', 'many')
        lines = [str(i) for i in range(100_000)]
        self.assertEqual(self.data('produce', 'many', '--codec', 'lz4', stdin='\n'.join(lines).encode()), [{'topic': 'many', 'records': 100_000}])
        self.assertEqual([v for _, _, v, _ in self.kcat('many')], lines)

    def test_kafkas_console_consumer_reads_them(self):
        self.moldau('topic', 'create', 'console')
        self.moldau('produce', 'console', '--codec', 'zstd', stdin='grün\nzwei'.encode())
        out = self.tool('console-consumer', '--bootstrap-server', self.broker.address, '--topic', 'console', '--partition', '0', '--offset', 'earliest', '--max-messages', '2')
        self.assertEqual(out.split(), ['grün', 'zwei'])

    def test_what_fails_says_what_and_where(self):
        self.moldau('topic', 'create', 'small', '--config', 'max.message.bytes=1000')
        for arguments, stdin, words in (
                (('produce', 'nowhere'), b'x', ("'nowhere' does not exist", 'moldau topic list')),
                (('produce', 'small'), b'x' * 2000, ("partition 0 of topic 'small'", 'MESSAGE_TOO_LARGE')),
                (('produce', 'small', '--partition', '5'), b'x', ("'small' has no partition 5", 'it has 1')),
                (('produce', 'small', '--key-separator', ':'), b'a:b\nnokey\nc:d', ("line 2 has no key separator ':'",))):
            with self.subTest(arguments):
                _, said = self.moldau(*arguments, code=1, stdin=stdin)
                for word in words:
                    self.assertIn(word, said)
        # What stood before the broken line was sent, nothing behind it.
        self.assertEqual(self.kcat('small'), [['0', 'a', 'b', '']])

    def test_misuse_is_told_apart(self):
        for arguments in ((), ('t', '--acks', '2'), ('t', '--codec', 'rar'), ('t', '--header', '=x'), ('t', '--batch-bytes', '0'), ('t', '--partition', '-1')):
            with self.subTest(arguments):
                self.moldau('produce', *arguments, code=2, brokers='127.0.0.1:1')


class Consume(Cli):
    def consume(self, *arguments):
        """The records of JSON lines."""
        return [json.loads(line) for line in self.moldau('-o', 'json', 'consume', *arguments)[0].splitlines()]

    def numbers(self, topic, count, partitions=1):
        self.moldau('topic', 'create', topic, '--partitions', str(partitions))
        self.moldau('produce', topic, '--partition', '0', '--batch-bytes', '20', stdin=''.join(f'{i}\n' for i in range(count)).encode())

    def test_what_kcat_writes_in_every_codec_is_read(self):
        for codec in Produce.CODECS:
            with self.subTest(codec):
                topic = 'kcat-' + codec
                self.moldau('topic', 'create', topic)
                subprocess.run(['kcat', '-P', '-b', self.broker.address, '-t', topic, '-z', codec, '-K', ':', '-Z', '-H', 'h=1'], input=b'k:v\nn:\nlong:' + b'y' * 5000,
                               capture_output=True, timeout=60, check=True)
                self.assertEqual([(r['offset'], r['key'], r['value'], r['headers']) for r in self.consume(topic)],
                                 [(i, k, v, [{'key': 'h', 'value': '1'}]) for i, (k, v) in enumerate((('k', 'v'), ('n', None), ('long', 'y' * 5000)))])

    def test_reading_begins_and_ends_where_it_is_told(self):
        self.numbers('places', 100)
        for arguments, first, end in (((), 0, 100), (('--from', 'beginning', '--count', '7'), 0, 7), (('--from', '42'), 42, 100), (('--from', '100'), 100, 100),
                                      (('--from=-10',), 90, 100), (('--from', '-10'), 90, 100), (('--from=-1000',), 0, 100),
                                      (('--from', '50', '--count', '1'), 50, 51), (('--from', '1970-01-01'), 0, 100), (('--from', '9999-01-01'), 100, 100)):
            with self.subTest(arguments):
                self.assertEqual(self.moldau('consume', 'places', *arguments)[0].decode().split(), [str(i) for i in range(first, end)])

    def test_reading_begins_at_a_time(self):
        self.moldau('topic', 'create', 'times')
        for value in (b'old', b'new'):
            self.moldau('produce', 'times', stdin=value)
        time = self.consume('times')[1]['timestamp']
        self.assertEqual([r['value'] for r in self.consume('times', '--from', f'@{time}')], ['new'])

    def test_all_partitions_are_read_or_those_that_are_named(self):
        self.moldau('topic', 'create', 'parts', '--partitions', '12')
        for partition in range(12):
            self.moldau('produce', 'parts', '--partition', str(partition), stdin=str(partition).encode())
        self.assertEqual(sorted((r['partition'], r['value']) for r in self.consume('parts')), [(i, str(i)) for i in range(12)])
        self.assertEqual(sorted(r['partition'] for r in self.consume('parts', '--partition', '3', '--partition', '5')), [3, 5])

    def test_following_shows_what_comes(self):
        self.numbers('followed', 3)
        follower = subprocess.Popen([BINARY, '--brokers', self.broker.address, 'consume', 'followed', '--follow', '--count', '4'], stdout=subprocess.PIPE)
        self.assertEqual([follower.stdout.readline() for _ in range(3)], [b'0\n', b'1\n', b'2\n'])
        self.moldau('produce', 'followed', stdin=b'later')
        self.assertEqual(follower.communicate(timeout=30)[0], b'later\n')
        self.assertEqual(follower.returncode, 0)

    def test_keys_nulls_and_bytes_are_written_as_asked(self):
        self.moldau('topic', 'create', 'written')
        self.moldau('produce', 'written', '--key-separator', ':', '--null', '-', '--header', 'n', stdin=b'a:1\n-:-\nraw:\xff\x00')
        self.assertEqual(self.moldau('consume', 'written', '--key-separator', '=', '--null', 'nil')[0], b'a=1\nnil=nil\nraw=\xff\x00\n')
        last = self.consume('written')[2]
        self.assertEqual((last['key'], last['value_base64'], last['headers']), ('raw', '/wA=', [{'key': 'n', 'value': None}]))

    def test_what_fails_says_what_and_what_to_do(self):
        self.numbers('short', 3)
        for arguments, words in ((('nowhere',), ("'nowhere' does not exist",)), (('short', '--from', '4'), ("'short' has no offset 4", 'it holds 0 to 3')),
                                 (('short', '--partition', '9'), ("'short' has no partition 9", 'it has 1'))):
            with self.subTest(arguments):
                _, said = self.moldau('consume', *arguments, code=1)
                for word in words:
                    self.assertIn(word, said)
        for arguments in ((), ('short', '--from', 'somewhere'), ('short', '--from', 'end'), ('short', '--count', '0')):
            with self.subTest(arguments):
                self.moldau('consume', *arguments, code=2, brokers='127.0.0.1:1')


class Groups(Cli):
    def consume(self, topic, group, count):
        """By Kafka's own console consumer, which commits and leaves."""
        self.tool('console-consumer', '--bootstrap-server', self.broker.address, '--topic', topic, '--group', group, '--max-messages', str(count), '--timeout-ms', '30000',
                  '--command-property', 'auto.offset.reset=earliest')

    def topic(self, name, partitions, lines):
        self.moldau('topic', 'create', name, '--partitions', str(partitions))
        for partition in range(partitions):
            self.moldau('produce', name, '--partition', str(partition), stdin='\n'.join(f'{i}' for i in range(lines)).encode())

    def test_what_a_consumer_has_committed_is_shown_beside_the_end(self):
        self.topic('lag', 2, 10)
        self.consume('lag', 'lagging', 20)
        self.moldau('produce', 'lag', '--partition', '1', stdin=b'x\ny\nz')
        self.assertIn({'name': 'lagging', 'type': 'classic', 'protocol': 'consumer', 'state': 'Empty'}, self.data('group', 'list'))
        rows = self.data('group', 'lag', 'lagging')
        self.assertEqual([(r['topic'], r['partition'], r['committed'], r['end'], r['lag']) for r in rows], [('lag', 0, 10, 10, 0), ('lag', 1, 10, 13, 3)])
        table = [line.split() for line in self.moldau('group', 'lag', 'lagging')[0].decode().splitlines()]
        self.assertEqual(table, [['GROUP', 'TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG'], ['lagging', 'lag', '0', '10', '10', '0'], ['lagging', 'lag', '1', '10', '13', '3']])
        self.moldau('topic', 'delete', '--yes', 'lag')

    def test_members_are_described_with_their_partitions(self):
        self.topic('members', 3, 1)
        consumer = subprocess.Popen([TOOL, 'console-consumer', '--bootstrap-server', self.broker.address, '--topic', 'members', '--group', 'membered',
                                     '--command-property', 'client.id=me', '--command-property', 'group.instance.id=i1', '--command-property', 'auto.offset.reset=earliest'],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            self.assertEqual(consumer.stdout.readline(), b'0\n')
            [group] = self.data('group', 'describe', 'membered')
            self.assertEqual((group['state'], group['protocol_type'], group['protocol']), ('Stable', 'consumer', 'range'))
            [member] = group['members']
            self.assertEqual((member['client_id'], member['host'], member['instance'], member['partitions']), ('me', '/127.0.0.1', 'i1', {'members': [0, 1, 2]}))
            self.assertRegex(self.moldau('group', 'describe', 'membered')[0].decode(), r'(?m)^me +/127\.0\.0\.1 +i1 +members=0,1,2 +\S+$')
            for command in (('delete', '--yes', 'membered'), ('seek', '--yes', 'membered', 'members', '--to', 'beginning')):
                self.assertIn('has members', self.moldau('group', *command, code=1)[1])
        finally:
            consumer.kill()
            consumer.wait()
            consumer.stdout.close()

    def test_a_group_is_moved_and_reads_from_there(self):
        self.topic('moved', 2, 10)
        self.assertEqual(self.data('group', 'seek', 'mover', 'moved', '--to', '4', '--dry-run'),
                         [{'group': 'mover', 'topic': 'moved', 'partition': p, 'before': None, 'now': 4} for p in (0, 1)])
        self.assertIn('does not exist', self.moldau('group', 'lag', 'mover', code=1)[1])
        self.moldau('group', 'seek', '--yes', 'mover', 'moved', '--to', '4')
        self.consume('moved', 'mover', 12)
        for to, now in (('beginning', [0, 0]), ('end', [10, 10]), ('-3', [7, 7]), ('2001-01-01', [0, 0])):
            self.assertEqual([r['now'] for r in self.data('group', 'seek', '--yes', 'mover', 'moved', '--to', to)], now, to)
        [row] = self.data('group', 'seek', '--yes', 'mover', 'moved', '--to', '9', '--partition', '1')
        self.assertEqual((row['partition'], row['before'], row['now']), (1, 0, 9))
        self.assertEqual([r['committed'] for r in self.data('group', 'lag', 'mover')], [0, 9])
        self.assertIn('has no offset 99', self.moldau('group', 'seek', '--yes', 'mover', 'moved', '--to', '99', code=1)[1])
        self.assertIn("topic 'nowhere' does not exist", self.moldau('group', 'seek', '--yes', 'mover', 'nowhere', '--to', 'end', code=1)[1])
        self.assertIn('--to', self.moldau('group', 'seek', '--yes', 'mover', 'moved', '--to', 'somewhere', code=2)[1])

    def test_groups_are_deleted_when_somebody_says_so(self):
        self.topic('deleted', 1, 1)
        self.moldau('group', 'seek', '--yes', 'doomed', 'deleted', '--to', 'end')
        self.assertIn('nobody to ask', self.moldau('group', 'delete', 'doomed', code=2)[1])
        self.assertEqual(self.data('group', 'delete', '--dry-run', 'doomed'), [{'name': 'doomed'}])
        self.assertIn('doomed', [g['name'] for g in self.data('group', 'list')])
        self.assertEqual(self.data('group', 'delete', '--yes', 'doomed'), [{'name': 'doomed'}])
        self.assertNotIn('doomed', [g['name'] for g in self.data('group', 'list')])
        for command in (('delete', '--yes'), ('delete', '--dry-run'), ('describe',), ('lag',)):
            self.assertIn("group 'doomed' does not exist", self.moldau('group', *command, 'doomed', code=1)[1])
        # Of several those that are there are told, and deleted.
        self.moldau('group', 'seek', '--yes', 'kept', 'deleted', '--to', 'end')
        for command, field in (('describe', 'name'), ('lag', 'group'), ('delete', 'name')):
            self.assertEqual([each[field] for each in self.data('group', command, '--yes', 'doomed', 'kept', code=1)], ['kept'], command)


class Administration(Cli):
    def test_offsets_are_shown_and_records_trimmed(self):
        self.moldau('topic', 'create', 'trimmed', '--partitions', '2')
        self.moldau('produce', 'trimmed', '--partition', '0', stdin=b'a\nb\nc\nd')
        rows = [{'topic': 'trimmed', 'partition': 0, 'start': 0, 'end': 4, 'at': None}, {'topic': 'trimmed', 'partition': 1, 'start': 0, 'end': 0, 'at': None}]
        self.assertEqual(self.data('topic', 'offsets', 'trimmed'), rows)
        self.assertEqual([r['at'] for r in self.data('topic', 'offsets', 'trimmed', '--at', '-1')], [3, 0])
        trim = ('topic', 'trim', 'trimmed', '--before', '2', '--partition', '0')
        self.assertIn('nobody to ask', self.moldau(*trim, code=2)[1])
        self.assertEqual(self.data(*trim, '--dry-run'), [{'topic': 'trimmed', 'partition': 0, 'start': 2}])
        self.assertEqual(self.data('topic', 'offsets', 'trimmed'), rows)
        self.assertEqual(self.data(*trim, '--yes'), [{'topic': 'trimmed', 'partition': 0, 'start': 2}])
        self.assertEqual([r['start'] for r in self.data('topic', 'offsets', 'trimmed')], [2, 0])
        self.assertEqual([json.loads(line)['value'] for line in self.moldau('-o', 'json', 'consume', 'trimmed')[0].splitlines()], ['c', 'd'])
        self.assertIn('has no offset 9', self.moldau('topic', 'trim', '--yes', 'trimmed', '--before', '9', '--partition', '0', code=1)[1])
        self.moldau('topic', 'trim', '--yes', 'trimmed', '--before', 'end')
        self.assertEqual([r['start'] for r in self.data('topic', 'offsets', 'trimmed')], [4, 0])

    def test_partitions_are_added(self):
        self.moldau('topic', 'create', 'grown', '--partitions', '2')
        self.assertEqual(self.data('topic', 'add-partitions', 'grown', '--to', '5', '--dry-run'), [{'name': 'grown', 'partitions': 5}])
        self.assertEqual(len(self.data('topic', 'offsets', 'grown')), 2)
        self.moldau('topic', 'add-partitions', 'grown', '--to', '3')
        self.until(3, lambda: self.data('topic', 'describe', 'grown')[0]['partitions'][-1]['partition'] + 1)
        self.assertIn('INVALID_PARTITIONS', self.moldau('topic', 'add-partitions', 'grown', '--to', '3', code=1)[1])
        self.assertIn('does not exist', self.moldau('topic', 'add-partitions', 'nowhere', '--to', '3', code=1)[1])

    def test_settings_of_topics_are_changed_and_explained(self):
        self.moldau('topic', 'create', 'altered')
        self.moldau('topic', 'alter', 'altered', '--config', 'retention.ms=5000', '--config', 'max.message.bytes=2000', '--dry-run')
        self.assertEqual(self.data('config', 'get', 'topic', 'altered'), [])
        self.assertEqual(self.data('topic', 'alter', 'altered', '--config', 'retention.ms=5000', '--config', 'max.message.bytes=2000'),
                         [{'topic': 'altered', 'key': 'retention.ms', 'value': '5000'}, {'topic': 'altered', 'key': 'max.message.bytes', 'value': '2000'}])
        self.assertEqual(self.data('config', 'set', 'topic', 'altered', 'segment.ms=60000'), [{'entity_type': 'topic', 'entity': 'altered', 'key': 'segment.ms', 'value': '60000'}])
        self.until({'retention.ms': ('5000', 'topic'), 'max.message.bytes': ('2000', 'topic'), 'segment.ms': ('60000', 'topic')},
                   lambda: {c['name']: (c['value'], c['source']) for c in self.data('config', 'get', 'topic', 'altered')})
        self.moldau('topic', 'alter', 'altered', '--unset', 'retention.ms')
        self.assertEqual(self.data('config', 'unset', 'topic', 'altered', 'segment.ms'), [{'entity_type': 'topic', 'entity': 'altered', 'key': 'segment.ms', 'value': None}])
        self.until(['max.message.bytes'], lambda: [c['name'] for c in self.data('config', 'get', 'topic', 'altered')])
        [config] = self.data('config', 'explain', 'topic', 'altered', 'retention.ms')
        self.assertEqual((config['value'], config['source'], config['type'], config['set_here']), ('604800000', 'default', 'long', False))
        self.assertGreater(len(config['documentation']), 20)
        self.assertGreater(len(self.data('config', 'get', 'topic', 'altered', '--all')), 25)
        for arguments, said in ((('set', 'topic', 'altered', 'retention.ms=abc'), 'INVALID_CONFIG'), (('set', 'topic', 'altered', 'nope=1'), 'INVALID_CONFIG'),
                                (('set', 'topic', 'nowhere', 'retention.ms=1'), 'does not exist'), (('get', 'topic', 'altered', 'nope'), "has no setting 'nope'")):
            self.assertIn(said, self.moldau('config', *arguments, code=1)[1])
        self.assertIn('nothing to change', self.moldau('topic', 'alter', 'altered', code=2)[1])
        self.assertIn('is not KEY=VALUE', self.moldau('config', 'set', 'topic', 'altered', 'retention.ms', code=2)[1])
        # All or none.
        self.moldau('config', 'set', 'topic', 'altered', 'retention.ms=7000', 'segment.ms=abc', code=1)
        self.assertEqual([c['name'] for c in self.data('config', 'get', 'topic', 'altered')], ['max.message.bytes'])

    def test_settings_of_brokers_groups_and_metrics_are_changed(self):
        [broker] = [str(b['id']) for b in self.data('broker', 'list')]
        for kind, name, key, value in (('broker', 'default', 'log.retention.ms', '7000'), ('broker', broker, 'log.retention.ms', '8000'),
                                       ('group', 'configured', 'consumer.session.timeout.ms', '50000'), ('client-metrics', 'configured', 'interval.ms', '1000')):
            self.moldau('config', 'set', kind, name, f'{key}={value}')
            self.until([(key, value)], lambda: [(c['name'], c['value']) for c in self.data('config', 'get', kind, name) if c['name'] == key])
            self.moldau('config', 'unset', kind, name, key)
            self.until([], lambda: [c['name'] for c in self.data('config', 'get', kind, name) if c['name'] == key])
        self.assertIn('root', [c['name'] for c in self.data('config', 'get', 'broker-logger', broker, '--all')])
        self.assertIn('is not in the cluster', self.moldau('config', 'get', 'broker', '99', code=1)[1])
        self.assertIn('is no broker', self.moldau('config', 'get', 'broker', 'x', code=2)[1])

    def test_the_cluster_and_its_brokers_are_described(self):
        [broker] = self.data('broker', 'list')
        self.assertEqual(f"{broker['host']}:{broker['port']}", self.broker.address)
        self.assertTrue(broker['controller'])
        [info] = self.data('cluster', 'info')
        self.assertEqual((len(info['cluster_id']), info['brokers'], info['partitions_without_leader']), (22, [broker], 0))
        self.assertIn(self.broker.address, self.moldau('cluster', 'info')[0].decode())

    def test_a_broker_is_described_with_what_is_inside_it(self):
        [listed] = self.data('broker', 'list')
        self.moldau('topic', 'create', 'inside', '--partitions', '3')
        self.moldau('produce', 'inside', stdin=b'x' * 5000)
        self.moldau('config', 'set', 'broker', str(listed['id']), 'log.cleaner.threads=2')
        self.until({'log.cleaner.threads': '2'}, lambda: self.data('broker', 'describe', str(listed['id']))[0]['configs'])
        [broker] = self.data('broker', 'describe', str(listed['id']))
        self.assertEqual({key: broker[key] for key in listed}, listed)
        self.assertEqual(broker['partitions_led'], broker['partitions_held'])
        self.assertGreaterEqual(broker['partitions_held'], 3)
        self.assertGreater(broker['apis'], 30)
        versions = {each['name']: each for each in broker['features']}
        self.assertEqual((versions['metadata.version']['max'], versions['metadata.version']['finalized']), (30, 30))
        [directory] = broker['log_dirs']
        self.assertEqual((directory['error'], directory['moving_in'], directory['cordoned']), (None, 0, False))
        # Those of the metadata topic are not told.
        self.assertEqual(directory['replicas'], broker['partitions_held'])
        self.assertGreater(directory['bytes'], 5000)
        self.assertGreater(directory['total_bytes'], directory['usable_bytes'])
        self.assertIn(f"{directory['path']}  ", self.moldau('broker', 'describe', str(listed['id']))[0].decode())
        self.assertIn('broker 99 is not in the cluster', self.moldau('broker', 'describe', '99', code=1)[1])
        self.moldau('config', 'unset', 'broker', str(listed['id']), 'log.cleaner.threads')


def in_order(entry):
    return json.dumps(entry, sort_keys=True)


class Quotas(Cli):
    def listed(self, *arguments):
        return sorted(((each['entity'], each['quotas']) for each in self.data('quota', 'list', *arguments)), key=in_order)

    def test_quotas_are_set_listed_and_taken_away(self):
        self.assertEqual(self.data('quota', 'set', '--user', 'alice', 'producer_byte_rate=1024', 'request_percentage=12.5', '--dry-run'),
                         [{'entity': {'user': 'alice'}, 'key': key, 'value': value} for key, value in (('producer_byte_rate', 1024), ('request_percentage', 12.5))])
        self.assertEqual(self.listed(), [])
        self.moldau('quota', 'set', '--user', 'alice', 'producer_byte_rate=1024', 'request_percentage=12.5')
        self.moldau('quota', 'set', '--user', 'alice', '--client', 'app', 'consumer_byte_rate=2048')
        self.moldau('quota', 'set', '--client-default', 'consumer_byte_rate=4096')
        self.moldau('quota', 'set', '--ip', '127.0.0.9', 'connection_creation_rate=5')
        alice = ({'user': 'alice'}, {'producer_byte_rate': 1024, 'request_percentage': 12.5})
        app = ({'user': 'alice', 'client-id': 'app'}, {'consumer_byte_rate': 2048})
        default = ({'client-id': None}, {'consumer_byte_rate': 4096})
        address = ({'ip': '127.0.0.9'}, {'connection_creation_rate': 5})
        everything = sorted((alice, app, default, address), key=in_order)
        self.until(everything, self.listed)
        self.assertEqual(self.listed('--user', 'alice'), sorted((alice, app), key=in_order))
        self.assertEqual(self.listed('--client-default'), [default])
        self.assertEqual(self.listed('--user-default'), [])
        kafkas = self.tool('configs', '--bootstrap-server', self.broker.address, '--describe', '--entity-type', 'ips', '--entity-name', '127.0.0.9')
        self.assertIn('connection_creation_rate=5.0', kafkas)
        table = [re.split(r'  +', line) for line in self.moldau('quota', 'list')[0].decode().splitlines()]
        self.assertEqual(table[0], ['ENTITY', 'QUOTAS'])
        self.assertIn(['client-id=(default)', 'consumer_byte_rate=4096'], table)
        self.assertIn(['client-id=app user=alice', 'consumer_byte_rate=2048'], table)
        self.assertEqual(self.data('quota', 'unset', '--user', 'alice', 'request_percentage'), [{'entity': {'user': 'alice'}, 'key': 'request_percentage', 'value': None}])
        self.until([app, ({'user': 'alice'}, {'producer_byte_rate': 1024})], lambda: self.listed('--user', 'alice'))
        for arguments in (('--user', 'alice', 'producer_byte_rate'), ('--user', 'alice', '--client', 'app', 'consumer_byte_rate'), ('--client-default', 'consumer_byte_rate'),
                          ('--ip', '127.0.0.9', 'connection_creation_rate')):
            self.moldau('quota', 'unset', *arguments)
        self.until([], self.listed)

    def test_what_fails_says_what(self):
        for arguments, words in ((('--user', 'x', 'no_such_rate=1'), ('INVALID_REQUEST', 'no_such_rate')), (('--ip', '127.0.0.1', '--user', 'x', 'connection_creation_rate=1'), ('INVALID_REQUEST',)),
                                 (('--user', 'x', 'producer_byte_rate=-1'), ('INVALID_REQUEST',))):
            with self.subTest(arguments):
                said = self.moldau('quota', 'set', *arguments, code=1)[1]
                for word in words:
                    self.assertIn(word, said)
        for arguments in (('set', 'producer_byte_rate=1'), ('set', '--user', 'x', 'producer_byte_rate=much'), ('set', '--user', 'x'), ('unset', 'producer_byte_rate'),
                          ('set', '--user', 'x', '--user-default', 'producer_byte_rate=1')):
            with self.subTest(arguments):
                self.moldau('quota', *arguments, code=2, brokers='127.0.0.1:1')


del Cli  # a base, no test

if __name__ == '__main__':
    BINARY = sys.argv.pop(1)
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        MOLDAUD = sys.argv.pop(1)
    unittest.main(verbosity=2)
