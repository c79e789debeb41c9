#!/usr/bin/env python3
"""Fails when a program that ships lacks what hardens it.   check_hardening.py READELF PROGRAM…"""
import subprocess
import sys


def readelf(tool, *arguments):
    return subprocess.run([tool, '-W', *arguments], stdout=subprocess.PIPE, check=True, text=True).stdout


def missing(tool, program):
    header, segments, dynamic, symbols = (readelf(tool, flag, program) for flag in ('-h', '-l', '-d', '--dyn-syms'))
    stack = next((line for line in segments.splitlines() if 'GNU_STACK' in line), ' RWE ')
    wanted = {
        'position independent (-pie)': 'DYN' in header,
        'read-only relocations (-z relro)': 'GNU_RELRO' in segments,
        'bound at start (-z now)': 'NOW' in dynamic,
        'a stack that is not executable (-z noexecstack)': 'E' not in stack.split()[-2],
        'stack protector': '__stack_chk_fail' in symbols,
        'fortified calls (_FORTIFY_SOURCE)': '_chk@' in symbols,
    }
    return [what for what, there in wanted.items() if not there]


def main():
    tool, *programs = sys.argv[1:]
    bad = 0
    for program in programs:
        found = missing(tool, program)
        bad += bool(found)
        print(f'{program}: ' + (', '.join(f'no {what}' for what in found) or 'hardened'))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
