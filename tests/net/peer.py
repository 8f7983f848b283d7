# SPDX-License-Identifier: BSD-2-Clause
"""An NTP server that shares no code with ours: answers questions, also those to a group."""
import os
import select
import socket
import struct
import threading

import wire


class Answerer(threading.Thread):
    """Serves the truth on port 123 of a host; with a group, as a manycast server of it."""

    def __init__(self, lab, space, address, group=None, key=None, stratum=1, ifname="eth0"):
        super().__init__(daemon=True)
        self.truth, self.key, self.stratum = lab.truth, key, stratum
        self.asked = []  # (from, to a group, octets)
        self.refused = 0
        self.done = False
        v6 = ":" in address
        family = socket.AF_INET6 if v6 else socket.AF_INET
        with space:
            self.socket = self._socket(family, address, 123)
            self.sockets = [self.socket]
            if group:
                ears = self._socket(family, group, 123)
                index = socket.if_nametoindex(ifname)
                if v6:
                    ears.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                                    socket.inet_pton(family, group) + struct.pack("@i", index))
                else:
                    ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                    socket.inet_aton(group) + struct.pack("@4si", bytes(4), index))
                self.sockets.append(ears)
        self.start()

    @staticmethod
    def _socket(family, address, port):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        return sock

    def run(self):
        while not self.done:
            for sock in select.select(self.sockets, [], [], 0.1)[0]:
                octets, sender = sock.recvfrom(1024)
                arrived = self.truth.now()
                if len(octets) >= 48 and octets[0] & 7 == 3:
                    self.asked.append((sender, sock is not self.socket, octets))
                    self.answer(octets, sender, arrived)

    def answer(self, octets, sender, arrived):
        if self.key and not self.key.signed(octets):
            self.refused += 1
            return
        question = wire.Packet.read(octets)
        answer = wire.Packet(
            version=question.version, mode=4, stratum=self.stratum, poll=question.poll,
            precision=-20, root_dispersion=4, refid=int.from_bytes(b"TEST", "big"),
            reference=wire.ntp_from_ns(arrived) - (1 << 32), origin=question.transmit,
            receive=wire.ntp_from_ns(arrived), transmit=wire.ntp_from_ns(self.truth.now())).bytes()
        self.socket.sendto(answer + self.key.mac(answer) if self.key else answer, sender)

    def stop(self):
        self.done = True
        self.join()
        for sock in self.sockets:
            sock.close()


def solicit(space, group, local, key=None, stratum=0, ttl=1, seconds=2.5, count=1):
    """A manycast client by hand: asks a group once, returns [(from, octets)] of what came back."""
    v6 = ":" in group
    family = socket.AF_INET6 if v6 else socket.AF_INET
    with space:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        index = socket.if_nametoindex("eth0")
    sock.bind((local, 0))
    if v6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(local))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
    nonces = set()
    for _ in range(count):
        nonce = int.from_bytes(os.urandom(8), "big")
        nonces.add(nonce)
        question = wire.Packet(version=4, mode=3, stratum=stratum, poll=6, precision=-20,
                               transmit=nonce).bytes()
        sock.sendto(question + key.mac(question) if key else question, (group, 123))
    answers = []
    while select.select([sock], [], [], seconds)[0]:
        octets, sender = sock.recvfrom(1024)
        packet = wire.Packet.read(octets)
        if packet.mode == 4 and packet.origin in nonces:
            answers.append((sender, octets))
    sock.close()
    return answers
