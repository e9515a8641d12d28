#!/usr/bin/env python3
"""Both readers say the same of what the writer writes of every kind.

The unit test test-journal-kinds makes a trace that has all of them, out of a
journal. decode.py and `pmt dump --json` print the same of it, line by line,
also of what `pmt recover` makes of one whose process died; and every kind is
in it.
"""

import os
import stat
import subprocess
import sys

import kit

common = kit.common
common.need_libraries()
decode = common.load("decode")
checks = kit.Checks()
kit.scratch()
MAKE = os.path.join(os.environ["PMT_BUILD"], "tests", "unit",
                    "test-journal-kinds")


def agree(path, what):
    ours = kit.run("dump", "--json", path)
    status, theirs, _ = common.decode(decode, kit.read(path), path)
    checks.equal((ours.status, status), (0, 0), what + ": status")
    checks.equal(ours.out.splitlines(), theirs.splitlines(), what)
    kinds = [line.get("kind") for line in ours.json()]
    for kind in kit.TABLES + kit.RECORDS:
        # No journal has losses, live sets or what was seen of processes.
        if kind not in ("loss", "live", "process"):
            checks.true(kind in kinds, "%s: no %s" % (what, kind))
    records = [line for line in ours.json()
               if line.get("kind") in kit.RECORDS]
    return sorted(records, key=lambda line: (line["kind"], line["ordinal"]))


def told(lines):
    """Without times; and a column of zeros may as well not be there."""
    return [{key: value for key, value in line.items()
             if key != "time_ns" and value != 0} for line in lines]


if not os.path.exists(MAKE):
    common.skip("no unit tests are built")
subprocess.run([MAKE, "whole.pmt"], check=True)
subprocess.run([MAKE, "dead.pmt", "dead"], check=True)
whole = agree("whole.pmt", "a whole trace")
os.umask(0o022)
checks.equal(kit.run("recover", "-o", "out.pmt", "dead.pmt").status, 0,
             "pmt recover")
checks.equal(stat.S_IMODE(os.stat("out.pmt").st_mode), 0o600,
             "the mode of what was recovered")
checks.equal(told(agree("out.pmt", "a recovered trace")),
             told(whole), "what was recovered")
checks.finish()
