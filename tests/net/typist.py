# SPDX-License-Identifier: BSD-2-Clause
"""The terminal program on a pseudo-terminal, and the control socket's frames spoken by hand."""
import fcntl
import os
import pty
import select
import socket
import struct
import termios
import time


class Typist:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, words, term="vt100", columns=80, rows=24, env=None):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = dict(env or os.environ)
            environment.pop("TERM", None)
            if term is not None:
                environment["TERM"] = term
            os.execvpe(words[0], words, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, wanted, seconds=10):
        """What is printed up to and with `wanted`."""
        deadline = time.monotonic() + seconds
        while wanted not in self.seen:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError("no %r in %r" % (wanted, self.seen))
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError as e:
                raise EOFError("no %r in %r" % (wanted, self.seen)) from e
        end = self.seen.index(wanted) + len(wanted)
        got, self.seen = self.seen[:end], self.seen[end:]
        return got

    def type(self, octets):
        while octets:
            octets = octets[os.write(self.fd, octets[:512]):]

    def ask(self, octets, wanted):
        self.type(octets)
        return self.read_until(wanted)

    def end(self):
        """Exit status, after hanging up if it still runs."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            # A last line that nobody reads keeps a terminal open.
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    time.sleep(0.02)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Line:
    """One session on the control socket."""

    def __init__(self, path, manner="batch", greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.flags = 0
        self.prompt = ""
        if greet:
            self.send("H", manner)
            self.reply()

    def send(self, kind, text=""):
        body = kind.encode() + text.encode()
        self.socket.sendall(struct.pack("!I", len(body)) + body)

    def take(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def frame(self):
        body = self.take(struct.unpack("!I", self.take(4))[0])
        return chr(body[0]), body[1:]

    def reply(self):
        """What one frame of ours is answered with."""
        out = b""
        while True:
            kind, body = self.frame()
            if kind == "O":
                out += body
            elif kind == "P":
                self.flags, self.screen = struct.unpack("!BH", body[:3])
                self.prompt = body[3:].decode()
                return out.decode()
            else:
                raise EOFError(body.decode())

    def type(self, line):
        self.send("L", line)
        return self.reply()

    def ask(self, kind, line):
        self.send(kind, line)
        return self.reply()

    @property
    def failed(self):
        return bool(self.flags & 1)

    def farewell(self):
        """The daemon's reason for hanging up; None if it just did."""
        try:
            while True:
                kind, body = self.frame()
                if kind == "X":
                    return body.decode()
        except (EOFError, ConnectionError):
            return None

    def close(self):
        self.socket.close()
