#!/usr/bin/env python3
"""check_determinism.py MOLDAU_SIM SEEDS: every seed is run twice, in processes whose addresses and environments differ;
both must print the same digest, and no two seeds the same one."""
import os
import re
import subprocess
import sys


def digest(program, seed, filler):
    # Another environment moves the stack; the system moves the rest (a program that is not moved would prove less).
    run = subprocess.run([program, '--seed', str(seed)], capture_output=True, text=True, env={**os.environ, 'FILLER': 'x' * filler})
    lines = run.stdout.splitlines()
    if run.returncode != 0 or not lines or not re.fullmatch(r'digest=[0-9a-f]{16}', lines[-1]):
        sys.exit(f'seed {seed}: exit {run.returncode}\n{run.stdout}{run.stderr}')
    return lines[-1]


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    seen = {}
    for seed in range(1, seeds + 1):
        first, second = digest(program, seed, 1), digest(program, seed, 5000)
        if first != second:
            sys.exit(f'seed {seed}: {first}, then {second}')
        if first in seen:
            sys.exit(f'seeds {seen[first]} and {seed} have one digest: {first}')
        seen[first] = seed
    print(f'{seeds} seeds, each twice: the same digests')


if __name__ == '__main__':
    main()
