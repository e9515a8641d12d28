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

for more in ([], ["--no-events"]):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--seconds", "3", "--processes", "40",
         "--interval", "0.2", "--pmt", kit.PMT] + more,
        stdout=subprocess.PIPE)
    print(done.stdout.decode())
    checks.equal(done.returncode, 0, " ".join(["sample-tree"] + more))
checks.finish()
