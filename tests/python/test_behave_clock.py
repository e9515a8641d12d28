"""A program whose clocks jump by hours, forth and back, behaves recorded as
unrecorded. Time in the stream never goes back, and the anchors show where the
wall clock was."""
# MODE: alloc
# RUN: once

import json
import subprocess

from recorder_support import check, equal, finish, path, skip, write
import pmtrace
from untraced import same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# Stands in for libc's function; jump(ns) moves the clock that CLOCK names.
SHIM = """\
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic long long moved;

void jump(long long ns)
{
    moved += ns;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int failed = syscall(SYS_clock_gettime, clock, ts) != 0;
    long long ns;

    if (failed || clock != MOVED)
        return failed ? -1 : 0;
    ns = ts->tv_sec * 1000000000ll + ts->tv_nsec + moved;
    ts->tv_sec = ns / 1000000000;
    ts->tv_nsec = ns % 1000000000;
    return 0;
}
"""

# Jumps of hours, and work long enough for an anchor between them. What waits
# waits in select, which needs no clock of libc.
PROGRAM = """\
import ctypes, select
shim = ctypes.CDLL(None)
shim.jump.argtypes = [ctypes.c_longlong]
HOUR = 3600 * 10 ** 9
def work(n):
    witness(n)
    for i in range(6):
        kept = [bytes(i) for i in range(500)]
        select.select([], [], [], 0.05)
for n, hours in enumerate(HOURS):
    work(n)
    shim.jump(hours * HOUR)
    work(10 + n)
print("end")
"""


def compiled(name, clock):
    source = write(name + ".c", SHIM)
    done = subprocess.run(["cc", "-shared", "-fPIC", "-O1",
                           "-DMOVED=" + clock, "-o", path(name + ".so"),
                           source], stderr=subprocess.PIPE)
    if done.returncode:
        skip("no C compiler: " + done.stderr.decode()[:80])
    return path(name + ".so")


def times(recorded):
    """Time goes on: by thread, and of the anchors. The anchors."""
    last, anchors = {}, []
    for line in recorded.lines("alloc", "anchor"):
        record = json.loads(line)
        if record.get("kind") == "anchor":
            anchors.append(record)
        if record.get("kind") == "alloc":
            before = last.get(record["thread"], 0)
            if record["time_ns"] < before:
                check(False, "%s: time goes back: %d after %d"
                      % (recorded.name, record["time_ns"], before))
                return anchors
            last[record["thread"]] = record["time_ns"]
    check(all(one["mono_ns"] <= two["mono_ns"]
              for one, two in zip(anchors, anchors[1:])),
          recorded.name + ": anchors go back")
    return anchors


HOURS = [5, -9, 2]
source = "HOURS = %r\n" % HOURS + PROGRAM
wall = compiled("wall", "CLOCK_REALTIME")
for run in same("wall", source, env={"LD_PRELOAD": wall},
                ways=("alloc", "always"),
                witnessed=[0, 1, 2, 10, 11, 12]):
    anchors = times(run)
    # Between wall and monotonic time lie these, to the hour.
    found = [(a["real_ns"] - a["mono_ns"]) / 3.6e12 for a in anchors]
    seen = sorted({round(hours - found[0]) for hours in found})
    equal(seen, [-4, -2, 0, 5], run.name + ": hours in the anchors")

steady = compiled("steady", "CLOCK_MONOTONIC")
for run in same("steady", source, env={"LD_PRELOAD": steady},
                ways=("alloc", "always"),
                witnessed=[0, 1, 2, 10, 11, 12]):
    anchors = times(run)
    check(len(anchors) > 1, run.name + ": anchors")
finish()
