# SPDX-License-Identifier: BSD-2-Clause
"""What tests type and look for: the seed's lines, and the answers of displays."""
import re

import wire

SERVER = ["system-view", "ntp refclock-master 1"]

KEYS = {
    "md5": wire.Key(11, "md5", "weak-but-known"),
    "hmac-sha256": wire.Key(12, "hmac-sha256", "a-long-and-plain-password"),
    "aes-128-cmac": wire.Key(13, "aes-128-cmac", "sixteen-octets!!"),
    "aes-256-cmac": wire.Key(14, "aes-256-cmac", "thirty-two-octets-make-this-key!"),
}


WEAKEA = "install feature-software WEAKEA"  # in the user view; md5 needs it


def key_lines(key, trusted=False):
    lines = [key.line()]
    if trusted:
        lines += ["ntp authentication enable",
                  "ntp trusted authentication-keyid %d" % key.ident]
    return lines


def roles(*rows, interface="eth 0"):
    """Role commands on one interface, committed."""
    return ["interface " + interface] + list(rows) + ["quit", "commit"]


def synchronised(host):
    return re.search(r"clock status: synchronized", host.show("display ntp status")) is not None


def status_word(host):
    m = re.search(r"clock status: *(.*)", host.show("display ntp status"))
    return m[1].strip() if m else ""


def said(host):
    return host.show("display interface ntp")


def sources(host):
    """Whom it follows or asks, in lower case."""
    return [s.lower() for s in
            re.findall(r"clock source: *(\S+)", host.show("display ntp sessions"))]


def explain(host, *lines):
    """For who reads a failed case: how it is with this host, and what these lines display."""
    words = "%s, off by %s ns" % (status_word(host), host.read())
    return "\n".join([words, *map(host.show, lines)])


def near(host, ns=1_000_000, family=4):
    """True when the host says that it is synchronised and the truth agrees."""
    reading = host.read(family=family)
    return reading is not None and abs(reading) < ns and synchronised(host)
