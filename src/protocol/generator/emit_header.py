"""moldau/protocol/messages/<file>.hpp: the structs and their public functions."""
import cpp
from model import FOREVER
from names import enumerator, member, snake

NOTICE = '// Generated from src/protocol/schemas/{}.schema by src/protocol/generator. Not to be edited.\n'


def _doc(field):
    """What a reader of the header wants to know of a field: where it exists, what it may be."""
    said = []
    if field.versions.lo > 0 or field.versions.hi < FOREVER:
        hi = '+' if field.versions.hi == FOREVER else '' if field.versions.hi == field.versions.lo else f'-{field.versions.hi}'
        said.append(f'v{field.versions.lo}{hi}')
    if field.tag is not None:
        said.append(f'tag {field.tag}')
    if field.is_optional and not field.nullable.covers(field.versions):
        said.append(f'null from v{field.nullable.lo}')
    return f'  // {", ".join(said)}' if said else ''


def _holds_bytes(struct):
    return any(f.type in ('bytes', 'records') for f in struct.fields)


def _members(struct, flexible, pad):
    out = [f'{pad}{cpp.member_type(f)} {member(f.name)}{cpp.initializer(f)};{_doc(f)}' for f in struct.fields]
    if flexible:
        out.append(f'{pad}UnknownTags unknown_tags;')
    # A span has no ==, so a struct that holds one compares in its .cpp; the others cost nothing unless they are compared.
    how = ';' if _holds_bytes(struct) else ' = default;'
    if struct.fields or flexible:
        out += ['', f'{pad}friend bool operator==(const {struct.name}& a, const {struct.name}& b){how}']
    return out


def _inner(msg, flexible):
    """The structs inside a message, in a namespace of their own: nested in its class, their defaults would be unknown to
    std::optional until the class is complete. The message names them by aliases."""
    if not msg.structs:
        return []
    out = [f'namespace {snake(msg.name)} {{', '']
    for struct in msg.structs:
        out += [f'struct {struct.name} {{', *_members(struct, flexible, '    '), '};', '']
    return [*out, f'}}  // namespace {snake(msg.name)}', '']


def message(msg, family):
    flexible = not msg.flexible.empty
    records = any(f.type == 'records' for s in [msg.root, *msg.structs] for f in s.fields)
    out = [*_inner(msg, flexible), f'struct {msg.name} {{', f'    static constexpr std::string_view kName = "{msg.name}";']
    if msg.kind in ('request', 'response'):
        out.append(f'    static constexpr ApiKey kApiKey = ApiKey::{snake(msg.name.removesuffix(msg.kind.capitalize()))};')
    elif family:
        out.append(f'    static constexpr {family}RecordType kRecordType = {family}RecordType::{enumerator(msg.name)};')
    out += [f'    static constexpr VersionRange kVersions{{{msg.versions.lo}, {msg.versions.hi}}};',
            f'    static constexpr std::int16_t kFirstFlexible = {msg.flexible.lo if flexible else "kNeverFlexible"};', '']
    out += [f'    using {s.name} = {snake(msg.name)}::{s.name};' for s in msg.structs]
    out += [''] if msg.structs else []
    out += _members(msg.root, flexible, '    ')
    out += ['',
            '    /// Into this object, whose memory is used again. What it holds after an error means nothing.',
            '    /// Errors: unsupported_version · invalid_request',
            '    Result<> decode(Reader& in, std::int16_t version);',
            '    /// Errors: unsupported_version (a value that this version cannot express) · invalid_request',
            '    Result<std::size_t> encoded_size(std::int16_t version) const;']
    if records:
        out += ['    /// As encoded_size(), for a Writer that gathers.',
                '    Result<GatheredSize> gathered_size(std::int16_t version) const;']
    out += ['    /// Only after the size was asked for without error, into memory of that size.',
            '    void encode(Writer& out, std::int16_t version) const;', '};', '']
    return out


def record_types(file):
    """The enum of a family's record types, if it is one."""
    if not file.family:
        return []
    types = {m.number: enumerator(m.name) for m in file.messages}
    return [f'enum class {file.family}RecordType : std::int16_t {{', *(f'    {name} = {n},' for n, name in sorted(types.items())),
            '};', '']


def emit(file):
    out = [NOTICE.format(file.stem).rstrip(), *(f'// {line}'.rstrip() for line in file.about), '#pragma once', '',
           *(['#include "moldau/protocol/api_keys.hpp"'] if file.api else []),
           '#include "moldau/protocol/message.hpp"', '#include "moldau/protocol/reader.hpp"',
           '#include "moldau/protocol/writer.hpp"', '', '#include <cstdint>', '#include <optional>', '#include <string>',
           '#include <string_view>', '#include <vector>', '', 'namespace moldau::protocol {', '', *record_types(file)]
    for msg in file.messages:
        out += message(msg, file.family)
    return '\n'.join([*out, '}  // namespace moldau::protocol', ''])
