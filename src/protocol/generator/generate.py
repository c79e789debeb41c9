#!/usr/bin/env python3
"""Schemas → C++.

  generate.py codec OUT SCHEMA…     OUT/include/moldau/protocol/messages/<name>.hpp, OUT/<name>.cpp, api_keys.hpp and .cpp
  generate.py visitors OUT SCHEMA…  OUT/<name>_visit.cpp and OUT/message_table.cpp, for tests

Files whose text stays the same are not touched, so that nothing is compiled again without need."""
import pathlib
import sys

import emit_api_keys
import emit_codec
import emit_header
import emit_visit
import schema


def write(path, text):
    if path.exists() and path.read_text(encoding='utf-8') == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')


def codec(out, files):
    doors = out / 'include/moldau/protocol'
    for file in files:
        if file.messages:
            write(doors / f'messages/{file.stem}.hpp', emit_header.emit(file))
            write(out / f'{file.stem}.cpp', emit_codec.emit(file))
    header, source = emit_api_keys.emit([f for f in files if f.api])
    write(doors / 'api_keys.hpp', header)
    write(out / 'api_keys.cpp', source)


def visitors(out, files):
    for file in files:
        if file.messages:
            write(out / f'{file.stem}_visit.cpp', emit_visit.emit(file))
    write(out / 'message_table.cpp', emit_visit.emit_table([f for f in files if f.messages]))


def main():
    what, out, *paths = sys.argv[1:]
    try:
        files = [schema.parse(pathlib.Path(p)) for p in paths]
        {'codec': codec, 'visitors': visitors}[what](pathlib.Path(out), files)
    except (schema.SchemaError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
