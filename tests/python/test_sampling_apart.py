"""Blocks of a sample lie apart where plain pymalloc is below: not in its
arenas, so that their release is seen without a hook for it. With sample_bytes=1
all blocks but the smallest are in the sample, so what is alive by site must be
what a recording of everything says; under other allocators too, where blocks
stay where they are, and with tracemalloc's hooks below or above."""
# MODE: alloc

import json
import subprocess
import sys

from recorder_support import check, equal, finish, path, plain, write

PROGRAM = """
import gc, json, os, sys, threading, tracemalloc
import pmtrace

settings, when = json.loads(sys.argv[2]), sys.argv[3]

def grow(low, high):
    # Lists and buffers of all sizes, by realloc from and to each kind.
    found = []
    for size in range(low, high, 7):
        buffer = bytearray(range(20, 50))
        for part in range(0, size, 40):
            buffer.extend(b"%040d" % part)
        while len(buffer) > 60:
            del buffer[len(buffer) // 2:]
        buffer.extend(b"x" * (size % 300))
        found.append(bytes(buffer))
    return found

def work(keep):
    keep["bytes"] = [bytes([n % 256]) * n for n in range(700)]
    keep["lists"] = [list(range(n)) for n in range(0, 300, 3)]
    keep["texts"] = [str(n) * 9 for n in range(1000)]
    keep["grown"] = grow(0, 1500)
    keep["rows"] = json.loads(json.dumps([{str(n): n / 7} for n in range(200)]))
    gone = [bytes(n) for n in range(900)]
    keep["half"] = gone[::2]
    del gone
    threads = [threading.Thread(target=keep.setdefault, args=(n, grow(0, 600)))
               for n in range(3)]
    for thread in threads:
        thread.start()
        thread.join()

def apart():
    # Whether blocks are made elsewhere than in the arenas.
    before = sys.getallocatedblocks()
    some = [bytes(100 + n % 100) for n in range(10000)]
    return sys.getallocatedblocks() - before < 5000

work({})
gc.collect()
gc.disable()
if when == "below":
    tracemalloc.start(1)
kept = {}
late = {}
recorder = pmtrace.Recorder(sys.argv[1], mode="alloc", frames=1, level=1,
                            **settings)
with recorder:
    if when == "above":
        tracemalloc.start(1)
    work(kept)
    recorder.mark("end")
    work(late)
    is_apart = apart()
    if when == "above":
        tracemalloc.stop()
del late
with pmtrace.Recorder(sys.argv[1] + "2", mode="alloc", **settings):
    kept["again"] = grow(0, 500)
if when == "below":
    tracemalloc.stop()
check = hash(tuple(map(bytes, kept["grown"] + kept["again"])))
kept.clear()
gc.collect()
print(check, is_apart)
"""


def live(trace):
    """The head and {line: (blocks, bytes)} of the program at the mark."""
    out = subprocess.run(["pmt", "live", "--json", "--by", "site", "--top",
                          "100000", trace + "@mark:end"], check=True,
                         stdout=subprocess.PIPE).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return rows[0], {row["line"]: (row["count"], row["bytes"]) for row in rows[1:]
            if (row["file"] or "").endswith("apart_program.py")}


def record(name, settings, when, env):
    env = dict(env, PYTHONHASHSEED="0")
    result = plain(path("apart_program.py"), path(name), json.dumps(settings),
                   when, env=env)
    what = "%s, tracemalloc %s, %r" % (env, when, settings)
    equal(result.err, "", what)
    equal(result.status, 0, what)
    head, lines = live(path(name))
    # tracemalloc above frees some of its own blocks inside our hooks, where
    # it is called for the raw domain, and makes others there.
    check(when == "above" or head["unseen"] == 0,
          "%s: releases that were not seen: %r" % (what, head))
    return result.out.split(), lines


def check_allocator(number, env, when, is_apart):
    """Few blocks are smaller than 16 bytes, and a free list may have one more
    or less."""
    what = "%s, tracemalloc %s" % (env, when)
    share, some = (5, 20) if when == "above" else (200, 3)
    (value, _), whole = record("whole%d.pmt" % number, {}, when, env)
    (sampled_value, apart), sampled = record(
        "sampled%d.pmt" % number, {"sample_bytes": 1}, when, env)
    equal(sampled_value, value, what + ": what the program found")
    equal(apart, str(is_apart), what + ": blocks lie apart")
    check(len(whole) > 6, "sites: %r" % whole)
    for line, (count, size) in whole.items():
        other = sampled.get(line, (0, 0))
        check(abs(other[0] - count) <= some + count // share and
              abs(other[1] - size) <= 1000 + size // share,
              "%s, line %d: %r, of %r" % (what, line, other, (count, size)))


def main():
    write("apart_program.py", PROGRAM)
    check_allocator(0, {}, "never", True)
    check_allocator(1, {}, "above", True)
    check_allocator(2, {}, "below", False)
    check_allocator(3, {"PYTHONMALLOC": "debug"}, "never", False)
    if sys.version_info < (3, 10) or sys.version_info[:2] == (3, 14):
        # Without pymalloc sys.getallocatedblocks() is 0.
        check_allocator(4, {"PYTHONMALLOC": "malloc"}, "never", True)
        check_allocator(5, {"PYTHONMALLOC": "malloc_debug"}, "never", True)
    finish()


main()
