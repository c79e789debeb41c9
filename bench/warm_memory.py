"""Memory for the page cache that the machine has got already.

A virtual machine that gives free pages back to its host (free page reporting) pays for each of them once more when it is used
next: here up to 1.5 s of CPU a GB, in the time of whoever writes then, be it a broker or a bare loop, and more or less of it from
run to run. So that a load which fills the page cache measures brokers, reporting is switched off for as long as the measurement
takes, and all that is free is touched once beforehand. Where there is no such thing, or no right to change it, `note` says so and
nothing else happens."""
import mmap

REPORTING = '/sys/module/page_reporting/parameters/page_reporting_order'
NEVER = 11             # blocks larger than the kernel's largest: nothing is reported
STEP = 16 << 20
KEEP_FREE = 256 << 20


def free_bytes():
    with open('/proc/meminfo') as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith('MemFree:'))


class WarmMemory:
    """`with WarmMemory() as memory:` what is allocated meanwhile was in use before; memory.note is for the results."""

    def __init__(self, wanted=True):
        self.wanted = wanted

    def __enter__(self):
        self.before = None
        if not self.wanted:
            self.note = 'left as it was'
            return self
        try:
            with open(REPORTING, 'r+') as f:
                before = f.read().strip()
                f.seek(0)
                f.write(str(NEVER))
            self.before = before
            self._touch()
            self.note = 'free memory was touched before, and the machine kept it (free page reporting off)'
        except FileNotFoundError:
            self.note = 'the machine does not give free memory back'
        except OSError as e:
            self.note = f'free memory may be given back to the host and paid for again ({e.strerror})'
        return self

    @staticmethod
    def _touch():
        size = max(0, free_bytes() - KEEP_FREE) // STEP * STEP
        if size == 0:
            return
        block = b'\1' * STEP
        with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            for at in range(0, size, STEP):
                if free_bytes() < KEEP_FREE:  # others have taken some meanwhile
                    break
                memory[at:at + STEP] = block

    def __exit__(self, *_):
        if self.before is not None:
            with open(REPORTING, 'w') as f:
                f.write(self.before)
