#!/usr/bin/env python3
"""Seeds for the fuzz targets, from the golden vectors.

  make_corpus.py messages VECTORS GENERATOR OUT SCHEMA…    one file a vector, as messages_fuzz.cpp wants it
  make_corpus.py requests VECTORS OUT                      the frames of requests, without their size"""
import gzip
import json
import pathlib
import shutil
import sys

# The cases that reach most: every field set, all null, tags at every level.
CASES = {'filled', 'nested-nulls', 'nulls', 'unknown-tags-deep', 'edge'}


def lines(path):
    opened = gzip.open(path, 'rt', encoding='utf-8') if path.suffix == '.gz' else path.open(encoding='utf-8')
    with opened as file:
        yield from map(json.loads, file)


def fresh(out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)


def messages(vectors, generator, out, schemas):
    sys.path.insert(0, str(generator))
    import schema
    known = {m.name: m for path in schemas for m in schema.parse(pathlib.Path(path)).messages}
    order = {name: n for n, name in enumerate(sorted(known))}
    fresh(out)
    count = 0
    for path in sorted((vectors / 'messages').iterdir()):
        for line in lines(path):
            message, version = known[line['message']], line['version']
            wanted = 'read' in line or line['case'] in CASES
            if not wanted or not message.versions.has(version) or 'zerosAfter' in line:
                continue
            head = order[message.name].to_bytes(2, 'big') + bytes([version - message.versions.lo])
            (out / f'{count:05}').write_bytes(head + bytes.fromhex(line['hex']))
            count += 1


def requests(vectors, out):
    fresh(out)
    frames = [line for line in lines(vectors / 'frames.jsonl.gz') if line['frame'] == 'request']
    for count, line in enumerate(frames):
        (out / f'{count:05}').write_bytes(bytes.fromhex(line['hex'])[4:])


def main():
    what, vectors, *rest = sys.argv[1:]
    paths = [pathlib.Path(p) for p in rest]
    if what == 'messages':
        messages(pathlib.Path(vectors), paths[0], paths[1], paths[2:])
    else:
        requests(pathlib.Path(vectors), paths[0])


if __name__ == '__main__':
    main()
