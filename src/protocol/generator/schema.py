"""Reads .schema files. The notation is explained in src/protocol/schemas/README.md.

Everything that is not understood is an error that names the file and the line: nothing is passed over."""
import re

from model import FOREVER, NUMBERS, PRIMITIVES, Field, File, Message, Struct, Versions

INDENT = 4
VERSIONS = re.compile(r'^(\d+)(\+|-(\d+))?$')
SNAKE = re.compile(r'^[a-z][a-z0-9_]*$')
PASCAL = re.compile(r'^[A-Z][A-Za-z0-9]*$')


class SchemaError(Exception):
    pass


class Lines:
    """The lines of a file that say something, with their numbers and depths."""

    def __init__(self, path):
        self.path = path
        self.number = 0
        self.about = []
        self.rows = []
        for number, text in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            said = re.sub(r'\s*(^|\s)#.*$', '', text)
            if not said.strip():
                if not self.rows and text.startswith('#'):
                    self.about.append(text[1:].strip())
                continue
            spaces = len(said) - len(said.lstrip())
            self.number = number
            if spaces % INDENT or '\t' in said:
                self.fail(f'indented by {spaces} columns, not by a multiple of {INDENT}')
            self.rows.append((number, spaces // INDENT, said.split()))
        self.at = 0

    def fail(self, reason):
        raise SchemaError(f'{self.path}:{self.number}: {reason}')

    def peek(self):
        if self.at == len(self.rows):
            return 0, []
        return self.rows[self.at][1], self.rows[self.at][2]

    def take(self):
        self.number, _, words = self.rows[self.at]
        self.at += 1
        return list(words)


def versions(text, lines):
    match = VERSIONS.match(text)
    if not match:
        lines.fail(f"'{text}' is not a range of versions: 3, 3-7 or 3+")
    lo = int(match[1])
    hi = FOREVER if match[2] == '+' else int(match[3]) if match[3] else lo
    if hi < lo:
        lines.fail(f"'{text}' is an empty range")
    return Versions(lo, hi)


def option(words, name, lines):
    """Takes `name VALUE` from the front of `words`, if it stands there."""
    if words[:1] != [name]:
        return None
    if len(words) < 2:
        lines.fail(f'{name} needs a value')
    value = words[1]
    del words[:2]
    return value


def parse(path):
    lines = Lines(path)
    file = File(path.stem, lines.about)
    while lines.peek()[1]:
        depth, words = lines.peek()
        if depth != 0:
            lines.take()
            lines.fail('belongs to nothing')
        words = lines.take()
        word = words.pop(0)
        if word == 'api':
            _api(file, words, lines)
        elif word == 'family':
            file.family = words[0]
        elif word in ('request', 'response', 'message', 'record', 'key', 'value'):
            file.messages.append(_message(file, word, words, lines))
        else:
            lines.fail(f"'{word}' is not known here")
    return file


def _api(file, words, lines):
    if len(words) < 2 or not PASCAL.match(words[0]):
        lines.fail('api NAME KEY on LISTENERS')
    file.api, file.api_key = words[0], int(words[1])
    if words[2:3] == ['on']:
        file.listeners = tuple(words[3:])
    if set(file.listeners) - {'broker', 'controller'}:
        lines.fail('listeners are broker and controller')


def _message(file, kind, words, lines):
    number = None
    if kind in ('request', 'response'):
        name, number = file.api + kind.capitalize(), file.api_key
    else:
        name = words.pop(0)
        if kind != 'message':
            number = int(words.pop(0))
            if words[:1] != ['versions']:
                lines.fail(f'{kind} NAME TYPE versions RANGE')
            words.pop(0)
    valid = versions(words.pop(0), lines)
    if valid.hi == FOREVER:
        lines.fail('a message ends with some version')
    flexible = option(words, 'flexible', lines)
    unstable = option(words, 'unstable', lines)
    if words:
        lines.fail(f"'{words[0]}' is not known here")
    message = Message(name, kind, valid, versions(flexible, lines) if flexible else Versions(), number, Struct(name),
                      unstable=int(unstable) if unstable else None)
    shared = {}
    _fields(message, message.root, 1, shared, lines)
    _resolve(message, shared, lines)
    return message


def _fields(message, struct, depth, shared, lines):
    while lines.peek()[0] == depth and lines.peek()[1]:
        words = lines.take()
        if words[0] == 'struct' and len(words) == 2 and depth == 1:
            inner = _open(words[1], shared, lines)
            _fields(message, inner, depth + 1, shared, lines)
            continue
        field = _field(message, words, lines)
        struct.fields.append(field)
        if lines.peek()[0] == depth + 1:
            if not field.is_struct:
                lines.fail(f'{field.name} is no struct and has no fields')
            inner = _open(field.type, shared, lines)
            _fields(message, inner, depth + 1, shared, lines)
    if lines.peek()[0] > depth:
        lines.take()
        lines.fail('indented too far')


def _open(name, shared, lines):
    if name in shared:
        lines.fail(f'struct {name} stands here twice')
    shared[name] = Struct(name)
    return shared[name]


def _field(message, words, lines):
    if len(words) < 3:
        lines.fail('a field is: name type versions …')
    name, kind, exist = words[0], words[1], versions(words[2], lines)
    if not SNAKE.match(name):
        lines.fail(f"'{name}' is not snake_case")
    base, mark, null = kind.partition('?')
    field = Field(name, base.removeprefix('[]'), base.startswith('[]'), exist)
    if field.type not in PRIMITIVES and not PASCAL.match(field.type):
        lines.fail(f"'{field.type}' is not a type")
    if mark:
        field.nullable = versions(null, lines).meets(exist) if null else exist
    rest = words[3:]
    tag = option(rest, 'tag', lines)
    field.tag = int(tag) if tag else None
    field.default = option(rest, '=', lines)
    while rest:
        word = rest.pop(0)
        if word == 'ignorable':
            field.ignorable = True
        elif word == 'never' and rest[:1] == ['compact']:
            rest.pop(0)
            field.never_compact = True
        else:
            lines.fail(f"'{word}' is not known here")
    _check(message, field, lines)
    return field


def _check(message, field, lines):
    if field.versions.meets(message.versions).empty:
        lines.fail(f'{field.name} stands in no version of {message.name}')
    if field.is_optional and field.nullable.meets(message.versions).empty:
        lines.fail(f'{field.name} is nullable in no version of {message.name}')
    if field.tag is not None and not message.flexible.covers(field.versions.meets(message.versions)):
        lines.fail(f'{field.name} is tagged in versions that are not flexible')
    if field.default == 'null' and not field.is_optional:
        lines.fail(f'{field.name} is null by default but never nullable')
    if field.default not in (None, 'null') and (field.is_array or field.type not in NUMBERS and field.type != 'bool'):
        lines.fail(f'{field.name} cannot have a default')
    if field.is_optional and not (field.is_array or field.is_struct or field.type in ('string', 'bytes', 'records')):
        lines.fail(f'{field.name} cannot be null')
    if field.is_struct and not field.is_array and field.is_optional and field.nullable != field.versions:
        lines.fail(f'{field.name} is a struct that may be null: then in all its versions')


def _resolve(message, shared, lines):
    """Ties struct fields to their structs, orders structs, and finds where each can occur."""
    def visit(struct, reach, path):
        if struct.name in path:
            lines.fail(f'{struct.name} holds itself')
        struct.reach = struct.reach.joins(reach)
        names = [f.name for f in struct.fields]
        if len(names) != len(set(names)):
            lines.fail(f'{struct.name} has two fields of one name')
        if [f.tag for f in struct.tagged] != list(range(len(struct.tagged))):
            lines.fail(f'{struct.name}: tags are not 0, 1, 2 …')
        for field in struct.fields:
            if field.is_struct:
                if field.type not in shared:
                    lines.fail(f'struct {field.type} is nowhere')
                field.struct = shared[field.type]
                visit(field.struct, field.versions.meets(reach), path | {struct.name})
        if struct not in message.structs:
            message.structs.append(struct)

    visit(message.root, message.versions, frozenset())
    message.structs.remove(message.root)
    unused = set(shared) - {s.name for s in message.structs}
    if unused:
        lines.fail(f'nothing in {message.name} uses {", ".join(sorted(unused))}')
