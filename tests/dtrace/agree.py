#!/usr/bin/env python3
"""Compares a converted log with what the preloaded library wrote down.

    agree.py PMT TRACE ORACLE      every call between the marks of work.py, its
                                   bytes and addresses, and what is live then
    agree.py PMT TRACE TRACE       the same program under two tracers: the
                                   same calls, addresses apart

Exit status: 0, or 1 and what differs.
"""
import collections
import json
import subprocess
import sys

BEGIN, END = 7654321, 7654323


def from_trace(pmt, path):
    """The events as [what, address, size], a realloc as one."""
    out = subprocess.run([pmt, "dump", "--json", path], check=True,
                         stdout=subprocess.PIPE).stdout
    events, old = [], {}
    for line in out.splitlines():
        row = json.loads(line)
        if row.get("kind") != "alloc":
            continue
        address = int(row["address"], 16)
        if row["op"] == "realloc_free":
            old[row["thread"]] = address
        elif row["op"] == "realloc":
            events.append(["realloc", address, row["size"],
                           old.pop(row["thread"], 0)])
        else:
            events.append([row["op"], address, row["size"] or 0, 0])
    return events


def from_oracle(path):
    events = []
    with open(path) as file:
        for line in file:
            what, *args = line.split()
            n = [int(x, 0) for x in args]
            if what == "free":
                if n[0]:
                    events.append(["free", n[0], 0, 0])
            elif what == "malloc":
                events.append(["malloc", n[1], n[0], 0])
            elif what == "calloc":
                events.append(["calloc", n[2], n[0] * n[1], 0])
            elif what == "memalign":
                events.append(["malloc", n[2], n[1], 0])
            elif n[2]:
                events.append(["realloc", n[2], n[1], n[0]])
            elif n[0] and not n[1]:
                events.append(["free", n[0], 0, 0])
    return events


def between(events):
    sizes = [e[2] for e in events]
    return events[sizes.index(BEGIN):len(sizes) - sizes[::-1].index(END)]


def outstanding(events):
    live = {}
    for what, address, size, old in events:
        if what == "free":
            live.pop(address, None)
        else:
            live.pop(old, None)
            live[address] = size
    return len(live), sum(live.values())


def main():
    pmt, a, b = sys.argv[1:]
    one = between(from_trace(pmt, a))
    exact = not b.endswith(".pmt")
    two = between(from_oracle(b) if exact else from_trace(pmt, b))
    if not exact:
        one = [[e[0], e[2], bool(e[3])] for e in one]
        two = [[e[0], e[2], bool(e[3])] for e in two]
    # Calls of several threads may end in another order than they are noted.
    more = collections.Counter(map(tuple, one))
    more.subtract(map(tuple, two))
    wrong = ["%+d %s" % (n, call) for call, n in more.items() if n]
    if wrong:
        sys.exit("\n".join(wrong[:10]))
    if exact:
        print("%d calls, %d bytes; %d blocks of %d bytes outstanding" % (
            (len(one), sum(e[2] for e in two)) + outstanding(two)))
        if outstanding(one) != outstanding(two):
            sys.exit("outstanding blocks differ")
    else:
        print("%d calls" % len(one))


main()
