"""Memory for the page cache that the machine has got already.

A virtual machine whose host takes back what is free pays for each page once more when it is used next: here up to 1.5 s of
CPU a GB, in the time of whoever writes then, be it a broker or a bare loop, and more or less of it from run to run. So
that a load which fills the page cache measures brokers, all free memory is taken and touched beforehand, and given back as
it is used up: what is free is always little, and was in use a moment ago. On a machine that has its memory to itself that
changes nothing."""
import mmap
import os
import threading

PAGE = os.sysconf('SC_PAGE_SIZE')
STEP = 16 << 20        # bytes given back at once
FREE = 256 << 20       # kept free: a load uses less than that between two looks
LOOK_EVERY_S = 0.003


def free_bytes():
    with open('/proc/vmstat') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('nr_free_pages ')) * PAGE


class WarmMemory:
    """`with WarmMemory():` what is allocated meanwhile was in use before."""

    def __init__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self.held = max(0, free_bytes() - FREE - STEP) // STEP * STEP
        self.given = 0
        if self.held > 0:
            self.memory = mmap.mmap(-1, self.held, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            block = b'\1' * STEP
            for at in range(0, self.held, STEP):
                if free_bytes() < FREE:  # others have taken some meanwhile
                    self.held = at
                    break
                self.memory[at:at + STEP] = block
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        if self.thread.ident is not None:
            self.thread.join()
            self.memory.close()

    def _follow(self):
        while self.given < self.held and not self.ended.is_set():
            while free_bytes() < FREE and self.given < self.held:
                self.memory.madvise(mmap.MADV_DONTNEED, self.given, STEP)
                self.given += STEP
            self.ended.wait(LOOK_EVERY_S)
