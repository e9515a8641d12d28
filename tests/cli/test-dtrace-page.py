#!/usr/bin/env python3
# RUN: once
"""pmt dtrace: every bad argument is one line; outputs that fail; the examples
of the manual page, as it has them. Those with a tracer are run where
PMT_DTRACE is set, as `make check-dtrace` does: probes in the C library take a
busy machine minutes. Elsewhere `run` finds no tracer and says so."""
import os
import re
import shutil
import subprocess

import kit

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LOG = os.path.join(TOP, "tests", "dtrace", "fixtures",
                   "pymemtrace-flow_malloc_free.log")
PYTHON = "/usr/bin/python3.11"  # the one that malloc.bt is about

# Allocates, and ends, once it is watched: a breakpoint is where malloc begins.
WORK = r"""
import ctypes, time
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
begins = [ctypes.cast(getattr(libc, name), ctypes.c_void_p).value
          for name in ("malloc", "free", "calloc", "realloc")]
until = time.monotonic() + 200
while time.monotonic() < until and any(
        ctypes.string_at(at, 1) != b"\xcc" for at in begins):
    time.sleep(0.1)
time.sleep(3)
libc.free(libc.malloc(7654321))
"""

checks = kit.Checks()


def dtrace(*args, **options):
    return kit.run("dtrace", *args, **options)


def check_arguments():
    shutil.copy(LOG, "old.log")
    kit.write("there.pmt", b"something")
    for args in ([], ["nothing"], ["convert"], ["convert", "old.log"],
                 ["convert", "old.log", "old.log", "-o", "n.pmt"],
                 ["convert", "missing.log", "-o", "n.pmt"],
                 ["convert", ".", "-o", "n.pmt"],
                 ["convert", "old.log", "-o", "no/such/folder.pmt"],
                 ["convert", "old.log", "-o", "there.pmt"],
                 ["convert", "old.log", "-o"], ["--wrong"],
                 ["run", "-o", "n.pmt"], ["run", "-p", "0", "-o", "n.pmt"],
                 ["run", "-p", "x", "-o", "n.pmt"],
                 ["run", "-p", "1", "-o", "n.pmt", "true"],
                 ["run", "-s", "wrong", "-p", "1", "-o", "n.pmt"],
                 ["run", "--tool", "strace", "-p", "1", "-o", "n.pmt"],
                 ["run", "-o", "n.pmt", "--", "/no/such/program"],
                 ["scripts", "wrong.d"], ["scripts", "malloc"],
                 ["scripts", ""], ["scripts", "malloc.d", "malloc.bt"]):
        done = dtrace(*args)
        checks.equal(done.status, 2, done)
        checks.equal(done.err.count("\n"), 1, done)
        checks.true(done.err.startswith("pmt-dtrace: "), done)
        checks.equal(done.out, b"", done)
        checks.true(not os.path.exists("n.pmt"), done)
    checks.equal(kit.read("there.pmt"), b"something", "not overwritten")


def check_outputs():
    for args in (["convert", "-q", "-o", "-", "old.log"], ["scripts"],
                 ["scripts", "malloc.d"], ["-h"]):
        with open("/dev/full", "wb") as full:
            done = dtrace(*args, stdout=full)
        checks.true(done.status == 2 and done.err.count("\n") == 1, done)
    for args in ("scripts", "scripts malloc.d", "convert -q -o - old.log"):
        done = subprocess.run("%s dtrace %s | head -c 1 | wc -c" % (
            kit.PMT, args), shell=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        checks.true(done.stdout.split() == [b"1"] and not done.stderr, done)


def examples():
    page = subprocess.run([kit.PMT, "--make-man", "dtrace"],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    page = page[page.index(".SH EXAMPLES"):page.index(".SH EXIT STATUS")]
    lines = [re.sub(r"\\f.|\\&|^\.[A-Z]+ ", "", line).replace("\\-", "-")
             .replace("\\(aq", "'").strip()
             for line in page.splitlines() if "pmt dtrace" in line]
    checks.equal(len(lines), 3, lines)
    return lines


def run_example(line, path=os.environ["PATH"]):
    path = os.path.dirname(kit.PMT) + ":" + path
    return subprocess.run(line, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300,
                          env=dict(os.environ, PATH=path))


def traced(line):
    """The example about a process that is there."""
    work = subprocess.Popen([PYTHON, "-c", WORK])
    done = run_example(line.replace("4711", str(work.pid)))
    checks.equal(work.wait(), 0, line)
    checks.true(done.returncode == 0, (line, done))
    sizes = [row.get("size") for row in kit.run("dump", "--json",
                                                "x.pmt").json()]
    checks.true(7654321 in sizes, (line, done))
    os.remove("x.pmt")


def check_examples():
    for line in examples():
        if "4711" in line and os.environ.get("PMT_DTRACE"):
            traced(line)
        elif " run " in line:
            print("not with a tracer: %s" % line)
            done = run_example(line, "/nowhere")
            checks.equal(done.returncode, 2, (line, done))
            checks.equal(done.stderr.count(b"\n"), 1, (line, done))
            checks.true(b"bpftrace is there" in done.stderr, (line, done))
        elif "4711" not in line:
            done = run_example(line)
            checks.true(done.returncode == 0, (line, done))
    with open(os.path.join(TOP, "dtrace", "malloc.bt"), "rb") as file:
        checks.equal(kit.read("malloc.bt"), file.read(), "malloc.bt")


kit.scratch()
check_arguments()
check_outputs()
check_examples()
checks.finish()
