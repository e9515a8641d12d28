"""A few of CPython's own tests end with the recorder as they do without, in
all modes at once; `make check-cpython` runs more of them, and each mode by
itself."""
# RUN: few
# MODE: all

import os
import sys

from recorder_support import SKIP, check, finish, run, skip

result = run([sys.executable, os.path.join(os.environ["PMT_SOURCE"], "tests",
                                           "cpython", "run"),
              "--quick", "--modes", "all", "--only", sys.executable, "-j", "1",
              "--build", os.environ["PMT_BUILD"]], timeout=500)
print(result.out + result.err)
if result.status == SKIP:
    skip("CPython's tests are not installed")
check(result.status == 0, "tests/cpython/run: status %s" % result.status)
finish()
