"""What the tests of processes that make others share."""

import glob
import os
import sys

from recorder_support import (Trace, check, equal, path, run, sized)

BASE = 10000000
# What a bytearray asks for beside its bytes: one more; from 3.15 on it holds a
# bytes object.
EXTRA = sys.getsizeof(b"") if sys.version_info >= (3, 15) else 1

# Put before a program's text: block(n) makes a block that the trace tells,
# tell() prints which process this is and whose child.
COMMON = """\
import os, sys
def block(n):
    return bytearray(%d + n)
def tell(*words):
    text = " ".join(map(str, ("process", os.getpid(), os.getppid()) + words))
    os.write(1, (text + "\\n").encode())
""" % BASE


def told(out):
    """{pid: (parent's pid, the other words)} of what tell() printed."""
    found = {}
    for line in out.splitlines():
        words = line.split()
        if words[:1] == ["process"]:
            found[int(words[1])] = int(words[2]), words[3:]
    return found


def traces(folder):
    return sorted(glob.glob(os.path.join(folder, "*.pmt")))


def new_folder(name):
    os.makedirs(path(name))
    return path(name)


def by_pid(folder, what, names=None):
    """{pid: Trace} of a folder's traces; more than one of a process is a
    failure."""
    found = {}
    for name in names or traces(folder):
        trace = Trace(name)
        equal(trace.status, 0, "%s: pmt dump %s" % (what, name))
        pid = trace.stream()["pid"]
        check(pid not in found, "%s: two streams of process %d" % (what, pid))
        found[pid] = trace
    return found


def recovered(name, what):
    """The trace that `pmt recover` makes of one, and its name."""
    whole = name + ".whole"
    result = run(["pmt", "recover", "-f", "-o", whole, name])
    equal(result.status, 0, "%s: pmt recover: %s" % (what, result.err))
    result = run(["pmt", "check", whole])
    check(result.status == 0 and "sound" in result.out,
          "%s: pmt check: %s%s" % (what, result.out, result.err))
    return whole


def sizes(trace, low=0, high=1000):
    """Numbers of the blocks in a trace that block() made."""
    return sorted(r["size"] - BASE - EXTRA
                  for r in sized(trace, BASE + EXTRA + low,
                                 BASE + EXTRA + high))


def family(found, parents, what, root=None):
    """Checks that every process has its stream and each stream the parent
    that the program says; `root` has none. All are of one session."""
    equal(sorted(found), sorted(parents), what + ": processes and streams")
    for pid, parent in parents.items():
        if pid not in found:
            continue
        stream = found[pid].stream()
        wanted = None if pid == root else \
            found[parent].stream()["uuid"] if parent in found else "?"
        equal(stream["parent"], wanted, "%s: parent of %d" % (what, pid))
    equal(len({t.stream()["session"] for t in found.values()}), 1,
          what + ": sessions")
    equal(len({t.stream()["uuid"] for t in found.values()}), len(found),
          what + ": UUIDs")


def wait_for_no_journal(folder):
    import time

    for _ in range(100):
        if not glob.glob(os.path.join(folder, "*.journal")):
            return
        time.sleep(0.05)
