"""<file>.cpp: how each message is read and put. One function reads a struct; one template measures and writes it."""
import cpp
from emit_header import NOTICE, _holds_bytes
from model import least_size
from names import member, snake


class Codec:
    """Emits the functions of one message."""

    def __init__(self, msg):
        self.msg = msg
        self.out = []

    def line(self, depth, text):
        self.out.append('    ' * depth + text)

    def compact(self, field=None):
        """Whether lengths are compact in version `v`, as an expression."""
        if field is not None and field.never_compact:
            return 'false'
        if self.msg.flexible.meets(self.msg.versions).empty:
            return 'false'
        return 'true' if self.msg.flexible.covers(self.msg.versions) else 'flex'

    def nullable(self, field, reach):
        return cpp.as_bool(cpp.condition(field.nullable, field.versions.meets(reach)))

    def arguments(self, field, reach):
        """What follows the member in a call that reads or puts it."""
        extra = f', {self.nullable(field, reach)}' if field.is_optional else ''
        return f'{self.compact(field)}{extra}'

    # ----- reading

    def read_value(self, field, reach):
        x = f'm.{member(field.name)}'
        if field.is_struct and field.is_array:
            least = least_size(field.struct, self.msg.flexible)
            extra = f', {self.nullable(field, reach)}' if field.is_optional else ''
            return f'read_array({x}, in, v, {self.compact()}, {least}{extra});'
        if field.is_struct:
            if field.is_optional:
                return f'read_present({x}, in, v, {"Presence::tagged" if field.tag is not None else "Presence::plain"});'
            return f'read({x}, in, v);'
        if field.is_array:
            return f'in.array({x}, {self.arguments(field, reach)});'
        if field.type in ('string', 'bytes', 'records'):
            name = 'string' if field.type == 'string' else 'bytes'
            return f'in.{name}({x}, {self.arguments(field, reach)});'
        return f'{x} = in.{cpp.method(field)}();'

    def read_plain(self, struct):
        for test, fields in runs(struct):
            if not test:
                for f in fields:
                    self.line(1, self.read_value(f, struct.reach))
                continue
            self.line(1, f'if ({test}) {{')
            for f in fields:
                self.line(2, self.read_value(f, struct.reach))
            self.line(1, '} else {')
            for f in fields:
                self.line(2, cpp.reset(f))
            self.line(1, '}')

    def read_tags(self, struct):
        for f in struct.tagged:
            self.line(1, cpp.reset(f))
        flex = self.compact()
        call = 'in.unknown_tags(m.unknown_tags);'
        if flex == 'flex':
            self.line(1, 'if (!flex) return m.unknown_tags.clear();')
        if not struct.tagged:
            self.line(1, call)
            return
        self.line(1, 'in.tags(m.unknown_tags, [&](std::uint32_t tag) {')
        self.line(2, 'switch (tag) {')
        for f in struct.tagged:
            test = cpp.condition(f.versions, struct.reach.meets(self.msg.flexible))
            self.line(3, f'case {f.tag}:')
            if test:
                self.line(4, f'if (!({test})) return false;')
            self.line(4, self.read_value(f, struct.reach))
            self.line(4, 'return true;')
        self.line(3, 'default:')
        self.line(4, 'return false;')
        self.line(2, '}')
        self.line(1, '});')

    def read(self, struct):
        self.line(0, f'static void read([[maybe_unused]] {struct.name}& m, [[maybe_unused]] Reader& in, '
                     '[[maybe_unused]] std::int16_t v) {')
        self.flex_line()
        self.read_plain(struct)
        if not self.msg.flexible.empty:
            self.read_tags(struct)
        self.line(0, '}')
        self.line(0, '')

    def flex_line(self):
        if self.compact() == 'flex':
            self.line(1, f'[[maybe_unused]] const bool flex = v >= {self.msg.flexible.lo};')

    # ----- measuring and writing

    def put_value(self, field, reach, out='out'):
        x = f'm.{member(field.name)}'
        if field.is_struct and field.is_array:
            extra = f', {self.nullable(field, reach)}' if field.is_optional else ''
            return f'put_array({x}, {out}, v, {self.compact()}{extra});'
        if field.is_struct:
            if field.is_optional:
                return f'put_present({x}, {out}, v, {"Presence::tagged" if field.tag is not None else "Presence::plain"});'
            return f'put({x}, {out}, v);'
        if field.is_array:
            return f'{out}.array({x}, {self.arguments(field, reach)});'
        if field.type in ('string', 'bytes', 'records'):
            return f'{out}.{field.type}({x}, {self.arguments(field, reach)});'
        return f'{out}.{cpp.method(field)}({x});'

    def refuse(self, depth, field):
        """In a version without the field, only the default can be expressed; the rest is left out or refused."""
        self.line(depth, f'if ({cpp.differs(field)}) out.inexpressible("{field.name}");')

    def put_plain(self, struct):
        for test, fields in runs(struct):
            if not test:
                for f in fields:
                    self.line(1, self.put_value(f, struct.reach))
                continue
            self.line(1, f'if ({test}) {{')
            for f in fields:
                self.line(2, self.put_value(f, struct.reach))
            strict = [f for f in fields if not f.ignorable]
            if strict:
                self.line(1, '} else if constexpr (Out::kMeasures) {')
                for f in strict:
                    self.refuse(2, f)
            self.line(1, '}')

    def put_tags(self, struct):
        flex = self.compact()
        strict = [f for f in struct.tagged if not f.ignorable]
        if flex == 'flex':
            self.line(1, 'if (!flex) {')
            self.line(2, 'if constexpr (Out::kMeasures) {')
            for f in strict:
                self.refuse(3, f)
            self.line(3, 'if (!m.unknown_tags.empty()) out.inexpressible("unknown tags");')
            self.line(2, '}')
            self.line(2, 'return;')
            self.line(1, '}')
        if not struct.tagged:
            self.line(1, 'out.no_tags(m.unknown_tags);')
            return
        names = []
        for f in struct.tagged:
            test = cpp.condition(f.versions, struct.reach.meets(self.msg.flexible))
            both = f'({test}) && ' if test else ''
            differs = cpp.differs(f)
            if test and not f.ignorable:
                self.line(1, f'if constexpr (Out::kMeasures) {{ if (!({test}) && {differs}) out.inexpressible("{f.name}"); }}')
            self.line(1, f'const bool has_{f.tag} = {both}{differs};')
            names.append(f'static_cast<std::size_t>(has_{f.tag})')
        self.line(1, f'TagCursor tags = out.tags({" + ".join(names)}, m.unknown_tags);')
        for f in struct.tagged:
            self.line(1, f'if (has_{f.tag}) out.tag(tags, {f.tag}, [&](auto& to) {{ {self.put_value(f, struct.reach, "to")} }});')
        self.line(1, 'out.rest(tags);')

    def put(self, struct):
        self.line(0, 'template <class Out>')
        self.line(0, f'static void put([[maybe_unused]] const {struct.name}& m, [[maybe_unused]] Out& out, '
                     '[[maybe_unused]] std::int16_t v) {')
        self.flex_line()
        self.put_plain(struct)
        if not self.msg.flexible.empty:
            self.put_tags(struct)
        self.line(0, '}')
        self.line(0, '')

    # ----- the rest

    def equality(self, struct):
        name = struct.name
        tests = []
        for f in struct.fields:
            a, b = f'a.{member(f.name)}', f'b.{member(f.name)}'
            tests.append(f'same_bytes({a}, {b})' if f.type in ('bytes', 'records') else f'{a} == {b}')
        if not self.msg.flexible.empty:
            tests.append('a.unknown_tags == b.unknown_tags')
        self.line(0, f'bool operator==(const {name}& a, const {name}& b) {{')
        self.line(1, 'return ' + ' &&\n           '.join(tests) + ';')
        self.line(0, '}')
        self.line(0, '')

    def front(self):
        name = self.msg.name
        refuse = 'if (!kVersions.contains(v)) return unsupported_version(kName, v);'
        self.line(0, f'Result<> {name}::decode(Reader& in, std::int16_t v) {{')
        self.line(1, refuse)
        self.line(1, 'read(*this, in, v);')
        self.line(1, 'return in.outcome(kName, v);')
        self.line(0, '}')
        sizes = [('std::size_t', 'encoded_size', 'outcome')]
        if any(f.type == 'records' for s in [self.msg.root, *self.msg.structs] for f in s.fields):
            sizes.append(('GatheredSize', 'gathered_size', 'gathered'))
        for kind, function, answer in sizes:
            self.line(0, f'Result<{kind}> {name}::{function}(std::int16_t v) const {{')
            self.line(1, refuse)
            self.line(1, 'Sizer out;')
            self.line(1, 'put(*this, out, v);')
            self.line(1, f'return out.{answer}(kName, v);')
            self.line(0, '}')
        self.line(0, f'void {name}::encode(Writer& out, std::int16_t v) const {{')
        self.line(1, 'MOLDAU_CHECK(kVersions.contains(v), "{} version={}", kName, v);')
        self.line(1, 'put(*this, out, v);')
        self.line(0, '}')
        self.line(0, '')

    def emit(self):
        if self.msg.structs:
            self.line(0, f'namespace {snake(self.msg.name)} {{')
            self.line(0, '')
        for struct in [*self.msg.structs, self.msg.root]:
            if struct is self.msg.root and self.msg.structs:
                self.line(0, f'}}  // namespace {snake(self.msg.name)}')
                self.line(0, '')
            if _holds_bytes(struct):
                self.equality(struct)
            self.read(struct)
            self.put(struct)
        self.front()
        return self.out


def runs(struct):
    """The untagged fields in order, those beside each other that exist in the same versions together."""
    found = []
    for f in struct.plain:
        test = cpp.condition(f.versions, struct.reach)
        if found and found[-1][0] == test:
            found[-1][1].append(f)
        else:
            found.append((test, [f]))
    return found


def emit(file):
    out = [NOTICE.format(file.stem).rstrip(), f'#include "moldau/protocol/messages/{file.stem}.hpp"', '', '#include "codec.hpp"', '',
           'namespace moldau::protocol {', '']
    for msg in file.messages:
        out += Codec(msg).emit()
    return '\n'.join([*out, '}  // namespace moldau::protocol', ''])
