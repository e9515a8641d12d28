"""A program that is recorded and watched by a tracer at once, and tells when it
did what: clock_work.py PIDFILE TIMES.

Writes its pid to PIDFILE, waits for a line on standard input, then takes steps:
a block from the C library, a mark, the block back. TIMES gets, for each step,
CLOCK_MONOTONIC before, between and after these, in ns.
"""
import ctypes
import os
import sys
import time

import pmtrace

SIZE = 7600000  # and the number of the step
STEPS = 20

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
now = time.monotonic_ns


def step(i):
    t0 = now()
    block = libc.malloc(SIZE + i)
    t1 = now()
    pmtrace.mark("step %d" % i)
    t2 = now()
    libc.free(block)
    return t0, t1, t2, now()


def main():
    step(0)  # what is made once is made
    with open(sys.argv[1], "w") as file:
        file.write(str(os.getpid()))
    sys.stdin.readline()
    times = [step(i) for i in range(1, STEPS + 1)]
    with open(sys.argv[2], "w") as file:
        for row in times:
            file.write("%d %d %d %d\n" % row)


main()
