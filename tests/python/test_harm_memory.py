"""Too little memory: a limit of addresses met at the start and amid, and a
memory cgroup in which the kernel kills."""
# RUN: once
# MODE: alloc

import os
import resource
import subprocess
import tempfile

from harm_support import BASE, KNOWN, both
from recorder_support import (PYTHON, Trace, check, equal, finish, path, run,
                              sized, write)

ALONE = ["--no-children"]

# The limit is where the program is, and a little: no thread can be started
# after the fork, no table can grow.
TIGHT = """
import os, resource, threading
known(10)
functions = [eval("lambda make: make()") for n in range(1500)]
used = int(open("/proc/self/statm").read().split()[0]) * 4096
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
class Node:
    pass
def others():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]
for room in (0, 100000, 3000000):
    resource.setrlimit(resource.RLIMIT_AS, (used + room, hard))
    kept = []
    try:
        for function in functions: # each is a stack of its own
            kept.append(function(dict))
            kept.append(function(Node))
    except MemoryError:
        pass
    kept = None
    others()
try:
    kept = bytearray(1 << 30)
except MemoryError:
    print("MemoryError")
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
known(10)
sys.exit(3)
"""

# In a limit from the start.
SMALL = """
import resource
known(10)
kept = []
try:
    while True:
        kept.append(bytearray(1000000))
except MemoryError:
    kept = None
    print("MemoryError")
known(10)
sys.exit(4)
"""

# Until the kernel ends it.
GROWS = """
known(10)
print("made", flush=True)
kept = []
class Node:
    pass
while True:
    kept.append(bytearray(100000))
    kept.append([Node() for n in range(20)])
"""


def limited(size):
    def setup():
        resource.setrlimit(resource.RLIMIT_AS,
                           (size, resource.RLIM_INFINITY))
    return setup


class Group:
    """A memory cgroup, version 1 or 2; `name` None where none can be
    made."""

    def __init__(self, size):
        self.name = None
        one, two = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
        for top, limit in ((one, "memory.limit_in_bytes"),
                           (two, "memory.max")):
            try:
                name = tempfile.mkdtemp(prefix="pmt-test-", dir=top)
            except OSError:
                continue
            try:
                with open(os.path.join(name, limit), "w") as file:
                    file.write(str(size))
                self.name = name
                return
            except OSError:
                os.rmdir(name)

    def enter(self):
        with open(os.path.join(self.name, "cgroup.procs"), "w") as file:
            file.write(str(os.getpid()))

    def remove(self):
        os.rmdir(self.name)


def killed_in_group():
    group = Group(64 << 20)
    if group.name is None:
        print("no memory cgroup can be made")
        return
    try:
        script = write("grows.py", KNOWN + GROWS)
        name = path("grows.pmt")
        alone = run([PYTHON, script], setup=group.enter)
        found = run([PYTHON, "-m", "pmtrace", "-o", name, script],
                    setup=group.enter)
    finally:
        group.remove()
    equal(alone.status, -9, "the program alone in a cgroup")
    equal(found.triple(), alone.triple(), "in a cgroup")
    result = run(["pmt", "check", name])
    equal(result.status, 0, "in a cgroup: pmt check: " + result.out)
    trace = Trace(name)
    equal(sum(r["events"] for r in trace.of("loss")), 0, "in a cgroup: lost")
    equal(len({r["size"] for r in sized(trace, BASE, BASE + 10000)}), 10,
          "in a cgroup: blocks")
    grown = len(sized(trace, 100000, 100100))
    check(grown > 100, "in a cgroup: %d blocks before the end" % grown)
    whole = name + ".whole"
    result = run(["pmt", "recover", "-o", whole, name])
    equal(result.status, 0, "in a cgroup: pmt recover: " + result.err)
    equal(len(Trace(whole).of("alloc")), len(trace.of("alloc")),
          "in a cgroup: records recovered")
    print("in a cgroup: killed after %d blocks" % grown)


def too_small():
    """Where not even the journal finds room, the program runs, unrecorded or
    with less."""
    script = write("small.py", KNOWN + SMALL)
    for size in range(20, 61, 10):
        setup = limited(size << 20)
        alone = run([PYTHON, script], setup=setup)
        name = path("small-%d.pmt" % size)
        environment = {
            "PMTRACE": "out=" + name, "PYTHONPATH": os.pathsep.join(
                (os.path.join(os.environ["PMT_BUILD"], "python", "pmtrace",
                              "bootstrap"),
                 os.path.join(os.environ["PMT_BUILD"], "python")))}
        found = run([PYTHON, script], env=environment, setup=setup)
        lines = found.err.splitlines()
        print("%d MiB: alone %d, recorded %d, %s" % (
            size, alone.status, found.status, lines[-1:]))
        if alone.status == 4:
            check(found.status in (4, 1), "%d MiB: %s" % (size, found.err))
        if os.path.exists(name):
            equal(subprocess.call(["pmt", "check", "-q", name]), 0,
                  "%d MiB: pmt check" % size)


def main():
    both("tight", TIGHT, ALONE, status=3).blocks(20)
    both("small", SMALL, ALONE, status=4,
         setup=limited(200 << 20)).blocks(20)
    too_small()
    killed_in_group()
    finish()


main()
