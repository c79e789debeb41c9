"""Memory for the page cache that the machine has got already.

A virtual machine whose host takes back what is free pays for each page once more when it is used next: here up to 1.5 s of
CPU a GB, in the time of whoever writes then, be it a broker or a bare loop, and more or less of it from run to run. So
that a load which fills the page cache measures brokers, pages of a file without a name are held and let go just before they
are wanted. On a machine that has its memory to itself that changes nothing."""
import os
import tempfile
import threading

PAGE = os.sysconf('SC_PAGE_SIZE')
STEP = 16 << 20   # bytes written or let go at once
AHEAD = 512 << 20  # what is free beyond what was used: a load writes less than that between two looks
LOOK_EVERY_S = 0.005


def bytes_in_page_cache():
    with open('/proc/vmstat') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('nr_file_pages ')) * PAGE


class WarmMemory:
    """`with WarmMemory(directory, size):` the page cache grows by up to `size` bytes into pages that were in use before."""

    def __init__(self, directory, size):
        self.held = -(-size // STEP) * STEP + AHEAD
        self.file = tempfile.TemporaryFile(dir=directory)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        block = bytes(STEP)
        for _ in range(self.held // STEP):
            self.file.write(block)
        self.file.flush()
        self.before = bytes_in_page_cache()
        self.given = 0
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.file.close()

    def _follow(self):
        while not self.ended.is_set():
            used = bytes_in_page_cache() - self.before + self.given
            wanted = min(self.held, max(0, used) + AHEAD) // STEP * STEP
            if wanted > self.given:
                self.given = wanted
                os.ftruncate(self.file.fileno(), self.held - wanted)
            self.ended.wait(LOOK_EVERY_S)
