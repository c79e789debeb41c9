#!/usr/bin/env python3
"""The same loads on Moldau and on Apache Kafka, one after another on this machine, and their figures beside each other and
beside those of bare loops, which do what the kernel makes everyone pay for.

  side_by_side.py --bench MOLDAU-BENCH --moldaud MOLDAUD --bare BARE_LOOPS [OPTIONS]     `./dev bench side-by-side [OPTIONS]` builds them first

Each engine runs with fresh data on loopback ports that were free; its own CPU time and memory are measured. In each
round an engine is started, left idle, loaded for a while as it is after a start, and then, warm, again: 1 KiB records in 64 KiB
batches, the same read again, in large and in small fetches, one record of 100 bytes in each request, a fixed rate. The figures
are the medians of the rounds."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from engines import (Failed, about, as_text, compared_engines, comparison, comparison_parser, comparison_table, consumed_by_kafkas_tool, in_turn, load,
                     machine, markdown_table, medians, positive, write_results)
from warm_memory import WarmMemory

SMALL_FETCHES = ('--fetch-bytes', '65536', '--partition-bytes', '65536')

# name in a round's figures | what it is | unit | factor to the unit | digits
ROWS = (
    ('produce_cpu_s_per_gb', 'produce: broker CPU for each GB', 's/GB', 1, 2),
    ('produce_mb_per_s', 'produce: throughput', 'MB/s', 1, 0),
    ('produce_first_cpu_s_per_gb', 'produce, first after the start: CPU for each GB', 's/GB', 1, 2),
    ('consume_cpu_s_per_gb', 'consume: broker CPU for each GB', 's/GB', 1, 2),
    ('consume_mb_per_s', 'consume: throughput', 'MB/s', 1, 0),
    ('consume_java_cpu_s_per_gb', "consume, Kafka's own consumer: CPU for each GB", 's/GB', 1, 2),
    ('consume_first_cpu_s_per_gb', 'consume, first after the start: CPU for each GB', 's/GB', 1, 2),
    ('consume_small_cpu_s_per_gb', 'consume, 64 KiB a fetch: CPU for each GB', 's/GB', 1, 2),
    ('unbatched_cpu_us', 'unbatched: broker CPU for each request', 'µs', 1, 1),
    ('unbatched_per_s', 'unbatched: requests a second', '1/s', 1, 0),
    ('latency_p50_us', 'latency at {rate}/s: p50', 'µs', 1, 0),
    ('latency_p99_us', 'latency at {rate}/s: p99', 'µs', 1, 0),
    ('latency_p999_us', 'latency at {rate}/s: p99.9', 'µs', 1, 0),
    ('latency_max_us', 'latency at {rate}/s: max', 'µs', 1, 0),
    ('idle_rss_bytes', 'resident memory, idle', 'MB', 1e-6, 1),
    ('loaded_rss_bytes', 'resident memory, peak under load', 'MB', 1e-6, 1),
    ('idle_cpu_percent', 'CPU of one core, idle', '%', 1, 2),
    ('start_ms', 'start to ready, empty', 'ms', 1, 0),
)
RECORD_BYTES = 1024
REPEATS = 3  # in a round, of what takes a second or two
MORE_IS_BETTER = {'produce_mb_per_s', 'consume_mb_per_s', 'unbatched_per_s'}


def idle(engine, seconds):
    """Lets it rest, and says what it uses meanwhile."""
    time.sleep(seconds)
    before, begun = engine.process.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    used = (engine.process.cpu_seconds() - before) / (time.monotonic() - begun)
    return {'idle_cpu_percent': used * 100, 'idle_rss_bytes': engine.process.memory('VmRSS')}


def load_all(options, engine, figures, reports):
    """Every kind of load on one engine."""
    records = int(options.gigabytes * 1e9 / RECORD_BYTES)
    partitions = ('--create', '--partitions', str(options.partitions))
    seconds = ('--duration-s', str(options.seconds))
    warm = ('--duration-s', str(options.warmup_s))
    reports['produce_first'] = load(options, engine, 'produce', 'warm', *partitions, *warm)
    reports['consume_first'] = load(options, engine, 'consume', 'warm')
    load(options, engine, 'consume', 'warm', *SMALL_FETCHES, *warm)
    load(options, engine, 'produce', 'warm', '--unbatched', '--record-bytes', '100', *warm)

    topics = [f'large-{n}' for n in range(REPEATS)]
    reports['produce'] = median_of(load(options, engine, 'produce', topic, *partitions, '--records', str(records)) for topic in topics)
    large = topics[-1]
    reports['consume'] = median_of(load(options, engine, 'consume', large) for _ in range(REPEATS))
    by_java = [consumed_by_kafkas_tool(engine, large, records) for _ in range(REPEATS)]
    figures['consume_java_cpu_s_per_gb'] = statistics.median(by_java) / (records * RECORD_BYTES) * 1e9
    reports['consume_small'] = load(options, engine, 'consume', large, *SMALL_FETCHES)
    reports['unbatched'] = load(options, engine, 'produce', 'small', *partitions, '--unbatched', '--record-bytes', '100', *seconds)
    reports['latency'] = load(options, engine, 'produce', 'paced', *partitions, '--rate', str(options.rate), *seconds)
    for kind in ('produce_first', 'produce', 'consume_first', 'consume', 'consume_small'):
        figures[f'{kind}_cpu_s_per_gb'] = cpu_seconds_per_gb(reports[kind])
    for kind in ('produce', 'consume'):
        figures[f'{kind}_mb_per_s'] = reports[kind]['mb_per_second']
    figures['unbatched_cpu_us'] = reports['unbatched']['processes'][0]['cpu_us_per_batch']
    figures['unbatched_per_s'] = reports['unbatched']['records_per_second']


def one_round(options, make):
    """One engine from start to stop: figures, and the reports that they come from."""
    engine = make(options)
    try:
        figures, reports = {'start_ms': engine.start_ms}, {}
        figures.update(idle(engine, options.idle_s))
        load_all(options, engine, figures, reports)
        latency = reports['latency']['latency_us']
        for name, key in (('p50', 'p50'), ('p99', 'p99'), ('p999', 'p99.9'), ('max', 'max')):
            figures[f'latency_{name}_us'] = latency[key]
        figures['loaded_rss_bytes'] = engine.process.memory('VmHWM')
        return {'figures': figures, 'reports': reports}
    finally:
        engine.stop()


def cpu_seconds_per_gb(report):
    return report['processes'][0]['cpu_seconds_per_gb']


def median_of(reports):
    return sorted(reports, key=cpu_seconds_per_gb)[REPEATS // 2]


def bare_round(options):
    """What the machine's kernel makes everyone pay for: bench/bare/bare_loops.cpp."""

    def used(kind, amount):
        done = subprocess.run([options.bare, kind, path, str(amount)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f'bare_loops {kind}: {done.stderr.strip()}')
        return float(done.stdout)

    size, requests = int(options.gigabytes * 1e9), int(options.seconds * 20_000)
    with tempfile.TemporaryDirectory(prefix='moldau-bench-', dir=options.scratch) as folder:
        path = os.path.join(folder, 'log')
        figures = {f'{kind}_cpu_s_per_gb': statistics.median(used(kind, size) for _ in range(REPEATS)) / size * 1e9 for kind in ('produce', 'consume')}
        figures['unbatched_cpu_us'] = used('unbatched', requests) / requests * 1e6
    return {'figures': figures}


def table(options, result):
    head, *lines = comparison_table(options, ROWS, MORE_IS_BETTER, result)
    bares = [(result['bare']['figures'].get(key), factor, digits) for key, _, _, factor, digits in ROWS]
    return [[*head, 'bare loop']] + [[*line, f'{bare * factor:,.{digits}f}' if bare is not None else '']
                                     for line, (bare, factor, digits) in zip(lines, bares)]


def as_markdown(options, result, lines):
    return '\n'.join(['# Side by side', '', *markdown_table(lines), '', 'The last column says how many times better the second engine is (less, or more a second).', '',
                      f'Medians of {options.rounds} rounds. Produce: {options.gigabytes:g} GB of 1 KiB records in 64 KiB batches, acks=all, idempotent, '
                      f'5 in flight, {options.partitions} partitions; consume: the same, from the page cache, 1 MiB of a partition and 8 MiB in all '
                      f'a fetch (each {REPEATS} times a round, the median); Kafka\'s own consumer is kafka-consumer-perf-test. "First after the start" '
                      f'is the first {options.warmup_s:g} s of producing after the start and the first reading of that; all else comes after it. '
                      'Unbatched: 100 bytes a request, '
                      f'5 in flight. Latency: {options.rate} records of 1 KiB a second, from the intended send time, linger 0. '
                      'CPU time and memory are the broker\'s own; nothing is fsynced (`flush.*` at its defaults). '
                      'The bare loop (bench/bare) is one thread with blocking calls that receives, sums, writes and answers, or sends '
                      'by `sendfile` in pieces of 1 MB. Free memory: bench/warm_memory.py.', '',
                      *about(result), '', 'Made by `./dev bench side-by-side`; the JSON beside this page has every report.', ''])


def parse(arguments):
    parser = comparison_parser(__doc__, 'side-by-side')
    parser.add_argument('--bare', required=True, metavar='FILE', help='bare_loops')
    parser.add_argument('--gigabytes', type=positive, default=2, help='to produce and consume in a round (default: 2)')
    parser.add_argument('--seconds', type=positive, default=10, help='of the unbatched load and of the fixed rate (default: 10)')
    parser.add_argument('--warmup-s', type=positive, default=10, help='of each kind, before anything is measured (default: 10)')
    parser.add_argument('--idle-s', type=positive, default=5, help='to rest, and again while idle use is measured (default: 5)')
    parser.add_argument('--rate', type=int, default=2000, help='records a second where latency is measured (default: 2000)')
    parser.add_argument('--partitions', type=int, default=4, help='of each topic (default: 4)')
    parser.add_argument('--cold-memory', action='store_true', help='leave the free memory alone: see bench/warm_memory.py')
    options = parser.parse_args(arguments)
    options.engines = compared_engines(parser, options)
    if options.rounds < 1 or options.rate < 1 or options.partitions < 1:
        parser.error('--rounds, --rate and --partitions are at least 1')
    if options.quick:
        options.rounds, options.gigabytes, options.seconds, options.warmup_s, options.idle_s = 1, 0.1, 2, 1, 1
    return options


def main():
    options = parse(sys.argv[1:])
    bare, where = [], machine()
    try:
        with WarmMemory(not options.cold_memory) as memory:
            where['free memory'] = memory.note
            rounds = in_turn(options, one_round, then=lambda: bare.append(bare_round(options)))
    except Failed as failure:
        print(f'error: {failure}', file=sys.stderr)
        return 1
    result = {**comparison(options, where, rounds), 'bare': {'figures': medians(bare), 'rounds': bare}}
    lines = table(options, result)
    print(as_text(lines))
    write_results(options, result, as_markdown(options, result, lines))
    return 0


if __name__ == '__main__':
    sys.exit(main())
