"""A program that forks: CPython counts no thread of ours, the draining thread
is back afterwards, nothing is lost, and children run as they would."""
# RUN: few
# MODE: alloc

import sys

from recorder_support import (Trace, check, equal, finish, inconsistencies,
                              path, plain, record, sized, write)

BASE = 10000000
# What a bytearray asks for beside its bytes: one more; from 3.15 on it holds a
# bytes object.
EXTRA = sys.getsizeof(b"") if sys.version_info >= (3, 15) else 1
ROUNDS = 60

# Forks in all ways, with warnings as errors; each with blocks of known sizes
# before it, between its parts and after it.
FORKS = """\
import ctypes, os, sys, threading, time
def block(n):
    return bytearray(%d + n)

def threads():
    with open('/proc/self/status') as file:
        return [line for line in file if line.startswith('Threads:')][0].split()[1]

ends = []
libc = ctypes.PyDLL(None)
def by_libc():
    return libc.fork()

def by_pty():
    pid, fd = os.forkpty()
    if pid:
        ends.append(fd)
    return pid

def child(way):
    x = [[] for _ in range(3000)]
    if way == 1: # CPython does not know that it was forked
        os._exit(3)
    t = threading.Thread(target=block, args=(900,))
    t.start()
    t.join()
    os._exit(3)

for i in range(%d):
    block(i)
    pid = (os.fork, by_libc, by_pty)[i %% 3]()
    if pid == 0:
        child(i %% 3)
    block(i)
    assert os.waitpid(pid, 0)[1] == 3 << 8
    block(i)
x = [[] for _ in range(30000)]
del x
time.sleep(0.3)
for fd in ends:
    os.close(fd)
print('threads', threads())
""" % (BASE, ROUNDS)


def forks(mode):
    script = write("forks.py", FORKS)
    trace = path("forks-%s.pmt" % mode)
    wanted = plain("-W", "error", script)
    found = record(trace, script, python=["-W", "error"],
                   options=["--mode", mode])
    equal(wanted.triple(), (0, "threads 1\n", ""), "forks, not recorded")
    equal(found.triple(), (0, "threads 2\n", ""), "forks, " + mode)
    whole = Trace(trace)
    check(whole.complete(), "forks, %s: not whole: %s" % (mode,
                                                          whole.warnings))
    equal(whole.lost(), 0, "forks, %s: lost" % mode)
    if "alloc" not in mode:
        return
    sizes = sorted(r["size"] for r in sized(whole, BASE, BASE + 1000))
    equal(sizes, sorted(BASE + EXTRA + i for i in range(ROUNDS) for _ in range(3)),
          "forks, %s: blocks of the parent" % mode)
    equal(inconsistencies(whole), [], "forks, %s: addresses" % mode)


def with_threads():
    """Other threads record while one forks, also in a pool that forks."""
    script = write("with_threads.py", """\
import multiprocessing, os, threading
stop = []
counts = [0] * 3
def busy(n):
    while not stop and counts[n] < 30000:
        x = bytearray(%d + n)
        counts[n] += 1
threads = [threading.Thread(target=busy, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for _ in range(30):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
with multiprocessing.get_context('fork').Pool(2) as pool:
    pool.map(len, ['a'] * 10)
stop.append(1)
for t in threads:
    t.join()
print(*counts)
""" % BASE)
    trace = path("with_threads.pmt")
    result = record(trace, script, python=["-W", "ignore"])
    equal((result.status, result.err), (0, ""), "threads and forks")
    whole = Trace(trace)
    check(whole.complete(), "threads and forks: " + whole.warnings)
    equal(whole.lost(), 0, "threads and forks: lost")
    for n, count in enumerate(result.out.split()):
        equal(len(sized(whole, BASE + EXTRA + n, BASE + EXTRA + n + 1)), int(count),
              "threads and forks: blocks of thread %d" % n)


for mode in ("alloc", "object", "call", "line"):
    if mode == "object" and sys.version_info < (3, 13):
        continue
    probe = record(path("probe.pmt"), "-c", "pass",
                   options=["-f", "--mode", mode])
    if probe.status == 0:
        forks(mode)
    else:
        print("mode %s: %s" % (mode, probe.err.strip()))
with_threads()
finish()
