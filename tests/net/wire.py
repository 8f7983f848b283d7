# SPDX-License-Identifier: BSD-2-Clause
"""NTP packets as bytes, made without a line of the daemon's code: what tests believe.

Packets are built and read here, MACs computed (md5, HMAC-SHA-256, AES-CMAC), and a host's clock is
read from outside against the truth that all virtual clocks of a lab share.
"""
import hashlib
import hmac
import os
import select
import socket
import struct
import time

NTP_EPOCH = 2208988800
SO_TIMESTAMPING = 37
# Software stamps of what is received and sent; the stamp of a sent packet without its bytes.
STAMP_FLAGS = (1 << 1) | (1 << 3) | (1 << 4) | (1 << 11)


# ---- AES-CMAC (FIPS 197, RFC 4493) ----

def _sbox():
    box = [0x63] * 256
    p = q = 1
    while True:
        p = p ^ ((p << 1) & 0xff) ^ (0x1b if p & 0x80 else 0)
        for shift in (1, 2, 4):
            q ^= (q << shift) & 0xff
        if q & 0x80:
            q ^= 0x09
        x = q
        for turn in (1, 2, 3, 4):
            x ^= ((q << turn) | (q >> (8 - turn))) & 0xff
        box[p] = x ^ 0x63
        if p == 1:
            return box


SBOX = _sbox()


def _double(b):
    return ((b << 1) ^ (0x11b if b & 0x80 else 0)) & 0xff


def _round_keys(key):
    words = [list(key[i:i + 4]) for i in range(0, len(key), 4)]
    nk = len(words)
    rcon = 1
    for i in range(nk, 4 * (nk + 7)):
        w = list(words[-1])
        if i % nk == 0:
            w = [SBOX[b] for b in w[1:] + w[:1]]
            w[0] ^= rcon
            rcon = _double(rcon)
        elif nk > 6 and i % nk == 4:
            w = [SBOX[b] for b in w]
        words.append([a ^ b for a, b in zip(words[-nk], w)])
    return [sum(words[i:i + 4], []) for i in range(0, len(words), 4)]


def aes(key, block):
    keys = _round_keys(key)
    s = [a ^ b for a, b in zip(block, keys[0])]
    for n, round_key in enumerate(keys[1:], 1):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if n < len(keys) - 1:
            mixed = []
            for c in range(0, 16, 4):
                col = s[c:c + 4]
                every = col[0] ^ col[1] ^ col[2] ^ col[3]
                mixed += [col[i] ^ every ^ _double(col[i] ^ col[(i + 1) % 4]) for i in range(4)]
            s = mixed
        s = [a ^ b for a, b in zip(s, round_key)]
    return bytes(s)


def cmac(key, message):
    def shifted(block):
        n = int.from_bytes(block, "big") << 1
        if n >> 128:
            n ^= (1 << 128) | 0x87
        return n.to_bytes(16, "big")
    k1 = shifted(aes(key, bytes(16)))
    k2 = shifted(k1)
    whole = (len(message) + 15) // 16 or 1
    last = message[16 * (whole - 1):]
    if len(last) == 16:
        last = bytes(a ^ b for a, b in zip(last, k1))
    else:
        last = bytes(a ^ b for a, b in zip(last + b"\x80" + bytes(15 - len(last)), k2))
    x = bytes(16)
    for i in range(whole - 1):
        x = aes(key, bytes(a ^ b for a, b in zip(x, message[16 * i:16 * i + 16])))
    return aes(key, bytes(a ^ b for a, b in zip(x, last)))


class Key:
    """A key as typed: its id, the word for its algorithm, its octets."""

    def __init__(self, ident, algorithm, secret, octets=None):
        self.ident = ident
        self.algorithm = algorithm
        self.secret = secret.encode() if isinstance(secret, str) else secret
        self.octets = octets or (32 if algorithm == "hmac-sha256" else 16)

    def tag(self, message):
        if self.algorithm == "md5":
            return hashlib.md5(self.secret + message, usedforsecurity=False).digest()
        if self.algorithm == "hmac-sha256":
            return hmac.new(self.secret, message, hashlib.sha256).digest()[:self.octets]
        return cmac(self.secret, message)

    def mac(self, message):
        return struct.pack("!I", self.ident) + self.tag(message)

    def line(self):
        return "ntp authentication-keyid %d authentication-mode %s %s" % (
            self.ident, self.algorithm, self.secret.decode())

    def signed(self, packet):
        """True when the packet ends in this key's MAC."""
        cut = len(packet) - 4 - self.octets
        return cut >= 48 and packet[cut:] == self.mac(packet[:cut])


# ---- packets ----

