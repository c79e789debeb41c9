"""What a schema file says, as values: messages, structs, fields and the versions in which they exist."""
from dataclasses import dataclass, field

FOREVER = 32767

# Size on the wire of the types whose size is fixed.
FIXED = {'bool': 1, 'int8': 1, 'int16': 2, 'uint16': 2, 'int32': 4, 'uint32': 4, 'int64': 8, 'float64': 8, 'uuid': 16,
         'error': 2}
NUMBERS = {'int8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'float64'}
PRIMITIVES = {*FIXED, 'string', 'bytes', 'records'}


@dataclass(frozen=True)
class Versions:
    """Both ends are included; hi < lo when there is none."""
    lo: int = 0
    hi: int = -1

    def has(self, version):
        return self.lo <= version <= self.hi

    def covers(self, other):
        return other.empty or (self.lo <= other.lo and self.hi >= other.hi)

    def meets(self, other):
        return Versions(max(self.lo, other.lo), min(self.hi, other.hi))

    def joins(self, other):
        if self.empty or other.empty:
            return other if self.empty else self
        return Versions(min(self.lo, other.lo), max(self.hi, other.hi))

    @property
    def empty(self):
        return self.hi < self.lo


NONE = Versions()


@dataclass
class Field:
    name: str
    type: str                       # without brackets: a primitive, or the name of a struct
    is_array: bool
    versions: Versions
    nullable: Versions = NONE
    tag: int | None = None
    default: str | None = None      # as written; None: zero, empty
    ignorable: bool = False
    never_compact: bool = False
    struct: 'Struct | None' = None  # of a struct type, resolved after parsing

    @property
    def is_struct(self):
        return self.type not in PRIMITIVES

    @property
    def is_optional(self):
        return not self.nullable.empty


@dataclass
class Struct:
    name: str
    fields: list[Field] = field(default_factory=list)
    reach: Versions = NONE          # the versions of the message in which the struct can occur

    @property
    def tagged(self):
        return sorted((f for f in self.fields if f.tag is not None), key=lambda f: f.tag)

    @property
    def plain(self):
        return [f for f in self.fields if f.tag is None]


@dataclass
class Message:
    name: str
    kind: str                       # request, response, message, record, key, value
    versions: Versions
    flexible: Versions
    number: int | None              # API key or record type
    root: Struct
    structs: list[Struct] = field(default_factory=list)  # inner ones before those that hold them
    unstable: int | None = None


@dataclass
class File:
    """One schema file: an API, a family of records, or plain messages."""
    stem: str
    about: list[str]
    messages: list[Message] = field(default_factory=list)
    api: str | None = None
    api_key: int | None = None
    listeners: tuple[str, ...] = ()
    family: str | None = None


def least_size(struct, flexible):
    """The fewest bytes that an element can take, over the versions in which the struct can occur."""
    return max(1, min((_size_in(struct, flexible, v) for v in range(struct.reach.lo, struct.reach.hi + 1)), default=1))


def _size_in(struct, flexible, version):
    compact = flexible.has(version)
    size = 1 if compact else 0
    for f in struct.plain:
        if not f.versions.has(version):
            continue
        if f.is_array or f.type in ('bytes', 'records'):
            size += 1 if compact else 4
        elif f.type == 'string':
            size += 1 if compact and not f.never_compact else 2
        elif f.is_struct:
            size += 1 if f.is_optional else _size_in(f.struct, flexible, version)
        else:
            size += FIXED[f.type]
    return size
