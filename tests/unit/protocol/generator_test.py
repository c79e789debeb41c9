#!/usr/bin/env python3
"""The generator refuses what it does not understand, with the file and the line.   generator_test.py GENERATOR_DIR"""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))
import cpp  # noqa: E402
import names  # noqa: E402
import schema  # noqa: E402
from model import Versions, least_size  # noqa: E402


def parse(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'thing.schema'
        path.write_text(text, encoding='utf-8')
        return schema.parse(path)


def message(fields, head='message Thing 0-4 flexible 2+'):
    return parse(head + '\n' + ''.join(f'    {line}\n' for line in fields)).messages[0]


class Refused(unittest.TestCase):
    CASES = {
        'an unknown word': ['a int32 0+ ignored'],
        'an unknown type': ['a int33 0+'],
        'a name that is not snake_case': ['Name int32 0+'],
        'a range that is none': ['a int32 x'],
        'an empty range': ['a int32 3-2'],
        'a struct that is nowhere': ['a []Other 0+'],
        'a struct that nothing uses': ['a int32 0+', 'struct Other', '    b int32 0+'],
        'a struct that holds itself': ['a Other 0+', 'struct Other', '    b Other 0+'],
        'a struct that stands twice': ['a []Other 0+', '    b int32 0+', 'struct Other', '    b int32 0+'],
        'two fields of one name': ['a int32 0+', 'a int32 0+'],
        'a field in no version': ['a int32 5+'],
        'a field that is null in no version': ['a string?5+ 0+'],
        'a number that may be null': ['a int32? 0+'],
        'null as the default of what is never null': ['a string 0+ = null'],
        'a default of a string': ['a string 0+ = "x"'],
        'a tag in versions without tags': ['a int32 0+ tag 0'],
        'tags with a gap': ['a int32 2+ tag 1'],
        'fields below what is no struct': ['a int32 0+', '    b int32 0+'],
        'too deep': ['a []Other 0+', '        b int32 0+'],
        'a column too far': [' a int32 0+'],
    }

    def test_what_is_not_understood_is_refused(self):
        for name, fields in self.CASES.items():
            with self.subTest(name), self.assertRaisesRegex(schema.SchemaError, r'thing\.schema:\d+: .'):
                message(fields)

    def test_a_message_that_never_ends_is_refused(self):
        with self.assertRaises(schema.SchemaError):
            message(['a int32 0+'], 'message Thing 0+')


class Understood(unittest.TestCase):
    def test_structs_are_known_in_the_versions_in_which_they_can_occur(self):
        thing = message(['a []Inner 1-3', '    b int32 0+', 'c Inner 3+'])
        self.assertEqual(thing.structs[0].reach, Versions(1, 4))

    def test_the_least_size_of_an_element_is_that_of_its_smallest_version(self):
        thing = message(['a []Inner 0+', '    b int32 0+', '    c string 0+', '    d uuid 1+'])
        self.assertEqual(least_size(thing.structs[0], thing.flexible), 6)  # version 0: int32 and the length of a string

    def test_conditions_are_written_only_where_they_can_fail(self):
        self.assertEqual(cpp.condition(Versions(0, 32767), Versions(0, 4)), '')
        self.assertEqual(cpp.condition(Versions(2, 32767), Versions(0, 4)), 'v >= 2')
        self.assertEqual(cpp.condition(Versions(0, 3), Versions(2, 4)), 'v <= 3')
        self.assertEqual(cpp.condition(Versions(3, 3), Versions(2, 4)), 'v == 3')

    def test_names_become_those_of_cpp_and_of_json(self):
        self.assertEqual(names.snake('KRaftVersionRecord'), 'k_raft_version_record')
        self.assertEqual(names.camel('v3_and_below_topics'), 'v3AndBelowTopics')
        self.assertEqual(names.member('namespace'), 'namespace_')
        self.assertEqual(names.enumerator('OffsetCommitKey'), 'offset_commit')


if __name__ == '__main__':
    unittest.main()