def ntp_from_ns(unix_ns):
    seconds, rest = divmod(unix_ns, 10**9)
    return (((seconds + NTP_EPOCH) & 0xffffffff) << 32) | ((rest << 32) // 10**9)


def ns_from_ntp(stamp, near_ns):
    """Unix ns of a 64-bit NTP time, in the era that lies nearest."""
    ns = ((stamp >> 32) - NTP_EPOCH) * 10**9 + (((stamp & 0xffffffff) * 10**9) >> 32)
    era = 2**32 * 10**9
    return ns + round((near_ns - ns) / era) * era


FIELDS = ("leap", "version", "mode", "stratum", "poll", "precision", "root_delay",
          "root_dispersion", "refid", "reference", "origin", "receive", "transmit")


class Packet:
    """The 48 octets, field by field; tail is what follows them."""

    def __init__(self, **given):
        for field in FIELDS:
            setattr(self, field, given.pop(field, 0))
        self.tail = given.pop("tail", b"")
        if given:
            raise TypeError("no such field: " + ", ".join(given))

    def bytes(self):
        return struct.pack(
            "!BBbbIIIQQQQ", self.leap << 6 | self.version << 3 | self.mode, self.stratum,
            self.poll, self.precision, self.root_delay, self.root_dispersion, self.refid,
            self.reference, self.origin, self.receive, self.transmit) + self.tail

    @classmethod
    def read(cls, octets):
        if len(octets) < 48:
            raise ValueError("%d octets are no NTP packet" % len(octets))
        row = struct.unpack("!BBbbIIIQQQQ", octets[:48])
        p = cls(tail=octets[48:])
        p.leap, p.version, p.mode = row[0] >> 6, row[0] >> 3 & 7, row[0] & 7
        for field, value in zip(FIELDS[3:], row[1:]):
            setattr(p, field, value)
        return p


# ---- the truth, and a clock read against it ----

class Truth:
    """What every virtual clock of a lab is measured by: epoch + CLOCK_MONOTONIC_RAW."""

    def __init__(self):
        self.epoch = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)

    def now(self):
        return self.epoch + time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)

    def of_realtime(self, realtime_ns):
        """Truth of a recent kernel stamp: the two clocks are read close together."""
        best = None
        for _ in range(5):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            real = time.time_ns()
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            if best is None or after - before < best[0]:
                best = (after - before, (before + after) // 2 - real)
        return self.epoch + realtime_ns + best[1]


class Reading:
    """One look at a clock: ns that it is ahead of the truth, within +- delay/2."""

    def __init__(self, times, packet):
        self.times = t1, t2, t3, t4 = times
        self.offset_ns = ((t2 - t1) + (t3 - t4)) // 2
        self.delay_ns = (t4 - t1) - (t3 - t2)
        self.packet = packet


def kernel_stamp(ancillary):
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPING:
            seconds, ns = struct.unpack("qq", data[:16])
            return seconds * 10**9 + ns
    return None


def sent_stamp(sock):
    for _ in range(20):
        try:
            _, ancillary, _, _ = sock.recvmsg(256, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except BlockingIOError:
            time.sleep(0.0005)
            continue
        stamp = kernel_stamp(ancillary)
        if stamp:
            return stamp
    return None


def exchange(sock, truth, to, version=4, key=None, timeout=1.0, **fields):
    """One client/server exchange; a Reading or None. Fields: origin and receive (RFC 9769)."""
    nonce = int.from_bytes(os.urandom(8), "big")
    question = Packet(version=version, mode=3, transmit=nonce, **fields).bytes()
    if key:
        question += key.mac(question)
    user_sent = time.time_ns()
    sock.sendto(question, to)
    sent = sent_stamp(sock) or user_sent
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return None
        try:
            octets, ancillary, _, _ = sock.recvmsg(1024, 512, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue  # the error queue woke us
        arrived = kernel_stamp(ancillary) or time.time_ns()
        if len(octets) < 48:
            continue
        answer = Packet.read(octets)
        if answer.mode == 4 and answer.origin in (nonce, fields.get("receive", nonce)):
            break
    t1, t4 = truth.of_realtime(sent), truth.of_realtime(arrived)
    t2, t3 = ns_from_ntp(answer.receive, t1), ns_from_ntp(answer.transmit, t4)
    return Reading((t1, t2, t3, t4), answer)


def clock_socket(family):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, STAMP_FLAGS)
    sock.bind(("", 0))
    return sock


def best_reading(sock, truth, to, tries=6, key=None):
    """The exchange with the least delay of a few, or None when nobody answers."""
    best = None
    for _ in range(tries):
        reading = exchange(sock, truth, to, key=key)
        if reading is None:
            if best is None:
                return None
            continue
        if best is None or reading.delay_ns < best.delay_ns:
            best = reading
        time.sleep(0.002)
    return best
