"""The thread of mode sample gives back what it took: it ends and begins again
at each fork, and samples are taken by threads that end. Counted by libc."""
# MODE: sample
# RUN: once

import ctypes
import os
import socket
import sys
import threading
import time

import pmtrace
from recorder_support import Trace, check, finish, path

SOCKETS = 600            # their table takes 16 bytes each, or more
ROUNDS = 30


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks "
        "keepcost").split()]


def in_use():
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo
    found = libc.mallinfo2()
    return found.uordblks + found.hblkhd


def restart():
    """By a fork; a sample is taken before and after."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(0.02)


def once():
    thread = threading.Thread(target=pmtrace._recorder.sample_now)
    thread.start()
    thread.join()


def grows_by(what, trace, ms):
    with pmtrace.Recorder(trace, "sample", sample_ms=ms, sample_groups="net"):
        for _ in range(5):
            what()
        before = in_use()
        for _ in range(ROUNDS):
            what()
        return in_use() - before


# Of one arena only libc tells.
if os.environ.get("MALLOC_ARENA_MAX") != "1":
    os.environ["MALLOC_ARENA_MAX"] = "1"
    os.execv(sys.executable, [sys.executable] + sys.argv)
try:
    ctypes.CDLL(None).mallinfo2
except AttributeError:
    print("libc has no mallinfo2")
    sys.exit(77)

kept = [socket.socket(socket.AF_UNIX) for _ in range(SOCKETS)]
for one in kept:
    one.bind("")         # a name of its own: it is in the table then
for what, ms in ((restart, 2), (once, 3600000)):
    name = path(what.__name__ + ".pmt")
    grown = grows_by(what, name, ms)
    print("%s: %d bytes more after %d" % (what.__name__, grown, ROUNDS))
    check(grown < SOCKETS * 16 * ROUNDS / 4, "%s: memory grows by %d bytes"
          % (what.__name__, grown))
    found = [s["values"] for s in Trace(name).of("sample")
             if "connections_unix" in s["values"]]
    check(len(found) > ROUNDS / 2, "%s: %d samples" % (what.__name__,
                                                       len(found)))
    check(all(v["connections_unix"] >= SOCKETS for v in found),
          "%s: not all sockets" % what.__name__)
finish()
