#!/usr/bin/env python3
"""pmt sample --tree: no start is missed of what lives over one interval.

The short version of `make check-sample-tree`, both ways: by process events,
where the system lets us, and by looking.
"""

import os
import subprocess
import sys

import kit

checks = kit.Checks()
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                      "long", "sample-tree.py")

UNREAPED = """
import os, signal, sys, threading, time
children = []
for _ in range(12):
    pid = os.fork()
    if pid == 0:
        for _ in range(6):
            threading.Thread(target=time.sleep, args=(60,)).start()
        time.sleep(60)
    children.append(pid)
time.sleep(1)
print(time.clock_gettime_ns(time.CLOCK_MONOTONIC), flush=True)
for pid in children:
    os.kill(pid, signal.SIGKILL)
time.sleep(2)
"""


def ends_before_anybody_waits():
    """One with threads that was killed has ended then, and not when its
    parent takes its status; whatever is told first of its threads."""
    for more in ([], ["--no-events"]):
        trace = "unreaped%d.pmt" % len(more)
        done = kit.run("sample", "-i", "0.1", "--tree", *more, "-o", trace,
                       "--", sys.executable, "-c", UNREAPED)
        checks.equal(done.status, 0, "status")
        found = kit.run("dump", "--json", trace).json()
        start, = [e["start"][0] for e in found if e.get("kind") == "stream"]
        late = [start + e["time_ns"] - int(done.out) for e in found
                if e.get("kind") == "process" and e["signal"] == 9]
        checks.equal(len(late), 12, "those killed have ended")
        checks.true(all(-1000000 <= ns < 1500000000 for ns in late),
                    "when they were killed: %s ns after" % late)


for more in ([], ["--no-events"]):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--seconds", "3", "--processes", "40",
         "--interval", "0.2", "--pmt", kit.PMT] + more,
        stdout=subprocess.PIPE)
    print(done.stdout.decode())
    checks.equal(done.returncode, 0, " ".join(["sample-tree"] + more))
kit.scratch()
ends_before_anybody_waits()
checks.finish()
