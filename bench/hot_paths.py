#!/usr/bin/env python3
"""Where moldaud's CPU time goes while it takes and gives records: perf's samples, summed up by what the work is for, and the bare
kernel loop of the same work beside it.

  hot_paths.py --bench MOLDAU-BENCH --moldaud MOLDAUD --bare BARE_LOOPS [OPTIONS]     `./dev bench profile [OPTIONS]` builds them first

Wants perf (Debian: linux-perf) and the right to look into the kernel (root, or kernel.perf_event_paranoid=-1 and
kernel.kptr_restrict=0)."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

from engines import HERE, Failed, Moldau, load, machine, markdown_table, positive
from warm_memory import WarmMemory

HERTZ = 999
ROWS = 25

# what it is | symbols | why it is needed; the first that fits counts
PARTS = (
    ('copying', r'copy_user|copy_to_user|copy_from_user|rep_movs|_copy_to_iter|_copy_from_iter|copy_page_from_iter|copyin|copyout|memcpy|memmove|simple_copy_to_iter|skb_copy_datagram|copy_folio|iov_iter|datagram_iter',
     'bytes go once from the socket to the daemon and once from there to the page cache; sendfile copies nothing, but the loopback\'s receiver does, in its own time'),
    ('CRC-32C', r'crc32', 'each batch is checked before it is believed, with ISA-L'),
    ('page cache and file system', r'ext4|xfs|btrfs|jbd2|folio|filemap|page_cache|xas_|xa_|balance_dirty|mark_buffer|block_write|__block|iomap|writeback|bio_|blk_|truncate|pagevec|lru_|__set_page|find_get|grab_cache|generic_perform_write|vfs_|file_|__fget|fdget|fput|rw_verify|cachestat|workingset|submit_b|buffer_head|block_commit|atime|generic_file|fdget|wbc_|inode|ksys_|sys_pwrite|sys_pread',
     'appending to a file: a place in the page cache, the dirty mark, the length of the file; and looking whether a range is in memory before sendfile'),
    ('memory', r'slab|kmem|kmalloc|kfree$|list_del_entry|__list_|__pi_memset|clear_page|alloc_pages|alloc_folio|rmqueue|get_page_from|free_unref|__free_|page_frag|page_counter|memcg|mem_cgroup|charge_|uncharge|page_fault|handle_mm|do_anonymous|zap_|unmap|mmap|brk|tlb|vma|prep_new',
     'each page of the page cache and each segment\'s head and buffer is taken from the kernel, counted for its group and given back'),
    ('TCP, IP and the loopback', r'tcp_|tcp4|tcp6|__tcp|ip_|__ip|ip6|inet|sk_|__sk|skb|__skb|netif|loopback|nf_|dev_|sock|napi|qdisc|net_rx|net_tx|__local_bh|softirq|softirqs|irq_exit|kfree_skb|consume_skb|__release_sock|lock_sock|splice|sendfile|pipe|unix_|ipv4|qdisc|xmit',
     'segments, acknowledgements and windows. Over a loopback the sender also does the receiver\'s part of it'),
    ('waking and waiting', r'epoll|ep_|wake|schedule|futex|eventfd|poll|ttwu|enqueue_|dequeue_|pick_next|pick_task|update_curr|update_load|select_task|select_idle|hrtimer|timer|rcu|sched|finish_task|try_to_wake|set_next|place_entity|cpuacct|psi_|resched|raw_spin|find_next_bit|cpumask|native_queued|clock|ktime|read_tsc|kvm_',
     'the other side is told that there is something, and the shard learns what has come. Samples of what ran with interrupts off fall here, too: where they are let in again'),
    ('entering and leaving the kernel', r'thunk|syscall|entry_|exit_to_user|__x64_sys|do_syscall|fentry|retpoline|srso|error_entry|asm_|ret_from|__put_user|import_iov|security_|apparmor|selinux|fsnotify',
     'few and large system calls: this part is what is left of it'),
    ('Asio', r'boost::asio|asio_', 'the loop that turns the kernel\'s readiness into tasks that go on'),
    ('Moldau', r'moldau::', 'the protocol, the checks and the log'),
    ('allocator', r'malloc|_int_free|free|operator new|operator delete|calloc|tcache|arena', 'a request\'s small objects; records\' bytes have buffers of their own'),
)
OTHER = 'other'


def part_of(symbol):
    return next((name for name, pattern, _ in PARTS if re.search(pattern, symbol)), OTHER)


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f'{" ".join(command[:2])}: {done.stderr.strip()[-500:]}')
    return done.stdout


def rows_of(report):
    """[(numbers, symbol)] of perf report's lines."""
    rows = []
    for line in report.splitlines():
        found = re.match(r'^ *((?:[\d.]+% +)+)\[([.k])\] +(.*\S) *$', line)
        if found:
            rows.append(([float(x) for x in found[1].replace('%', '').split()], found[2], found[3]))
    return rows


