#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The JSON configuration is a document of the published module.

check.py EMIT MODULE: EMIT types lines into a session; yanglint judges what it prints. Good
configurations must pass and together use every node of the module; documents with one mistake
must be refused, each for that mistake."""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile

EMIT, MODULE = sys.argv[1:3]

KEYS = """\
install feature-software WEAKEA
system-view
sysname site-1.a
ntp authentication-keyid 1 authentication-mode md5 secret
ntp authentication-keyid 7 authentication-mode aes-128-cmac 0123456789abcdef
ntp authentication-keyid 42 authentication-mode hmac-sha256 cipher "a password"
ntp authentication-keyid 43 authentication-mode hmac-sha256 other mac-length 20
ntp authentication-keyid 4294967295 authentication-mode aes-256-cmac 0123456789abcdef0123456789abcdef
ntp trusted authentication-keyid 42
ntp authentication enable
ntp authentication-password complexity-check enable
"""

GLOBAL = """\
ntp refclock-master 127.127.1.3 5
ntp max-dynamic-sessions 50
ntp multicast-delay 1500
ntp multicast-volley required
ntp listen-port 1123
ntp listen-port 20123
ntp unicast-server 192.0.2.1 authentication-keyid 42 version 4 port 1123 minpoll 4 maxpoll 8 iburst
ntp unicast-server ipv6 2001:db8::1
"""

ACCESS = """\
acl 2000
rule permit source 192.0.2.0 0.0.0.255
rule deny source any
acl ipv6 name site
rule 0 permit source 2001:db8:: 32
quit
ntp trusted authentication-keyid 7 source 192.0.2.0 24 interface eth0 role multicast
ntp access peer 2000 ipv6 acl6-name site
ntp access limited ipv6 2001
ntp kod-enable
ntp discard min-interval 2 avg-interval 6
ntp max-distance 16
ntp offset-limit 60
ntp max-slew 100
ntp disable
ntp ipv6 disable
ntp server disable
ntp ipv6 server disable
interface eth0
ntp receive disable
ntp ipv6 receive disable
quit
"""

ROLES = """\
interface eth0
ntp multicast-server
ntp multicast-server 239.1.2.3 authentication-keyid 4294967295 ttl 3 version 2 port 1123 minpoll 3
ntp multicast-server ipv6 authentication-keyid 7 ttl 255
ntp multicast-client
ntp multicast-client 232.0.0.1
ntp multicast-client ipv6 FF05::101
quit
interface vlan.100
ntp manycast-server on-link
ntp manycast-server ipv6
ntp manycast-client 224.0.1.2 authentication-keyid 42 ttl 4 port 1123
ntp manycast-client ipv6
"""

GOOD = {
    "nothing is configured": "system-view\n",
    "a name only": "system-view\nsysname A\n",
    "keys": KEYS,
    "the seed's server": KEYS + "interface eth 0\nntp multicast-server authentication-keyid 42\n",
    "the seed's client": "system-view\ninterface eth0\nntp multicast-client\n",
    "everything": KEYS + GLOBAL + ACCESS + ROLES,
}


def emit(lines):
    """The JSON after these lines and a commit."""
    typed = lines + "commit\nreturn\ndisplay current-configuration | json\n"
    done = subprocess.run([EMIT], input=typed, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("refused: " + done.stderr)
    return json.loads(done.stdout[done.stdout.index("{"):])


def yanglint(document, features=None):
    """None if the document is valid, else what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f)
        command = ["yanglint", "-t", "config"]
        if features is not None:
            command += ["-F", "timecast-ntp:" + features]
        done = subprocess.run(command + [MODULE, path], capture_output=True, text=True,
                              check=False)
    return None if done.returncode == 0 else done.stderr


def paths(value, at=""):
    """Every node of a document as a path without keys and module names."""
    if isinstance(value, dict):
        for name, child in value.items():
            here = at + "/" + name.split(":")[-1]
            yield here
            yield from paths(child, here)
    elif isinstance(value, list):
        for child in value:
            yield from paths(child, at)


def nodes_of_module():
    """Every node of the module as a path, choices and cases left out."""
    tree = subprocess.run(["yanglint", "-f", "tree", MODULE], capture_output=True, text=True,
                          check=True).stdout
    stack = []
    for line in tree.splitlines():
        m = re.match(r"([ |]*)\+--(?:rw )?(:?\(?[\w-]+\)?)", line)
        if not m:
            continue
        depth = len(m[1]) // 3
        del stack[depth:]
        stack.append(m[2])
        if not stack[-1].startswith((":", "(")):
            yield "/" + "/".join(n for n in stack if not n.startswith((":", "(")))


def role(document, kind, address, ifname="eth0"):
    for interface in document["timecast-ntp:ntp"]["interfaces"]["interface"]:
        if interface["name"] == ifname:
            for entry in interface[kind]:
                if entry["address"] == address:
                    return entry
    raise KeyError((ifname, kind, address))


