"""Runs a real moldaud for a test: a free port, a directory of its own, stopped by its pid. Standard library only."""
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
READY = re.compile(r'^ready (\S+://\S+(?: \S+://\S+)*)$')


def until(what, seconds=30):
    """Polls, since the process outside has its own time; what() at last."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError('it did not come about')


class Moldaud:
    """with Moldaud(binary, {'connections.max.idle.ms': 8000}) as m: m.address is '127.0.0.1:PORT'.

    A node with a `--config FILE` in its arguments has its directory and its listeners from there. m.stop() and m.kill() end the
    process, m.start() starts it again with the same directory and address."""

    def __init__(self, binary, settings=None, arguments=(), ready_within_s=60, data=None):
        self.binary, self.settings, self.arguments = binary, settings or {}, list(arguments)
        self.ready_within_s = ready_within_s
        self.data = data
        self.process = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='moldau-test-')
        self.data = self.data or os.path.join(self.folder, 'data')
        self.address = '127.0.0.1:0'
        self.log = open(os.path.join(self.folder, 'stderr'), 'w+b')
        self.start()
        return self

    def start(self):
        command = [self.binary, *self.arguments]
        if '--config' not in self.arguments:
            command += ['--data-dir', self.data]
            if 'listeners' not in self.settings:
                command += ['--listen', self.address]
        for key, value in self.settings.items():
            command += ['--set', f'{key}={value}']
        started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        line = self._first_line()
        self.ready_after_s = time.monotonic() - started
        found = READY.match(line)
        if not found:
            self._end()
            raise AssertionError(f'moldaud was not ready, its first line: {line!r}\n{self.stderr()}')
        self.listeners = dict(x.split('://') for x in found[1].split())
        self.address = self.listeners['PLAINTEXT']

    def stop(self):
        """As an operator stops it; it must end well."""
        code = self._end()
        self.process.stdout.close()
        self.process = None
        if code != 0:
            raise AssertionError(f'moldaud ended with {code} when it was told to stop\n{self.stderr()}')

    def kill(self, by=None):
        """SIGKILL, or what by(pid) does to the same end."""
        early = self.process.poll()
        by(self.pid) if by else self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None
        if early is not None:
            raise AssertionError(f'moldaud ended with {early} by itself\n{self.stderr()}')

    def _first_line(self):
        until, text = time.monotonic() + self.ready_within_s, b''
        while b'\n' not in text and time.monotonic() < until:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                piece = os.read(self.process.stdout.fileno(), 4096)
                if not piece:
                    break
                text += piece
        return text.decode().split('\n')[0]

    @property
    def pid(self):
        return self.process.pid

    def stderr(self):
        self.log.flush()
        with open(self.log.name, 'rb') as f:
            return f.read().decode(errors='replace')

    def rss_bytes(self):
        with open(f'/proc/{self.pid}/status') as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith('VmRSS'))

    def _end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return 'did not stop within 30 s of SIGTERM'

    def __exit__(self, kind, value, trace):
        early, code = None, 0
        if self.process is not None:
            early = self.process.poll()
            code = self._end()
            self.process.stdout.close()
        text = self.stderr()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is not None or code != 0:
            print(f'--- moldaud ended with {code}; its stderr:\n{text[-20000:]}\n---', file=sys.stderr)
        if kind is None and (early is not None or code != 0):
            raise AssertionError(f'moldaud ended with {code}' + (' by itself' if early is not None else ''))


class Wire:
    """One raw connection: send(key, version, body) frames a request with header v1, or v2 when flexible."""

    def __init__(self, address, timeout_s=10):
        host, port = address.rsplit(':', 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @staticmethod
    def request(key, version, body=b'', flexible=False, correlation=7, client=b'wire'):
        header = struct.pack('>hhih', key, version, correlation, len(client)) + client + (b'\0' if flexible else b'')
        return struct.pack('>i', len(header) + len(body)) + header + body

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The reply's bytes after its size; None when the peer closed."""
        data = self._exactly(4)
        return None if data is None else self._exactly(struct.unpack('>i', data)[0])

    def _exactly(self, count):
        data = b''
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except ConnectionResetError:
                return None
            if not piece:
                return None
            data += piece
        return data

    def closed_by_peer(self):
        """Waits for the peer to close; False when the socket's time-out passes first."""
        try:
            return self._exactly(1) is None
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
