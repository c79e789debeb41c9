#!/usr/bin/env python3
"""Fails when a core (floors 0 to 3) uses what would make it depend on time, chance, threads or the world.

  check_symbols.py NM LIBRARY…          every C function that a core may call is on a list here; C++ ones are named if forbidden
  check_symbols.py --selftest NM CXX    shows that each kind of forbidden symbol is found"""
import pathlib
import re
import subprocess
import sys
import tempfile

# What a core may call of C: memory, text, arithmetic, the codecs. A new line here is a reviewed one.
ALLOWED = re.compile(r'''
    mem(cpy|move|set|cmp|chr|mem|rchr) | bcmp | str(len|nlen|cmp|ncmp|chr|rchr|str|casecmp|ncasecmp) |
    str(tol|toul|toll|toull|tod|tof|told) | __isoc(99|23)_strto\w+ | v?snprintf | is\w+ | to(upper|lower) |
    malloc | calloc | realloc | free | aligned_alloc | posix_memalign | abort | stderr | fflush |
    floorf? | ceill? | round | trunc | fmod | pow | exp2? | log(2|10|1p)? | sqrt | l?lround | ldexp | frexp | nan |
    inet_(pton|ntop) | qsort | bsearch |
    (ZSTD|ZDICT|LZ4|LZ4F)_\w+ | XXH\w+ | (de|in)flate\w* | crc32\w* | adler32\w* | compress(Bound)? | snappy_\w+ |
    _Unwind_\w+ | __cxa_\w+ | __dynamic_cast | __g(xx|cc)_personality_v0 | __dso_handle | _GLOBAL_OFFSET_TABLE_ | __tls_get_addr | __stack_chk_fail |
    __(v?snprintf|mem\w+|str\w+)_chk | __(u?div|u?mod|mul|udivmod)\w*[dt]i\d | __libc_single_threaded | __ctype_\w+ |
    __(asan|ubsan|tsan|sanitizer|lsan|msan|start|stop|sancov|hwasan)_\w+
    ''', re.VERBOSE)
# What a core may not call of C++, by mangled name.
FORBIDDEN = re.compile(r'''
    _ZNK?St13random_device | _ZNK?St6thread | _ZNK?St7jthread | _ZNSt6chrono3_V21[0-9](system|steady)_clock3now |
    _ZNSt18condition_variable | _ZNSt5mutex | _ZNSt12__basic_file | _ZNK?S[ti]\d*basic_(if|of|f)stream | _ZNSt1[34]basic_(if|of|f)stream |
    _ZNSt13basic_filebuf | _ZNSt10filesystem | _ZSt4c(out|in|err|log)$ | _ZNSt11this_thread | _ZNSt13__future_base |
    _ZN5boost4asio | _ZNSt3pmr20get_default
    ''', re.VERBOSE)


