#!/usr/bin/env python3
"""Schemas → C++ that writes messages as JSON, in the form of Kafka's tools: camelCase names; fields that the version does not
have, and tagged fields at their default, are absent.

  emit_json.py GENERATOR OUT SCHEMA…    GENERATOR: src/protocol/generator, whose model this shares; OUT/json_records.hpp, .cpp"""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import cpp  # noqa: E402
import schema  # noqa: E402
from names import camel, member, snake  # noqa: E402

NOTICE = '// Generated from src/protocol/schemas by src/cli/generator. Not to be edited.\n'


def type_name(message):
    """TOPIC_RECORD of TopicRecord."""
    return snake(message.name).upper()


def write_struct(message, struct):
    name = struct.name if struct is message.root else f'{snake(message.name)}::{struct.name}'
    yield (f'{"" if struct is message.root else "static "}void write_fields([[maybe_unused]] JsonWriter& to, [[maybe_unused]] const {name}& m, '
           '[[maybe_unused]] std::int16_t v) {')
    for field in struct.fields:
        tests = [cpp.condition(field.versions, struct.reach)]
        if field.tag is not None:
            tests.append(cpp.differs(field))
        tests = [t for t in tests if t]
        test = tests[0] if len(tests) == 1 else ' && '.join(f'({t})' for t in tests)
        yield f'    {f"if ({test}) " if test else ""}write_field(to, "{camel(field.name)}", m.{member(field.name)}, v);'
    yield '}'


def pairs(file):
    """Of a coordinator's records each type with its key and its value."""
    values = {m.number: m for m in file.messages if m.kind == 'value'}
    return [(m.number, m.name, values[m.number].name) for m in file.messages if m.kind == 'key']


def emit_pairs(file):
    yield from ['', f'/// Calls `tell<Key, Value>()` for the type of a record of {file.stem}; false: there is none such.', 'template <class Tell>',
                f'bool with_{file.stem}_record(std::int16_t type, const Tell& tell) {{', '    switch (type) {']
    for number, key, value in pairs(file):
        yield f'        case {number}: tell.template operator()<protocol::{key}, protocol::{value}>(); return true;'
    yield from ['        default: return false;', '    }', '}']


def emit(files):
    messages = [m for f in files for m in f.messages]
    header = [NOTICE + '#pragma once', '', '#include "moldau/cli/output.hpp"',
              *(f'#include "moldau/protocol/messages/{f.stem}.hpp"' for f in files), '', '#include <cstdint>', '#include <string_view>', '',
              'namespace moldau::cli {', '', '/// "TOPIC_RECORD"', 'template <class Message>', 'inline constexpr std::string_view kTypeName;', '']
    for m in messages:
        header += [f'template <>', f'inline constexpr std::string_view kTypeName<protocol::{m.name}> = "{type_name(m)}";']
    header += ['', '/// The fields, into an object that is open.',
               *(f'void write_fields(JsonWriter& to, const protocol::{m.name}& m, std::int16_t v);' for m in messages),
               *(line for f in files if pairs(f) for line in emit_pairs(f)), '', '}  // namespace moldau::cli', '']
    source = [NOTICE + '#include "json_records.hpp"', '', '#include "json_fields.hpp"', '', 'namespace moldau::cli {', '', 'using namespace protocol;', '']
    for m in messages:
        for struct in [*m.structs, m.root]:
            source += [*write_struct(m, struct), '']
    return '\n'.join(header), '\n'.join([*source, '}  // namespace moldau::cli', ''])


def main():
    out = pathlib.Path(sys.argv[2])
    header, source = emit([schema.parse(pathlib.Path(p)) for p in sys.argv[3:]])
    out.mkdir(parents=True, exist_ok=True)
    (out / 'json_records.hpp').write_text(header, encoding='utf-8')
    (out / 'json_records.cpp').write_text(source, encoding='utf-8')


if __name__ == '__main__':
    main()
