#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""relay.py LEFT RIGHT FILE: an attacker on path. Passes frames between two interfaces both ways;
mode 5 to the right waits for as many seconds as FILE says, once there is one."""
import heapq
import os
import select
import socket
import sys
import time

PACKET_OUTGOING = 4


def open_side(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    return s


def is_mode_5(octets):
    return octets[12:14] == b"\x08\x00" and octets[23] == 17 and octets[36:38] == b"\x00\x7b" \
        and octets[42] & 7 == 5


def repaired(octets):
    """The sender's kernel left the checksum to hardware that is not there: without one, then."""
    if octets[12:14] == b"\x08\x00" and octets[23] == 17:
        return octets[:40] + bytes(2) + octets[42:]
    return octets


def main(left, right, path):
    sides = {open_side(left): open_side(right)}
    first = next(iter(sides))
    sides[sides[first]] = first
    waiting = []
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            sides[first].send(heapq.heappop(waiting)[1])
        pause = waiting[0][0] - now if waiting else 1.0
        for side in select.select(list(sides), [], [], max(0.0, pause))[0]:
            octets, sender = side.recvfrom(2048)
            if sender[2] == PACKET_OUTGOING:
                continue
            octets = repaired(octets)
            delay = 0.0
            if side is first and is_mode_5(octets) and os.path.exists(path):
                with open(path, encoding="ascii") as f:
                    delay = float(f.read() or 0)
            if delay:
                heapq.heappush(waiting, (time.monotonic() + delay, octets))
            else:
                sides[side].send(octets)


if __name__ == "__main__":
    main(*sys.argv[1:])