def undefined_symbols(nm, library):
    """Names that the library leaves to others, with the object that needs each; those its own objects define do not count."""
    needs, defined, member = {}, set(), '?'
    for line in subprocess.run([nm, library], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.endswith(':'):
            member = line[:-1]
        elif match := re.match(r'(?:[0-9a-f]+)?\s+([A-Za-z])\s+(\S+)$', line):
            kind, name = match.groups()
            if kind in 'Uwv':
                needs.setdefault(name.split('@')[0], member)
            else:
                defined.add(name)
    return {name: member for name, member in needs.items() if name not in defined}


def forbidden(name):
    return bool(FORBIDDEN.match(name)) if name.startswith('_Z') else not ALLOWED.fullmatch(name)


def check(nm, libraries):
    found = []
    for library in libraries:
        for name, member in sorted(undefined_symbols(nm, library).items()):
            if forbidden(name):
                found.append(f'{pathlib.Path(library).name}({member}): {name} is not for cores')
    return found


# Header, a function's body that uses the forbidden thing, the symbol that gives it away.
SAMPLES = [
    ('ctime', 'timespec t; clock_gettime(CLOCK_MONOTONIC, &t);', 'clock_gettime'),
    ('ctime', 'p = p + time(nullptr);', 'time'),
    ('sys/time.h', 'timeval t; gettimeofday(&t, nullptr);', 'gettimeofday'),
    ('chrono', 'p = p + std::chrono::steady_clock::now().time_since_epoch().count();', '.*steady_clock.*'),
    ('chrono', 'p = p + std::chrono::system_clock::now().time_since_epoch().count();', '.*system_clock.*'),
    ('cstdlib', 'p = p + rand();', 'rand'),
    ('sys/random.h', 'if (getrandom(p, 8, 0) < 0) p = nullptr;', 'getrandom'),
    ('random', 'p = p + std::random_device{}();', '.*random_device.*'),
    ('thread', 'std::thread([] {}).join();', '.*thread.*'),
    ('mutex', 'static_cast<std::mutex*>(static_cast<void*>(p))->lock();', 'pthread_mutex_lock'),
    ('condition_variable', 'std::mutex m; std::unique_lock l(m); static_cast<std::condition_variable*>(static_cast<void*>(p))->wait(l);',
     '.*condition_variable.*'),
    ('unistd.h', 'usleep(1);', 'usleep'),
    ('thread', 'std::this_thread::sleep_for(std::chrono::seconds(1));', '(clock_)?nanosleep'),
    ('fcntl.h', 'if (open("x", O_RDONLY) < 0) p = nullptr;', 'open(64)?'),
    ('unistd.h', 'if (read(0, p, 1) < 0) p = nullptr;', 'read'),
    ('unistd.h', 'if (write(1, p, 1) < 0) p = nullptr;', 'write'),
    ('cstdio', 'p = reinterpret_cast<char*>(fopen("x", "r"));', 'fopen(64)?'),
    ('fstream', 'if (!std::ifstream("x").good()) p = nullptr;', '.*basic_(ifstream|filebuf|file).*'),
    ('filesystem', 'if (std::filesystem::exists("x")) p = nullptr;', '.*filesystem.*'),
    ('iostream', 'std::cout << 1;', '_ZSt4cout'),
    ('sys/socket.h', 'if (socket(1, 1, 0) < 0) p = nullptr;', 'socket'),
    ('cstdlib', 'p = getenv("X");', 'getenv'),
    ('cerrno', 'p = p + errno;', '__errno_location'),
]
HARMLESS = '''#include <string>\n#include <vector>\n#include <map>\n#include <cstring>
std::size_t f(const char* t) { std::map<std::string, std::vector<int>> m; m[t].push_back(1); return m.size() + std::strlen(t); }'''


def selftest(nm, cxx):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)

        def found_in(name, text):
            (root / f'{name}.cpp').write_text(text + '\n')
            subprocess.run([cxx, '-std=c++20', '-O1', '-c', root / f'{name}.cpp', '-o', root / f'{name}.o'], check=True)
            subprocess.run(['ar', 'rc', root / f'{name}.a', root / f'{name}.o'], check=True)
            return check(nm, [root / f'{name}.a'])

        samples = ''.join(f'#include <{header}>\n' for header, _, _ in SAMPLES) + ''.join(
            f'char* f{number}(char* p) {{ {body} return p; }}\n' for number, (_, body, _) in enumerate(SAMPLES))
        found = [line.split(': ')[1].split(' ')[0] for line in found_in('samples', samples)]
        missed = [symbol for _, _, symbol in SAMPLES if not any(re.fullmatch(symbol, name) for name in found)]
        assert not missed, f'not found: {missed} in {found}'
        harmless = found_in('harmless', HARMLESS)
        assert not harmless, harmless
    print(f'{len(SAMPLES)} kinds of forbidden symbols are found')


def main():
    if sys.argv[1:2] == ['--selftest']:
        return selftest(*sys.argv[2:4])
    found = check(sys.argv[1], sys.argv[2:])
    print('\n'.join(found) or f'{len(sys.argv) - 2} libraries of cores, no forbidden symbol')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
