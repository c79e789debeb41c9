#!/usr/bin/env python3
"""Fails on an #include that cmake/layers.cmake does not allow, on a file of over 800 lines, and on an edge that goes up.

  check_includes.py LAYERS.TXT SOURCE_DIR      LAYERS.TXT: lines `floor module: used modules`
  check_includes.py --selftest                 shows that a forbidden edge is found"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
FRONT_DOOR = re.compile(r'^moldau/([a-z]+)/')
LIMIT = 800


def read_layers(text):
    layers = {}
    for line in text.splitlines():
        if line.strip():
            head, uses = line.split(':')
            floor, name = head.split()
            layers[name] = (99 if floor == 'beside' else int(floor), uses.split())
    return layers


def edges_that_rise(layers):
    return [f'layers.cmake: {name} (floor {floor}) uses {used} (floor {layers[used][0]}), which is above it'
            for name, (floor, uses) in layers.items() for used in uses if layers[used][0] > floor]


def module_of(path, root):
    parts = path.relative_to(root).parts
    if parts[0] == 'src':
        return parts[1]
    return parts[2] if parts[:2] == ('include', 'moldau') and len(parts) > 3 else None


def check(layers, root):
    found = edges_that_rise(layers)
    for path in sorted(p for d in ('include', 'src', 'tests', 'bench') for p in (root / d).rglob('*') if p.suffix in ('.cpp', '.hpp', '.py')):
        lines = path.read_text(encoding='utf-8').splitlines()
        if len(lines) > LIMIT:
            found.append(f'{path}: {len(lines)} lines, more than {LIMIT}')
        module = module_of(path, root) if path.suffix != '.py' and path.parts[len(root.parts)] in ('include', 'src') else None
        if module is None or module == 'apps':
            continue
        if module not in layers:
            found.append(f'{path}: module {module} has no line in layers.cmake')
            continue
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            door = FRONT_DOOR.match(match[1])
            if door and door[1] != module and door[1] not in layers[module][1]:
                found.append(f'{path}:{number}: {module} may not include {match[1]}')
            if '..' in match[1]:
                found.append(f'{path}:{number}: no ".." in an include')
    return found


def selftest():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {'src/low/a.cpp': '#include "moldau/high/x.hpp"\n', 'src/high/b.cpp': '#include "moldau/low/y.hpp"\n'}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        found = check(read_layers('0 low:\n1 high: low\n'), root)
        assert len(found) == 1 and 'low may not include moldau/high/x.hpp' in found[0], found
        assert edges_that_rise(read_layers('0 low: high\n1 high:\n'))
    print('a forbidden edge is found')


def main():
    if sys.argv[1:] == ['--selftest']:
        return selftest()
    layers = read_layers(pathlib.Path(sys.argv[1]).read_text())
    found = check(layers, pathlib.Path(sys.argv[2]).resolve())
    print('\n'.join(found) or f'{len(layers)} modules, every include allowed')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
