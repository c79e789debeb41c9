"""C++ types, defaults and conditions of fields."""
from model import FOREVER
from names import member

SCALARS = {'bool': 'bool', 'int8': 'std::int8_t', 'int16': 'std::int16_t', 'uint16': 'std::uint16_t', 'int32': 'std::int32_t',
           'uint32': 'std::uint32_t', 'int64': 'std::int64_t', 'float64': 'double', 'uuid': 'Uuid', 'error': 'ErrorCode',
           'string': 'std::string', 'bytes': 'BytesView', 'records': 'BytesView'}
# The methods of Reader, Sizer and Writer.
METHODS = {'bool': 'boolean', 'error': 'error_code'}


def method(field):
    return METHODS.get(field.type, field.type)


def element_type(field):
    return SCALARS.get(field.type, field.type)


def bare_type(field):
    """The member's type without the optional."""
    return f'std::vector<{element_type(field)}>' if field.is_array else element_type(field)


def member_type(field):
    return f'std::optional<{bare_type(field)}>' if field.is_optional else bare_type(field)


def _number(field):
    """The default of a number as a C++ literal; None when it is zero."""
    if field.default is None:
        return None
    value = int(field.default, 0)
    if value == -2**31:
        return 'INT32_MIN'
    if value == 2**31 - 1:
        return 'INT32_MAX'
    if value == 2**63 - 1:
        return 'INT64_MAX'
    return str(value)


def default(field):
    """The default as a C++ expression; '' when the type's own empty value is meant."""
    if field.is_array or field.is_struct or field.type in ('bytes', 'records', 'uuid', 'error', 'string'):
        return ''
    if field.type == 'bool':
        return field.default or 'false'
    return _number(field) or '0'


def starts_null(field):
    return field.is_optional and field.default == 'null'


def initializer(field):
    if field.is_optional:
        return '' if starts_null(field) else '{std::in_place}'
    if field.type == 'error' and not field.is_array:
        return ' = ErrorCode::none'
    value = default(field)
    return f' = {value}' if value else ''


def reset(field, owner='m'):
    """The statement that gives the member its default again."""
    x = f'{owner}.{member(field.name)}'
    if field.is_optional:
        return f'{x}.reset();' if starts_null(field) else f'{x}.emplace();'
    if field.is_array or field.type == 'string':
        return f'{x}.clear();'
    if field.type == 'error':
        return f'{x} = ErrorCode::none;'
    value = default(field)
    return f'{x} = {value};' if value else f'{x} = {{}};'


def differs(field, owner='m'):
    """The condition that the member is not at its default."""
    x = f'{owner}.{member(field.name)}'
    if field.is_optional:
        if starts_null(field):
            return f'{x}.has_value()'
        return f'!({x} && at_default(*{x}))' if field.is_struct and not field.is_array else f'!({x} && {x}->empty())'
    if field.is_array or field.type in ('string', 'bytes', 'records'):
        return f'!{x}.empty()'
    if field.is_struct:
        return f'!at_default({x})'
    if field.type == 'uuid':
        return f'!{x}.is_zero()'
    if field.type == 'error':
        return f'{x} != ErrorCode::none'
    if field.type == 'bool':
        return f'!{x}' if field.default == 'true' else x
    return f'{x} != {default(field)}'


def condition(versions, reach, v='v'):
    """The test for `versions` where `v` is known to be in `reach`; '' when it always holds."""
    inside = versions.meets(reach)
    if inside.empty:
        return 'false'
    low = f'{v} >= {inside.lo}' if inside.lo > reach.lo else ''
    high = f'{v} <= {inside.hi}' if inside.hi < min(reach.hi, FOREVER) else ''
    if low and high:
        return f'{v} == {inside.lo}' if inside.lo == inside.hi else f'{low} && {high}'
    return low or high


def as_bool(text):
    return text or 'true'
