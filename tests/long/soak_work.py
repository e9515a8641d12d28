"""soak_work.py TRACE MINUTES KIND MODE MAX_SIZE DUMP_SECONDS: a program that
is recorded at full rate, for soak.py.

It keeps a live set of the same size on average, and among it things that are
counted (Kept, or blocks of oracle_block()), some from the start and some
renewed each second. Each second it prints a line of JSON with the recorder's
figures, puts the clocks' values into a mark, and now and then makes a dump
after a mark that tells what is counted.
"""

import json
import os
import random
import sys
import time

import pmtrace

KEPT = 3000
LIVE = 40000


class Kept(object):
    __slots__ = ("a", "b")


def oracle_block(size):
    return bytes(size)


def counted(kind, chance):
    """One more of what is counted, and its bytes as the trace has them."""
    if kind == "object":
        return Kept(), 0
    size = chance.randrange(600, 3000)
    return oracle_block(size), size + sys.getsizeof(b"")


class Node(object):
    def __init__(self, n):
        self.name = str(n)
        self.next = None


def churn(live, chance, n):
    """Small objects that live for a while: texts, lists, dicts, instances."""
    for _ in range(n):
        i = int(chance() * LIVE)
        way = i & 3
        if way == 0:
            live[i] = Node(i)
        elif way == 1:
            live[i] = {"id": i, "name": "name %d" % i}
        elif way == 2:
            live[i] = [i, str(i), (i, i)]
        else:
            live[i] = "%d " % i * (i & 63)


def mark_clocks(r):
    """The clocks' values in a mark, and a second mark if nothing came
    between reading them and the first."""
    for _ in range(20):
        before = time.monotonic_ns()
        r.mark("clock %d %d" % (before, time.time_ns()))
        if time.monotonic_ns() - before < 50000:
            r.mark("good")
            return


def main():
    trace, minutes, kind, mode, max_size, dump_s = sys.argv[1:]
    recorder = pmtrace.Recorder(trace, mode, max_size=int(max_size),
                                frames=8)
    chance = random.Random(1)
    live = [None] * LIVE
    began = time.monotonic()
    next_second, next_dump = began + 1, began + float(dump_s) / 2
    dumps = 0
    for _ in range(3000):
        counted(kind, chance)  # the interpreter has then made what it keeps
    with recorder as r:
        kept = [counted(kind, chance) for _ in range(KEPT)]
        while time.monotonic() < began + 60 * float(minutes):
            churn(live, chance.random, 2000)
            now = time.monotonic()
            if now < next_second:
                continue
            next_second = now + 1
            for i in range(KEPT // 2, KEPT // 2 + 50):
                kept[i + chance.randrange(KEPT // 2 - 50)] = counted(kind,
                                                                     chance)
            mark_clocks(r)
            line = dict(r.stats(), second=now - began, path=None)
            if now > next_dump:
                next_dump = now + float(dump_s)
                dumps += 1
                name = "%s-dump%d" % (trace, dumps)
                line["dump"] = name
                line["kept"] = len(kept)
                line["kept_bytes"] = sum(size for _, size in kept)
                r.mark("dump %d" % dumps)
                line["mark"] = "dump %d" % dumps
                at = time.monotonic()
                r.dump(name)
                line["dump_s"] = time.monotonic() - at
                line["dump_bytes"] = os.path.getsize(name)
            print(json.dumps(line, default=str), flush=True)


main()
