#!/usr/bin/env python3
"""What a well-behaved client has to suffer from others: its end-to-end latency alone, and beside slow senders, readers that never
read, a flood of connections, and all of them at once (bench/neighbours.py).

  bad_neighbours.py --bench MOLDAU-BENCH --moldaud MOLDAUD [OPTIONS]     `./dev bench neighbours [OPTIONS]` builds them first

Each round measures the client alone and beside each kind, in turn, on the same broker. Exit code 1: the p99 beside some kind was,
in the median of the rounds, more than --limit times the p99 alone in the same round."""
import json
import os
import statistics
import subprocess
import sys
import time

from engines import ENGINES, HERE, Failed, about, as_text, load, machine, markdown_table, measurement_parser, positive, told, write_results

KINDS = {'alone': (), 'slow': ('slow',), 'deaf': ('deaf',), 'flood': ('flood',), 'all': ('slow', 'deaf', 'flood')}
WHAT = {'alone': 'alone', 'slow': 'beside {count} senders of a byte a second', 'deaf': 'beside {count} readers that never read',
        'flood': 'beside {flood_rate} new connections a second', 'all': 'beside all of these'}
LONGEST_S = 60  # that the client may take beside its --seconds: then its neighbours end by themselves
TOPIC_MB = 100  # for those who ask and do not read


class Beside:
    """`with Beside(…) as b:` neighbours run meanwhile; b.said is what they did."""

    def __init__(self, options, engine, kinds):
        self.options, self.engine, self.kinds, self.said = options, engine, kinds, []

    def __enter__(self):
        command = [sys.executable, '-B', os.path.join(HERE, 'neighbours.py'), self.engine.address, '--count', str(self.options.count), '--rate', str(self.options.flood_rate),
                   '--seconds', str(self.options.seconds + self.options.settle_s + LONGEST_S)]
        # Their first rush is over when the client begins: it is about those who stay.
        self.children = [subprocess.Popen([*command, '--kind', kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) for kind in self.kinds]
        for child in self.children:
            child.stdout.readline()  # it is ready, to be told to end as well
        time.sleep(self.options.settle_s if self.kinds else 0)
        return self

    def __exit__(self, kind, value, trace):
        for child in self.children:
            child.terminate()
            out = child.communicate(timeout=120)[0]
            if kind is None and child.returncode != 0:
                raise Failed(f'{self.engine.name}: neighbours ended with {child.returncode}')
            if out:
                self.said.append(json.loads(out))


def client(options, engine):
    return load(options, engine, 'latency', 'good', '--create', '--partitions', '4', '--rate', str(options.rate), '--duration-s', str(options.seconds))


def measure(options, make):
    """One engine, all rounds: {kind: [report of each round]}."""
    engine = make(options)
    reports = {kind: [] for kind in KINDS}
    try:
        load(options, engine, 'produce', 'neighbours', '--create', '--partitions', '1', '--records', str(TOPIC_MB * 1000))
        client(options, engine)  # warm
        for number in range(options.rounds):
            for kind, parts in KINDS.items():
                print(f'{engine.name}: round {number + 1} of {options.rounds}: {kind}', file=sys.stderr, flush=True)
                with Beside(options, engine, parts) as beside:
                    report = client(options, engine)
                reports[kind].append({'report': report, 'neighbours': beside.said})
        return {'label': engine.name, 'version': make.version(options), 'rounds': reports, 'rss_bytes': engine.process.memory('VmHWM')}
    finally:
        engine.stop()


def p99(measured):
    return measured['report']['consumed']['latency_us']['p99']


def ratios(engine, kind):
    return [p99(beside) / p99(alone) for beside, alone in zip(engine['rounds'][kind], engine['rounds']['alone'])]


def table(options, result):
    lines = [['', 'engine', 'p50 µs', 'p99 µs', 'p99.9 µs', 'p99 : alone', 'from', 'to']]
    for engine in result['engines']:
        for kind in KINDS:
            consumed = [each['report']['consumed']['latency_us'] for each in engine['rounds'][kind]]
            cells = [f'{statistics.median(c[q] for c in consumed):,.0f}' for q in ('p50', 'p99', 'p99.9')]
            times = ratios(engine, kind)
            lines.append([WHAT[kind].format(**vars(options)), engine['label'], *cells, f'{statistics.median(times):.2f}', f'{min(times):.2f}', f'{max(times):.2f}'])
    return lines


def as_markdown(options, result, lines):
    return '\n'.join(['# Bad neighbours', '', *markdown_table(lines), '',
                      f'One client writes {options.rate} records of 1 KiB a second and reads them: end-to-end latency from the intended send time, medians of {options.rounds} '
                      f'rounds of {options.seconds:g} s; the ratios are of each round. The neighbours run on the same machine at the lowest priority (bench/neighbours.py).', '',
                      *about(result), *(f'- {e["label"]}: peak of resident memory {e["rss_bytes"] / 1e6:.1f} MB' for e in result['engines']), '',
                      'Made by `./dev bench neighbours`; the JSON beside this page has every report, and what the neighbours did.', ''])


def parse(arguments):
    parser = measurement_parser(__doc__, 'bad-neighbours')
    parser.add_argument('--engines', default='moldau', metavar='A[,B]', help=f'of {", ".join(ENGINES)} (default: moldau)')
    parser.add_argument('--rounds', type=int, default=5, help='(default: 5)')
    parser.add_argument('--seconds', type=positive, default=10, help='of each measurement (default: 10)')
    parser.add_argument('--settle-s', type=positive, default=2, help='between the coming of the neighbours and the client (default: 2)')
    parser.add_argument('--rate', type=int, default=1000, help='records a second of the client (default: 1000)')
    parser.add_argument('--count', type=int, default=200, help='slow senders, and readers that never read (default: 200)')
    parser.add_argument('--flood-rate', type=int, default=200, help='new connections a second (default: 200)')
    parser.add_argument('--limit', type=positive, default=2, help='of the ratio of p99 of the last engine (default: 2)')
    options = parser.parse_args(arguments)
    options.engines = options.engines.split(',')
    if not options.engines or any(e not in ENGINES for e in options.engines) or len(options.engines) != len(set(options.engines)):
        parser.error(f'--engines wants some of {", ".join(ENGINES)}')
    if min(options.rounds, options.rate, options.count, options.flood_rate) < 1:
        parser.error('--rounds, --rate, --count and --flood-rate are at least 1')
    return options


def main():
    options = parse(sys.argv[1:])
    where = machine()
    try:
        engines = [measure(options, ENGINES[name]) for name in options.engines]
    except Failed as failure:
        print(f'error: {failure}', file=sys.stderr)
        return 1
    result = {'machine': where, 'options': told(options), 'engines': engines}
    lines = table(options, result)
    print(as_text(lines))
    write_results(options, result, as_markdown(options, result, lines))
    over = {kind: statistics.median(ratios(engines[-1], kind)) for kind in KINDS if kind != 'alone'}
    over = {kind: value for kind, value in over.items() if value > options.limit}
    for kind, value in over.items():
        print(f'error: {engines[-1]["label"]}: p99 {WHAT[kind].format(**vars(options))} is {value:.2f} times that alone, more than {options.limit:g}', file=sys.stderr)
    return 1 if over else 0


if __name__ == '__main__':
    sys.exit(main())
