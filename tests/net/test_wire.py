#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tests' own packets and MACs against published vectors: the ruler is measured first."""
import sys

import wire
from lab import Cases


def main():
    cases = Cases()
    k16, k32 = bytes(range(16)), bytes(range(32))
    cases.check("FIPS 197 AES-128", wire.aes(k16, bytes.fromhex(
        "00112233445566778899aabbccddeeff")).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a")
    cases.check("FIPS 197 AES-256", wire.aes(k32, bytes.fromhex(
        "00112233445566778899aabbccddeeff")).hex() == "8ea2b7ca516745bfeafc49904b496089")
    rfc4493 = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    text = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                         "30c81c46a35ce411")
    for octets, tag in ((0, "bb1d6929e95937287fa37d129b756746"),
                        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
                        (40, "dfa66747de9ae63030ca32611497c827")):
        cases.check("RFC 4493 CMAC of %d octets" % octets,
                    wire.cmac(rfc4493, text[:octets]).hex() == tag)
    header = bytes.fromhex("250106ec000000000000028f47505300eb0b5f0080000000"
                           "00000000000000000000000000000000eb0b5f10c0000000")
    for algorithm, secret, tag in (
            ("md5", k16, "64a3a4ac48dcd5271b54d184f234acc8"),
            ("hmac-sha256", k32,
             "ab8da843d039eb05aa6d32c039e71126010fb20b55fd0815324a26a354120da4"),
            ("aes-128-cmac", k16, "50ebaf8311a9ee89603d8327b4110965"),
            ("aes-256-cmac", k32, "4e70de212b3059b26dfd9be2d879de84")):
        key = wire.Key(1, algorithm, secret)
        cases.check("%s over an NTP header" % algorithm, key.tag(header).hex() == tag)
        cases.check("%s verifies and refuses" % algorithm, key.signed(header + key.mac(header))
                    and not key.signed(header + key.mac(header)[:-1] + b"\0\0"))
    cases.check("a packet reads back", wire.Packet.read(header).bytes() == header)
    near = 1_700_000_000 * 10**9
    for ns in (near, 2_085_978_495_999_999_999, 2_085_978_496_000_000_000):
        back = wire.ns_from_ntp(wire.ntp_from_ns(ns), ns)
        cases.check("ns %d reads back" % ns, abs(back - ns) <= 1, str(back - ns))
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
