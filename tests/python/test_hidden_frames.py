"""The cells of a function that has inner functions are made before its code
begins, in a frame that Python shows to nobody: they are its caller's, as
tracemalloc has it. With many frames, and with one, of which the innermost is
hidden; then hot paths take the stack from the cache, or may not."""
# MODE: alloc
# RUN: few

import sys
import types

import pmtrace
from recorder_support import Trace, check, equal, finish, path

ROUNDS = 500
# A head of the collector and the object: blocks of this size.
CELL = types.CellType.__basicsize__ + 16


def outer(a, b, c):
    def inner():
        return a, b, c
    return inner


def caller():
    return outer(1, 2, 3)


def other():
    return outer(4, 5, 6)


def cells_by_caller(frames):
    name = path("cells-%d.pmt" % frames)
    kept = []
    with pmtrace.Recorder(name, mode="alloc", frames=frames):
        for _ in range(ROUNDS):
            kept.append(caller())
            kept.append(other())
    trace = Trace(name)
    check(trace.complete(), trace.warnings)
    counts = {}
    for r in trace.of("alloc"):
        if r["op"] == "malloc" and r["size"] == CELL:
            chain = trace.functions(r["stack"])
            equal(len(chain) <= frames, True, chain)
            inner = chain[0] if chain else None
            counts[inner] = counts.get(inner, 0) + 1
    return counts


for frames in (100, 2, 1):
    counts = cells_by_caller(frames)
    for function in ("caller", "other"):
        equal(counts.get(function), 3 * ROUNDS,
              "%d frames: cells of %s: %s" % (frames, function, counts))
    check(counts.get("outer", 0) < 8 and counts.get(None, 0) < 8,
          "%d frames: %s" % (frames, counts))
finish()
