"""How names of the schemas become names of C++ and of Kafka's JSON."""
import re

KEYWORDS = {'operator', 'namespace', 'default', 'new', 'delete', 'class', 'private', 'public', 'union', 'export', 'auto'}


def snake(pascal):
    text = re.sub(r'(?<=[a-z0-9])([A-Z])', r'_\1', pascal)
    return re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', text).lower()


def member(name):
    return name + '_' if name in KEYWORDS else name


def camel(name):
    """The field's name in Kafka's JSON."""
    head, *rest = name.split('_')
    return head + ''.join(part[:1].upper() + part[1:] for part in rest)


def enumerator(record):
    """register_broker of RegisterBrokerRecord, offset_commit of OffsetCommitKey."""
    return member(snake(re.sub(r'(Record|Key|Value)$', '', record)))
