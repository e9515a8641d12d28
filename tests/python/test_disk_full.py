"""A disk that is full: the program ends as if nothing had happened, with at
most one line of ours on standard error; the trace so far is whole, and what
is not in it is counted.

On a small file system where we may mount one, and with RLIMIT_FSIZE.
"""
# RUN: once
# MODE: alloc,object

import json
import os
import resource
import subprocess
import sys

from recorder_support import (PYTHON, check, equal, finish, path, plain,
                              run, write)

PROGRAM = """\
import random, sys
random.seed(5)
kept = []
for i in range(25000):
    kept.append([random.random(), str(i) * (i % 90)])
    if i % 3 == 0:
        kept.pop(random.randrange(len(kept)))
print(len(kept), sum(len(k[1]) for k in kept))
sys.exit(6)
"""
OPTIONS = ["--chunk-records", "5000", "--segments", "4"]


def recorded(name, script, mode, when_full, **how):
    return run([PYTHON, "-m", "pmtrace", "-o", name, "--mode", mode,
                "--when-full", when_full] + OPTIONS + [script], **how)


def look(name, what, found, wanted):
    equal((found.status, found.out), (wanted.status, wanted.out), what)
    ours = found.err.splitlines()
    check(len(ours) <= 1 and all(line.startswith("pmtrace: ")
                                 for line in ours),
          "%s: says %r" % (what, found.err))
    checked = run(["pmt", "check", name])
    check(checked.status == 0, "%s: pmt check: %s%s"
          % (what, checked.out, checked.err))
    info = run(["pmt", "info", name])
    check(info.status == 0, "%s: pmt info: %s" % (what, info.err))
    dump = run(["pmt", "dump", "--json", "--kind", "loss", name])
    equal((dump.status, dump.err), (0, ""), what + ": pmt dump")
    losses = [r for r in map(json.loads, dump.out.splitlines())
              if r.get("kind") == "loss"]
    lost = sum(r["events"] for r in losses)
    # What found no room is counted, unless the journal could hold all of it.
    check(any(r["cause"] in ("io", "full") for r in losses) or
          "wait in it" in info.out,
          "%s: no loss is stated: %s" % (what, info.out))
    print("%s: %d events lost (%s), %d bytes; %s"
          % (what, lost, " ".join({r["cause"] for r in losses}),
             os.path.getsize(name), found.err.strip()))


def limited(mode, when_full, wanted, script):
    """No file of the process grows beyond 0.56 MB: its journal does fit."""
    name = path("limit-%s-%s.pmt" % (mode, when_full))

    def setup():
        resource.setrlimit(resource.RLIMIT_FSIZE, (560000, 560000))

    found = recorded(name, script, mode, when_full, setup=setup)
    if when_full == "drop" and not found.err:
        print("limit: so much was dropped that the rest fits")
        equal(found.triple(), wanted.triple(), "limit")
        return
    look(name, "limit, %s, %s" % (mode, when_full), found, wanted)


def mounted(mode, when_full, wanted, script):
    """A file system of 700 KiB, of which the journal takes most."""
    folder = path("small")
    os.makedirs(folder, exist_ok=True)
    if os.geteuid() != 0 or subprocess.call(
            ["mount", "-t", "tmpfs", "-o", "size=700k", "pmt-test", folder],
            stderr=subprocess.DEVNULL) != 0:
        print("not root: no file system to fill")
        return
    try:
        name = os.path.join(folder, "x.pmt")
        found = recorded(name, script, mode, when_full)
        look(name, "full, %s, %s" % (mode, when_full), found, wanted)
    finally:
        subprocess.check_call(["umount", folder])


def main():
    script = write("program.py", PROGRAM)
    wanted = plain(script)
    equal(wanted.status, 6, "the program alone: " + wanted.err)
    for mode in ("alloc", "object")[:2 if sys.version_info >= (3, 13) else 1]:
        for when_full in ("drop", "wait"):
            mounted(mode, when_full, wanted, script)
            limited(mode, when_full, wanted, script)
    finish()


main()
