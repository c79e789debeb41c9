#!/usr/bin/env python3
"""Seeds for fuzzing batches, packed streams and the files of a log, from the golden vectors.

  make_batch_corpus.py batches|unpack|log_files VECTORS OUT     one file a seed, as the target of that name wants it"""
import gzip
import json
import pathlib
import shutil
import sys

BATCH_VECTORS = ('batches.jsonl.gz', 'batches-legacy.jsonl.gz', 'batches-invalid.jsonl.gz')
MAGIC_AT, ATTRIBUTES_AT, RECORDS_AT = 16, 22, 61
LARGEST = 64 * 1024
# As log_files_fuzz.cpp numbers the formats; the start of a vector's kind.
LOG_FILES = ('offset-index', 'time-index', 'transaction-index', 'producer-snapshot', 'leader-epoch-checkpoint',
             'offset-checkpoint', 'partition-metadata', 'meta-properties', 'clean-shutdown')


def lines(path):
    opened = gzip.open(path, 'rt', encoding='utf-8') if path.suffix == '.gz' else path.open(encoding='utf-8')
    with opened as file:
        yield from map(json.loads, file)


def all_batches(vectors):
    for name in BATCH_VECTORS:
        for line in lines(vectors / name):
            yield bytes.fromhex(line['hex'])


def batches(vectors):
    """A byte of rules, then the log."""
    for number, log in enumerate(all_batches(vectors)):
        yield bytes([number * 37 & 0xFF]) + log


def unpack(vectors):
    """A byte that names the codec, then what is packed with it."""
    for log in all_batches(vectors):
        if len(log) > RECORDS_AT and log[MAGIC_AT] == 2 and 1 <= log[ATTRIBUTES_AT] & 7 <= 4:
            yield bytes([(log[ATTRIBUTES_AT] & 7) - 1]) + log[RECORDS_AT:]


def log_files(vectors):
    """A byte that names the format, then the file."""
    for line in lines(vectors / 'disk-files.jsonl'):
        number = next(n for n, kind in enumerate(LOG_FILES) if line['kind'].startswith(kind))
        if 'hex' in line:
            content = bytes.fromhex(line['hex'])
        elif 'text' in line:
            content = line['text'].encode()
        else:
            content = ''.join(f'{key}={value}\n' for key, value in line['properties'].items()).encode()
        yield bytes([number]) + content


def main():
    what, vectors, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    seeds = {'batches': batches, 'unpack': unpack, 'log_files': log_files}[what](vectors)
    for number, seed in enumerate(s for s in seeds if len(s) <= LARGEST):
        (out / f'{number:04}').write_bytes(seed)


if __name__ == '__main__':
    main()
