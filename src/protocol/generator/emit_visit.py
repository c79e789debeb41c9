"""For tests only: visitors that name each field of a message in a version, and a table of all messages by name."""
import cpp
from emit_header import NOTICE
from names import camel, member, snake


def _traits(field, struct, msg):
    nullable = cpp.as_bool(cpp.condition(field.nullable, field.versions.meets(struct.reach))) if field.is_optional else 'false'
    text = f'.nullable = {nullable}'
    if field.tag is not None:
        text += f', .tagged = true, .at_default = !({cpp.differs(field)})'
    if field.type == 'records':
        text += ', .records = true'
    return '{' + text + '}'


def _visit(msg, struct):
    if struct is not msg.root:
        yield f'namespace {snake(msg.name)} {{'
    yield (f'static void visit([[maybe_unused]] {struct.name}& m, [[maybe_unused]] std::int16_t v, '
           '[[maybe_unused]] FieldVisitor& to) {')
    for field in struct.fields:
        test = cpp.condition(field.versions, struct.reach)
        guard = f'if ({test}) ' if test else ''
        call = 'visit_field' if field.is_struct else 'to.field'
        last = ', v, to' if field.is_struct else ''
        yield f'    {guard}{call}("{camel(field.name)}", m.{member(field.name)}, {_traits(field, struct, msg)}{last});'
    if not msg.flexible.empty:
        test = cpp.condition(msg.flexible, struct.reach)
        yield f'    {f"if ({test}) " if test else ""}to.unknown_tags(m.unknown_tags);'
    yield '}' if struct is msg.root else f'}}\n}}  // namespace {snake(msg.name)}'


def emit(file):
    out = [NOTICE.format(file.stem).rstrip(), f'#include "moldau/protocol/messages/{file.stem}.hpp"', '',
           '#include "support/messages/visit.hpp"', '', 'namespace moldau::protocol {', '']
    for msg in file.messages:
        for struct in [*msg.structs, msg.root]:
            out += [*_visit(msg, struct), '']
        number = -1 if msg.number is None else msg.number
        out += [f'const support::MessageType& type_of_{msg.name}() {{',
                f'    static const support::MessageType type = message_type<{msg.name}>("{msg.kind}", {number});',
                '    return type;', '}', '']
    return '\n'.join([*out, '}  // namespace moldau::protocol', ''])


def emit_table(files):
    names = [m.name for f in files for m in f.messages]
    out = ['// Generated from src/protocol/schemas by src/protocol/generator. Not to be edited.',
           '#include "support/messages/message_type.hpp"', '', 'namespace moldau::protocol {', '',
           *(f'const support::MessageType& type_of_{n}();' for n in names), '', '}  // namespace moldau::protocol', '',
           'namespace moldau::support {', '', 'const std::vector<const MessageType*>& message_types() {',
           '    static const std::vector<const MessageType*> types{', *(f'        &protocol::type_of_{n}(),' for n in names),
           '    };', '    return types;', '}', '', '}  // namespace moldau::support', '']
    return '\n'.join(out)
