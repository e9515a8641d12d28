"""The ways a program ends, and where its standard error is closed, full, or
another file: what it prints and how it ends is as alone."""
# RUN: few
# MODE: alloc,call

import re
import subprocess
import sys

from harm_support import KNOWN, both
from recorder_support import PYTHON, check, equal, finish, path, write

ALONE = ["--no-children"]


def plain_text(text):
    """Without addresses, thread ids and our extension module's name."""
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    return re.sub(r"\n+Extension modules: [^\n]*", "", text)


SIGNALS = """\
import os, signal, time
known(10)
%s
os.kill(os.getpid(), signal.%s)
time.sleep(5)
print("alive")
"""

FAULT = """\
import ctypes, faulthandler, threading
faulthandler.enable(all_threads=%s)
known(10)
def deep(n):
    if n:
        return deep(n - 1)
    %s
def other():
    threading.Event().wait()
threading.Thread(target=other, daemon=True).start()
deep(5)
"""

LATER = """\
import faulthandler, sys, time
known(10)
faulthandler.dump_traceback_later(0.3, exit=True)
def waits():
    while True:
        known(0)
        time.sleep(0.01)
waits()
"""

# They run, and make things, until the process is gone.
DAEMONS = """\
import threading, time
def busy():
    while True:
        x = [[] for n in range(20)]
        y = {n: str(n) for n in range(20)}
def sleepy():
    while True:
        time.sleep(0.001)
        x = [[] for n in range(50)]
for n in range(4):
    threading.Thread(target=busy if n %% 2 else sleepy, daemon=True).start()
time.sleep(0.1)
known(10)
print("end")
%s
"""

STDERR = """\
import os, signal, resource
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
known(10)
%s
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard)) # we have a line to say
x = [[] for n in range(1000)]
print("end", flush=True)
sys.exit(3)
"""

# A pipe that nobody reads is full; one without reader; none; another file.
ERRORS = (
    ("full pipe", "ends = os.pipe(); os.set_blocking(ends[1], False)\n"
     "try:\n"
     "    while True:\n"
     "        os.write(ends[1], b'x' * 1024)\n"
     "except BlockingIOError:\n"
     "    os.set_blocking(ends[1], True)\n"
     "os.dup2(ends[1], 2)"),
    ("broken pipe", "ends = os.pipe(); os.dup2(ends[1], 2); "
     "os.close(ends[0])"),
    ("closed", "os.close(2)"),
    ("another file", "os.close(2); os.open('own', os.O_RDWR | os.O_CREAT)"),
)


def signals():
    for name in ("SIGTERM", "SIGKILL", "SIGABRT", "SIGINT", "SIGXCPU"):
        status = -getattr(__import__("signal"), name)
        both(name, SIGNALS % ("", name), ALONE, status=status).blocks(10)
    both("SIGTERM, handled", SIGNALS % (
        "signal.signal(signal.SIGTERM, lambda *a: sys.exit(7))", "SIGTERM"),
        ALONE, status=7).whole(10)


def faults():
    for what, code, status in (("SIGSEGV", "ctypes.string_at(0)", -11),
                               ("abort", "__import__('os').abort()", -6)):
        for threads in (False, True):
            case = both("%s, faulthandler, %s" % (what, threads),
                        FAULT % (threads, code), ALONE, same=plain_text,
                        status=status)
            case.blocks(10)
            check("Fatal Python error" in case.found.err, case.found.err)
    both("faulthandler, later", LATER, ALONE, same=plain_text,
         status=1).blocks(10)


def daemons():
    modes = ["alloc", "call", "alloc,call"]
    if sys.version_info >= (3, 13):
        modes += ["object", "alloc,object,call"]
    for mode in modes:
        for last, status in (("", 0), ("sys.exit(3)", 3),
                             ("import os; os._exit(4)", 4)):
            case = both("daemon threads, %s, %s" % (mode, last),
                        DAEMONS % last, ALONE + ["--mode", mode],
                        status=status)
            check(not case.ours, "%s: %s" % (case.what, case.ours))
            result = subprocess.run(["pmt", "check", case.name],
                                    stdout=subprocess.PIPE)
            equal(result.returncode, 0, "%s: pmt check: %s"
                  % (case.what, result.stdout))


def errors():
    for what, code in ERRORS:
        both("standard error: " + what, STDERR % code, ALONE,
             status=3).blocks(10)
    # Where there is room, and where it is full, from the start.
    script = write("full.py", KNOWN + STDERR % "")
    for target in ("/dev/full", "/dev/null", path("stderr")):
        with open(target, "w") as file:
            ends = [subprocess.run([PYTHON] + words + [script], stderr=file,
                                   stdout=subprocess.PIPE)
                    for words in ([], ["-m", "pmtrace", "-f", "-o",
                                       path("full.pmt")])]
        equal((ends[1].returncode, ends[1].stdout),
              (ends[0].returncode, ends[0].stdout), "stderr to " + target)
        equal(ends[1].returncode, 3, "stderr to " + target)


def main():
    signals()
    faults()
    daemons()
    errors()
    finish()


main()
