#!/usr/bin/env python3
# RUN: once
"""A process that was recorded while a tracer watched it: merged, the events of
both are on one clock.

The pairs in tests/dtrace/fixtures were made by tests/dtrace/clock, with what
the program read of the clock itself; tests/dtrace/run makes new ones.
"""
import os
import subprocess
import sys

import kit

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FOLDER = os.path.join(TOP, "tests", "dtrace")


def compare(tool, times):
    kept = os.path.join(FOLDER, "fixtures", "clock-%s" % tool)
    return subprocess.run(
        [sys.executable, os.path.join(FOLDER, "clock.py"), kit.PMT,
         kept + ".pmt", kept + ".log", times or kept + ".times"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_pair(checks, tool):
    done = compare(tool, None)
    checks.equal((done.returncode, done.stdout, done.stderr),
                 (0, b"20 steps: native and Python events in one order\n",
                  b""), tool)
    # Were the clocks 20 us apart, it would be seen.
    with open(os.path.join(FOLDER, "fixtures",
                           "clock-%s.times" % tool)) as file:
        rows = [[int(n) for n in line.split()] for line in file]
    for apart in (-20000, 20000):
        with open("apart.times", "w") as file:
            for row in rows:
                file.write("%d %d %d %d\n" % tuple(n + apart for n in row))
        done = compare(tool, "apart.times")
        checks.equal(done.returncode, 1, "%s, %d ns" % (tool, apart))
        checks.true(b"step 1: " in done.stderr, done.stderr)


def main():
    checks = kit.Checks()
    kit.scratch()
    check_pair(checks, "bpftrace")
    check_pair(checks, "dtrace")
    checks.finish()


main()
