# SPDX-License-Identifier: BSD-2-Clause
"""An attacker on the wire: frames made by hand, with any source; what was on the wire, again."""
import os
import socket
import struct
import threading

import wire

GROUP = "224.0.1.1"
GROUP6 = "ff0e::101"


def _sum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def group_mac(address):
    if ":" in address:
        return b"\x33\x33" + socket.inet_pton(socket.AF_INET6, address)[12:]
    octets = socket.inet_aton(address)
    return bytes((1, 0, 0x5e, octets[1] & 0x7f)) + octets[2:]


def frame(source, to, payload, sport=123, dport=123, mac=None, ttl=16):
    """Ethernet, IP, UDP around the payload; without mac, to a group."""
    v6 = ":" in to
    family = socket.AF_INET6 if v6 else socket.AF_INET
    a, b = socket.inet_pton(family, source), socket.inet_pton(family, to)
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    if v6:
        pseudo = a + b + struct.pack("!II", len(udp) + len(payload), 17)
        check = _sum(pseudo + udp + payload) or 0xffff
        udp = udp[:6] + struct.pack("!H", check)
        ip = struct.pack("!IHBB", 6 << 28, len(udp) + len(payload), 17, ttl) + a + b
    else:
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, ttl, 17, 0, a, b)
        ip = ip[:10] + struct.pack("!H", _sum(ip)) + ip[12:]
    ether = (mac or group_mac(to)) + b"\x02\x0e\x0e\x0e\x0e\x0e"
    return ether + (b"\x86\xdd" if v6 else b"\x08\x00") + ip + udp + payload


class Wire:
    """A raw socket in a space: sends frames, and those that come can be had."""

    def __init__(self, space, ifname="eth0"):
        with space:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.bind((ifname, 0))
        self.sent = 0
        self.lock = threading.Lock()

    def send(self, *given, **more):
        self.socket.send(frame(*given, **more))
        with self.lock:
            self.sent += 1


def beacon(truth, offset_ns=0, key=None, **fields):
    """A mode 5 packet of the moment that a client would like best."""
    now = wire.ntp_from_ns(truth.now() + offset_ns)
    given = {"version": 4, "mode": 5, "stratum": 1, "poll": 0, "precision": -20,
             "refid": int.from_bytes(b"EVIL", "big"), "root_dispersion": 4,
             "reference": (now - (1 << 32)) % 2**64, "transmit": now}
    given.update(fields)
    octets = wire.Packet(**given).bytes()
    return octets + key.mac(octets) if key else octets


def bad_mac(octets, ident=1, length=32):
    return octets[:48] + struct.pack("!I", ident) + os.urandom(length)


# ---- MD5 that goes on from a digest (RFC 1321): length extension ----

_TURNS = (7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21)
_ONE = 0xffffffff


def _sine(i):
    from math import sin
    return int(abs(sin(i + 1)) * 2**32) & _ONE


def _md5_block(state, block):
    x = struct.unpack("<16I", block)
    a, b, c, d = state
    for i in range(64):
        if i < 16:
            f, g = (b & c) | (~b & d), i
        elif i < 32:
            f, g = (d & b) | (~d & c), (5 * i + 1) % 16
        elif i < 48:
            f, g = b ^ c ^ d, (3 * i + 5) % 16
        else:
            f, g = c ^ (b | (~d & _ONE)), 7 * i % 16
        f = (f + a + _sine(i) + x[g]) & _ONE
        turn = _TURNS[i // 16][i % 4]
        a, d, c, b = d, c, b, (b + (f << turn | f >> (32 - turn))) & _ONE
    return [(p + q) & _ONE for p, q in zip(state, (a, b, c, d))]


def md5_padding(length):
    return b"\x80" + bytes((55 - length) % 64) + struct.pack("<Q", 8 * length)


def md5_extended(digest, length, more):
    """The digest of message + its padding + more, knowing only its digest and length."""
    state = list(struct.unpack("<4I", digest))
    begin = length + len(md5_padding(length))
    rest = more + md5_padding(begin + len(more))
    for i in range(0, len(rest), 64):
        state = _md5_block(state, rest[i:i + 64])
    return struct.pack("<4I", *state)