def shortened(symbol):
    """Without arguments and template parameters, which fill a line and say little."""
    name = symbol
    while (simpler := re.sub(r'<[^<>]*>|\((?!anonymous)[^()]*\)', '', name)) != name:
        name = simpler
    return re.sub(r' \[clone .*| const$', '', name).strip() or symbol


def together(reports):
    """Of several loads after one another, what the page tells."""
    bytes_, cpu = sum(r['batch_bytes'] for r in reports), sum(r['processes'][0]['cpu_seconds'] for r in reports)
    return {'records': sum(r['records'] for r in reports), 'mb_per_second': bytes_ / 1e6 / sum(r['elapsed_seconds'] for r in reports), 'cpu_seconds_per_gb': cpu / bytes_ * 1e9}


def profiled(options, engine, *arguments):
    """What moldau-bench said of the load, repeated for as long as perf looks, and what perf saw: rows of self and of children."""
    seconds, reports = options.seconds, []
    with tempfile.NamedTemporaryFile(prefix='moldau-perf-', dir=options.scratch) as data:
        command = ['perf', 'record', '-q', '-e', 'cpu-clock', '-F', str(HERTZ), '-g', '-p', str(engine.process.pid), '-o', data.name, '--', 'sleep', str(seconds)]
        perf = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            until = time.monotonic() + seconds
            while not reports or time.monotonic() < until:
                reports.append(load(options, engine, *arguments))
        finally:
            said = perf.communicate(timeout=seconds + 60)[1]
        if perf.returncode != 0:
            raise Failed(f'perf record: {said.strip()[-500:]}')
        same = ('perf', 'report', '-i', data.name, '--stdio', '-g', 'none', '--percent-limit', '0.05')
        own = rows_of(run(*same, '--no-children', '-F', 'overhead,symbol'))
        total = rows_of(run(*same, '--children', '-F', 'overhead_children,overhead,symbol'))
    if not own or not total:
        raise Failed('perf saw nothing: has it the right to look at other processes?')
    return together(reports), own, total


def bare(options, kind, amount):
    with tempfile.TemporaryDirectory(prefix='moldau-bench-', dir=options.scratch) as folder:
        path = os.path.join(folder, 'log')
        written = float(run(options.bare, 'produce', path, str(amount)))
        return written if kind == 'produce' else float(run(options.bare, 'consume', path, str(amount)))


def sums(own):
    by_part = {}
    for (share,), _, symbol in own:
        part = part_of(symbol)
        by_part[part] = by_part.get(part, 0) + share
    return sorted(by_part.items(), key=lambda each: -each[1])


