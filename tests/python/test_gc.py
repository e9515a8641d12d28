"""The mode gc against a log that Python code keeps by gc.callbacks: the same
collections with the same numbers, and durations that fit."""
# MODE: gc

import gc
import sys
import time
import traceback

import pmtrace
from recorder_support import (Trace, check, equal, finish, path, plain,
                              write)


class Cycle:
    pass


def make(count):
    for _ in range(count):
        one = Cycle()
        one.self = one


def log_of(trace):
    return [(r["op"], r["generation"],
             r["collected"] if r["op"] == "stop" else 0,
             r["uncollectable"] if r["op"] == "stop" else 0)
            for r in trace.of("gc")]


def against_python(mode):
    log, times = [], []

    def before(phase, info):
        if phase == "start":
            times.append(time.monotonic_ns())

    def after(phase, info):
        log.append((phase, info["generation"], info["collected"],
                    info["uncollectable"]))
        if phase == "stop":
            times[-1] = time.monotonic_ns() - times[-1]

    gc.collect()
    name = path("gc-%s.pmt" % mode)
    recorder = pmtrace.Recorder(name, mode=mode, when_full="wait")
    gc.callbacks.append(before)
    recorder.start()
    gc.callbacks.append(after)
    length = len(gc.callbacks)
    for i in range(20):
        make(i)
        gc.collect(i % 3)
    make(5000)
    gc.callbacks.remove(after)
    recorder.stop()
    equal(gc.callbacks[-1], before, mode + ": our entry is given back")
    equal(len(gc.callbacks), length - 2, mode + ": one entry")
    gc.callbacks.remove(before)
    trace = Trace(name)
    check(trace.complete(), "%s: not whole: %s" % (mode, trace.warnings))
    found = log_of(trace)[:len(log)]
    check(len(log) >= 40, "%s: only %d" % (mode, len(log)))
    equal(found, log, mode + ": collections")
    stops = [r for r in trace.of("gc") if r["op"] == "stop"]
    for i, (r, ns) in enumerate(zip(stops, times)):
        check(0 < r["duration_ns"] <= ns, "%s: collection %d: %d ns, not %d"
              % (mode, i, r["duration_ns"], ns))
        check(ns < r["duration_ns"] + 50000000, "%s: collection %d: %d ns of "
              "%d" % (mode, i, r["duration_ns"], ns))
    starts = [r for r in trace.of("gc") if r["op"] == "start"]
    for one, other in zip(starts, stops):
        check(one["time_ns"] <= other["time_ns"], "start before stop")
        check(abs(other["time_ns"] - one["time_ns"] - other["duration_ns"]) <
              50000000, "%s: the times fit the duration" % mode)
    return trace


def between_objects():
    """Collections stand where they happened among the records of blocks: all
    frees of a collection lie between its records."""
    size = 77777
    with pmtrace.Recorder(path("order.pmt"), mode="alloc,gc",
                          when_full="wait"):
        gc.disable()
        for _ in range(50):
            one = Cycle()
            one.self = one
            one.block = bytearray(size)
        del one
        gc.collect()
        gc.enable()
    trace = Trace(path("order.pmt"))
    held = {r["address"] for r in trace.of("alloc")
            if r["op"] in ("malloc", "realloc", "calloc") and
            r["size"] and size <= r["size"] < size + 64}
    begin = [r for r in trace.of("gc") if r["op"] == "start"][-1]["time_ns"]
    end = [r for r in trace.of("gc") if r["op"] == "stop"][-1]["time_ns"]
    frees = [r["time_ns"] for r in trace.of("alloc")
             if r["op"] == "free" and r["address"] in held]
    check(len(frees) >= 50, "order: %d frees" % len(frees))
    check(all(begin <= time_ns <= end for time_ns in frees[-50:]),
          "order: frees outside the collection")


def not_in_tracebacks():
    """Ours has no frame: a finalizer that fails shows what it shows
    without."""
    found = []

    class Failing:
        def __del__(self):
            found.append([frame.name for frame in traceback.extract_stack()])

    for recorded in (False, True):
        if recorded:
            recorder = pmtrace.Recorder(path("frames.pmt"), mode="gc")
            recorder.start()
        one = Failing()
        one.self = one
        del one
        gc.collect()
        if recorded:
            recorder.stop()
    equal(len(found), 2, "finalizers")
    equal(found[0], found[1], "frames")


PROGRAM = """\
import gc, sys
class Cycle: pass
for i in range(3000):
    one = Cycle()
    one.self = one
gc.collect()
print(len(gc.callbacks) - len(sys.argv) + 1)
gc.callbacks.clear()
gc.collect()
"""


def cleared():
    """A program that empties gc.callbacks."""
    name = path("cleared.pmt")
    result = plain("-m", "pmtrace", "-o", name, "--mode", "gc",
                   write("cleared.py", PROGRAM), "1")
    equal(result.triple(), (0, "0\n", ""), "cleared")
    trace = Trace(name)
    check(trace.complete(), "cleared: not whole: " + trace.warnings)
    check(len(trace.of("gc")) >= 2, "cleared: records")


against_python("gc")
against_python("heap")
against_python("gc,heap")
against_python("alloc,gc")
if sys.version_info >= (3, 13):
    against_python("object,gc")
between_objects()
not_in_tracebacks()
cleared()
equal(gc.isenabled(), True, "the collector is on")
finish()
