"""The mode rss: values against /proc/self/statm read by Python at the same
moments, and how many records there are."""
# MODE: rss

import mmap
import os
import time

import pmtrace
from recorder_support import Trace, check, equal, finish, path, plain, write

PAGE = os.sysconf("SC_PAGE_SIZE")
NEAR = 3 << 20  # what else may come and go between two reads
STEP = 32 << 20


def statm():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def samples(name):
    trace = Trace(name)
    check(trace.complete(), "%s: not whole: %s" % (name, trace.warnings))
    found = trace.of("sample")
    for one in found:
        equal(list(one["values"]), ["rss"], "figures")
        equal(one["values"]["rss"] % PAGE, 0, "whole pages")
    return trace, found


def at_marks():
    """Start, marks and stop, and nothing else."""
    name = path("marks.pmt")
    maps = []
    with pmtrace.Recorder(name, mode="rss", rss_ms=3600000) as r:
        wanted = [statm()]
        for i in range(6):
            if i % 3 == 2:
                maps.pop().close()
            else:
                maps.append(mmap.mmap(-1, STEP))
                maps[-1].write(b"x" * STEP)
            wanted.append(statm())
            r.mark(str(i))
        wanted.append(statm())
    _, found = samples(name)
    found.sort(key=lambda one: one["time_ns"])
    equal(len(found), len(wanted), "marks: records")
    for one, value in zip(found, wanted):
        check(abs(one["values"]["rss"] - value) < NEAR, "marks: %d and %d"
              % (one["values"]["rss"], value))
    marks = [line["time_ns"] for line in Trace(name).of("mark")]
    for mark, one in zip(marks, found[1:]):
        check(0 <= one["time_ns"] - mark < 100000000, "marks: time")


def at_rate(rss_ms, seconds):
    name = path("rate-%d.pmt" % rss_ms)
    with pmtrace.Recorder(name, mode="rss", rss_ms=rss_ms):
        begin = time.monotonic()
        time.sleep(seconds)
        wanted = (time.monotonic() - begin) * 1000 / rss_ms
    _, found = samples(name)
    count = len(found) - 2
    check(count <= wanted + 1, "%d ms: %d, more than %d"
          % (rss_ms, count, wanted))
    check(count >= wanted * 0.2 - 1, "%d ms: %d, less than %d"
          % (rss_ms, count, wanted))
    times = sorted(one["time_ns"] for one in found)[1:-1]
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    middle = gaps[len(gaps) // 2] / 1e6
    check(rss_ms * 0.5 <= middle <= rss_ms * 4, "%d ms: mostly %.3f ms"
          % (rss_ms, middle))


def steps():
    """Memory that comes and goes while nothing else happens is seen by the
    rate: each level once at least."""
    name = path("steps.pmt")
    levels = []
    with pmtrace.Recorder(name, mode="rss", rss_ms=5):
        maps = []
        for _ in range(4):
            maps.append(mmap.mmap(-1, STEP))
            maps[-1].write(b"x" * STEP)
            levels.append((time.monotonic_ns(), statm()))
            time.sleep(0.1)
            levels[-1] += (time.monotonic_ns(),)
    trace, found = samples(name)
    start = trace.stream()["start"][0]
    for begin, value, end in levels:
        inside = [one["values"]["rss"] for one in found
                  if begin <= one["time_ns"] + start <= end]
        check(len(inside) >= 3, "steps: %d records in 100 ms" % len(inside))
        check(all(abs(one - value) < NEAR for one in inside),
              "steps: %s, not %d" % (inside[:3], value))


def with_alloc():
    """While every buffer is full of other records."""
    name = path("alloc.pmt")
    with pmtrace.Recorder(name, mode="alloc,rss", rss_ms=2, segments=8,
                          when_full="wait", frames=4):
        begin = time.monotonic()
        while time.monotonic() - begin < 0.1:
            [str(i) for i in range(1000)]
    _, found = samples(name)
    check(len(found) > 4, "alloc: %d records" % len(found))


PROGRAM = """\
import time
kept = bytearray(64 << 20)
for i in range(0, len(kept), 4096): kept[i] = 1
time.sleep(0.1)
del kept
time.sleep(0.1)
"""


def whole_program():
    """Recorded from without; the last record is of the end."""
    name = path("program.pmt")
    result = plain("-m", "pmtrace", "-o", name, "--mode", "rss", "--rss-ms",
                   "10", write("program.py", PROGRAM))
    equal(result.triple(), (0, "", ""), "program")
    _, found = samples(name)
    values = [one["values"]["rss"] for one in found]
    check(len(values) >= 10, "program: %d records" % len(values))
    check(max(values) - values[0] > 63 << 20, "program: it grew")
    check(values[-1] < max(values) - (32 << 20), "program: the end")


at_marks()
at_rate(1, 0.5)
at_rate(20, 1.0)
at_rate(300, 1.6)
steps()
with_alloc()
whole_program()
finish()