def page(options, kind, where, report, own, total, bare_s_per_gb):
    why = {name: text for name, _, text in PARTS}
    why[OTHER] = 'what none of the patterns in bench/hot_paths.py names'
    parts = [['what', 'why it is needed', 'share'], *([name, why[name], f'{share:.1f} %'] for name, share in sums(own))]
    kernel = sum(numbers[0] for numbers, side, _ in own if side == 'k')
    selfs = [['symbol', 'where', 'self'], *([f'`{shortened(s)}`', 'kernel' if side == 'k' else 'daemon', f'{n[0]:.2f} %'] for n, side, s in own[:ROWS])]
    children = [['symbol', 'where', 'with what it calls', 'self'],
                *([f'`{shortened(s)}`', 'kernel' if side == 'k' else 'daemon', f'{n[0]:.1f} %', f'{n[1]:.2f} %'] for n, side, s in total[:2 * ROWS])]
    cpu = report['cpu_seconds_per_gb']
    return '\n'.join([f'# Profile: {kind}', '',
                      f'{report["records"]} records of 1 KiB in 64 KiB batches, {options.partitions} partitions, {report["mb_per_second"]:,.0f} MB/s: {cpu:.2f} s of CPU a GB. '
                      f'The bare loop (bench/bare, one thread with blocking calls that does nothing else): {bare_s_per_gb:.2f} s/GB, in the same minute: '
                      f'**{cpu / bare_s_per_gb:.2f} times** that. {kernel:.0f} % of all samples are in the kernel.', '',
                      '## What costs most', '', *markdown_table(parts), '', '## Functions by their own time', '', *markdown_table(selfs), '',
                      '## Functions with what they call', '', *markdown_table(children), '',
                      *(f'- {key}: {value}' for key, value in where.items()), f'- moldau: {Moldau.version(options)}', '',
                      f'Made by `./dev bench profile`: perf record -e cpu-clock -F {HERTZ} -g on the daemon alone, for {options.seconds:g} s of a warm load.', ''])


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bench', required=True, metavar='FILE', help='moldau-bench')
    parser.add_argument('--moldaud', required=True, metavar='FILE')
    parser.add_argument('--bare', required=True, metavar='FILE', help='bare_loops')
    parser.add_argument('--seconds', type=positive, default=10, help='of samples (default: 10)')
    parser.add_argument('--warmup-s', type=positive, default=5, help='of the same load before (default: 5)')
    parser.add_argument('--gigabytes', type=positive, default=2, help='that consumers read one after another, and of the bare loop (default: 2)')
    parser.add_argument('--partitions', type=int, default=4, help='(default: 4)')
    parser.add_argument('--cold-memory', action='store_true', help='leave the free memory alone: see bench/warm_memory.py')
    parser.add_argument('--results', default=os.path.join(HERE, 'results'), metavar='DIR', help='where profile-produce.md and profile-fetch.md go (default: bench/results)')
    parser.add_argument('--scratch', metavar='DIR', help="for the daemon's data (default: the system's temporary directory)")
    options = parser.parse_args(arguments)
    if options.partitions < 1:
        parser.error('--partitions is at least 1')
    return options


def measure(options, where):
    engine, size = Moldau(options), int(options.gigabytes * 1e9)
    shape = ('--create', '--partitions', str(options.partitions))
    pages = {}
    try:
        load(options, engine, 'produce', 'warm', *shape, '--duration-s', str(options.warmup_s))
        produced = profiled(options, engine, 'produce', 'hot', *shape, '--duration-s', str(options.seconds))
        pages['profile-produce'] = page(options, 'produce', where, *produced, bare(options, 'produce', size) / size * 1e9)
        load(options, engine, 'produce', 'read', *shape, '--records', str(size // 1024))
        load(options, engine, 'consume', 'read')
        fetched = profiled(options, engine, 'consume', 'read')
        pages['profile-fetch'] = page(options, 'fetch', where, *fetched, bare(options, 'consume', size) / size * 1e9)
    finally:
        engine.stop()
    return pages


def main():
    options = parse(sys.argv[1:])
    where = machine()
    try:
        run('perf', '--version')
        with WarmMemory(not options.cold_memory) as memory:
            where['free memory'] = memory.note
            pages = measure(options, where)
    except (Failed, FileNotFoundError) as failure:
        print(f'error: {failure}', file=sys.stderr)
        return 1
    os.makedirs(options.results, exist_ok=True)
    for name, text in pages.items():
        with open(os.path.join(options.results, name + '.md'), 'w', encoding='utf-8') as f:
            f.write(text)
        print('\n'.join(text.splitlines()[:16]))
    print(f'written to {options.results}/profile-produce.md and profile-fetch.md', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
