"""Each third of the programs with one leak and of those without: the growth
verdict and `pmt diff` find the line that leaks, and call nothing else a leak.
All of them, under more interpreters: `make check-leaks`."""
# RUN: once
# MODE: alloc,object

import os
import sys

import recorder_support as support

HERE = os.path.dirname(os.path.abspath(__file__))
LEAKS = os.path.join(os.path.dirname(HERE), "long", "leaks.py")


def check(mode, every):
    result = support.run(
        [sys.executable, LEAKS, "--build", os.environ["PMT_BUILD"], "--modes",
         mode, "--judge", mode, "--every", str(every), sys.executable],
        timeout=600)
    support.check(result.status == 0, "%s:\n%s%s" % (mode, result.out,
                                                     result.err))


check("alloc", 3)
if sys.version_info >= (3, 13, 3):
    check("object", 15)
support.finish()