def keys_of(document):
    return document["timecast-ntp:ntp"]["authentication"]["authentication-keys"]


def put(entry, name, value):
    entry[name] = value


# What is wrong, how to make it so, and a part of what yanglint says.
BAD = [
    ("a key that does not exist",
     lambda d: put(role(d, "multicast-server", "239.1.2.3"), "authentication", {"keyid": 99}),
     "leafref"),
    ("a unicast address as a group",
     lambda d: put(role(d, "multicast-client", "224.0.1.1"), "address", "192.0.2.1"), "192.0.2.1"),
    ("an IPv6 group that is none",
     lambda d: put(role(d, "multicast-client", "224.0.1.1"), "address", "fe80::1"), "fe80::1"),
    ("a port below 1025",
     lambda d: put(role(d, "multicast-server", "224.0.1.1"), "port", 1024), "1024"),
    ("version 5",
     lambda d: put(role(d, "multicast-server", "224.0.1.1"), "version", 5), "range"),
    ("version 3 to an IPv6 group",
     lambda d: put(role(d, "multicast-server", "ff0e::101"), "version", 3), "sent version 4"),
    ("a large key id with version 4",
     lambda d: put(role(d, "multicast-server", "239.1.2.3"), "version", 4), "at most 65535"),
    ("a large key id on a manycast client",
     lambda d: put(role(d, "manycast-client", "224.0.1.2", "vlan.100"), "authentication",
                   {"keyid": 4294967295}), "at most 65535"),
    ("ttl 0",
     lambda d: put(role(d, "multicast-server", "224.0.1.1"), "ttl", 0), "range"),
    ("an interval of 2^18 s",
     lambda d: put(role(d, "multicast-server", "224.0.1.1"), "minpoll", 18), "range"),
    ("a node that is not in the module",
     lambda d: put(role(d, "multicast-client", "224.0.1.1"), "ttl", 1), "not found"),
    ("a short tag with CMAC",
     lambda d: put(next(k for k in keys_of(d) if k["keyid"] == 7), "mac-length", 20),
     "Only hmac-sha-256"),
    ("a key in plain text",
     lambda d: put(keys_of(d)[0], "key", {"sealed-key": "0123456789abcdef0123"}), "pattern"),
    ("an algorithm nobody knows",
     lambda d: put(keys_of(d)[0], "algorithm", "sha-1"), "identity"),
    ("stratum 16",
     lambda d: put(d["timecast-ntp:ntp"]["refclock-master"], "master-stratum", 16), "range"),
    ("101 dynamic sessions",
     lambda d: put(d["timecast-ntp:ntp"], "max-dynamic-sessions", 101), "range"),
    ("a longest interval below the shortest",
     lambda d: put(d["timecast-ntp:ntp"]["unicast-configuration"][0], "maxpoll", 3),
     "must not be below"),
    ("a group as a unicast server",
     lambda d: put(d["timecast-ntp:ntp"]["unicast-configuration"][0], "address", "224.0.1.1"),
     "224.0.1.1"),
    ("a name with a blank",
     lambda d: put(d["timecast-ntp:system"], "hostname", "a b"), "pattern"),
    ("a list with a number that is not basic",
     lambda d: put(d["timecast-ntp:ntp"]["access-rules"]["access-rule"][0], "acl", "3000"),
     "pattern"),
    ("a rule without a source",
     lambda d: d["timecast-ntp:ntp"]["access-lists"]["acl"][0]["rule"][1].pop("any"), "source"),
    ("an offset limit below 5 s",
     lambda d: put(d["timecast-ntp:ntp"], "offset-limit", 4), "range"),
    ("the same group twice",
     lambda d: d["timecast-ntp:ntp"]["interfaces"]["interface"][0]["multicast-client"].append(
         {"address": "224.0.1.1"}), "uplicate"),
]


def failures():
    documents = {}
    for name, lines in GOOD.items():
        documents[name] = emit(lines)
        wrong = yanglint(documents[name])
        if wrong:
            yield "%s: %s" % (name, wrong)
    everything = documents["everything"]
    missing = set(nodes_of_module()) - set(paths(everything))
    if missing:
        yield "nodes that no command fills: " + ", ".join(sorted(missing))
    for name, spoil, part in BAD:
        document = copy.deepcopy(everything)
        spoil(document)
        wrong = yanglint(document)
        if wrong is None:
            yield "accepted: " + name
        elif part not in wrong:
            yield "%s: refused, but not with '%s': %s" % (name, part, wrong)
    wrong = yanglint(everything, features="")
    if wrong is None or "md5" not in wrong:
        yield "md5 without the feature weak-algorithms: %s" % wrong


found = list(failures())
for failure in found:
    print("not ok", failure)
print("%d good and %d bad documents, %d failures" % (len(GOOD), len(BAD) + 1, len(found)))
sys.exit(1 if found else 0)
