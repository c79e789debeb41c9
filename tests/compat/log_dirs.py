"""What a broker tells of its log directories. Standard library only."""
import struct

from moldaud import Wire


def log_dirs(address):
    """DescribeLogDirs v5 of all partitions: {directory: ({(topic, partition): (size, lag, is it a copy)}, total, usable, is it cordoned)}."""
    with Wire(address) as wire:
        wire.send(Wire.request(35, 5, b'\0\0', flexible=True))
        reply = wire.reply()
    at = 5 + 4 + 2

    def number(form):
        nonlocal at
        [value] = struct.unpack_from('>' + form, reply, at)
        at += struct.calcsize(form)
        return value

    def words():
        nonlocal at
        size = number('B') - 1
        at += size
        return reply[at - size:at].decode()

    found = {}
    for _ in range(number('B') - 1):
        assert number('h') == 0
        path, replicas = words(), {}
        for _ in range(number('B') - 1):
            topic = words()
            for _ in range(number('B') - 1):
                partition, size, lag, is_future = number('i'), number('q'), number('q'), number('?')
                assert number('B') == 0
                replicas[topic, partition] = (size, lag, is_future)
            number('B')
        total, usable, is_cordoned = number('q'), number('q'), number('?')
        number('B')
        found[path] = (replicas, total, usable, is_cordoned)
    return found
