"""Programs with signals, aborts and threads that end in odd ways: they behave
recorded as unrecorded. Expected blocks are counted by hand."""
# RUN: few
# MODE: alloc,call,line

import re
import sys

from recorder_support import check, equal, finish, skip
import pmtrace
from untraced import same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# A signal each millisecond for a second and a half, with a handler that
# allocates, while threads do.
STORM = """\
import signal, threading, time

count = 0
def on(number, frame):
    global count
    count += 1
    [str(i) * 3 for i in range(50)]

def work(n):
    for i in range(3):
        witness(n)
        time.sleep(0.1)
        for j in range(500):
            {"a": j, "b": [j]}

signal.signal(signal.SIGALRM, on)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads:
    t.start()
end = time.monotonic() + 0.5
while time.monotonic() < end:
    time.sleep(0.01)
    sum(len(str(i)) for i in range(100))
for t in threads:
    t.join()
signal.setitimer(signal.ITIMER_REAL, 0)
witness(9)
print(count > 50)
"""

# System calls must not be restarted or broken off where they were not.
INTERRUPTED = """\
import os, signal, threading, time

class Stop(Exception):
    pass

def on(number, frame):
    raise Stop(number)

signal.signal(signal.SIGALRM, on)
r, w = os.pipe()
for i in range(20):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005)
        os.read(r, 1)
    except Stop as error:
        print("stopped by", error)
print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
print([signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR1,
       signal.SIGUSR2, signal.SIGSEGV, signal.SIGPIPE)])
witness(1)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(5)
except Stop as error:
    stopped = error
raise stopped.with_traceback(None)
"""

TERMINATED = """\
import os, signal, time
witness(2)
print("before", flush=True)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(5)
"""

INTERRUPT = """\
import os, signal, time
witness(2)
print("before", flush=True)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(5)
"""

ABORTED = """\
import faulthandler, os, sys
faulthandler.enable()
witness(3)
print("before", flush=True)
os.abort()
"""

SEGFAULT = """\
import ctypes, faulthandler
faulthandler.enable(all_threads=False)
witness(4)
print("before", flush=True)
ctypes.string_at(8)
"""

DUMPED_LATER = """\
import faulthandler, sys, time
faulthandler.dump_traceback_later(0.2, exit=True)
witness(5)
time.sleep(10)
"""

EXITED = """\
import os, threading
threading.Thread(target=lambda: witness(6), daemon=True).start()
witness(6)
os._exit(7)
"""


def faults(text):
    """faulthandler's list of extension modules has ours, which docs/testing.md
    tells; the C stack of 3.14 has frames of hooks and is said by libc."""
    text = re.sub(r"Current thread's C stack trace .*\n(  .*\n)*", "", text)
    return re.sub(r"\n+Extension modules: .*\n", "\n", text).rstrip("\n")


same("storm", STORM, witnessed=[n for n in range(8) for i in range(3)] + [9])
same("interrupted", INTERRUPTED, witnessed=[1])
same("terminated", TERMINATED, witnessed=[2])
same("interrupt", INTERRUPT, witnessed=[2], ways=("alloc", "events"))
for run in same("aborted", ABORTED, witnessed=[3], alike=faults):
    equal(run.result.status, -6, "abort")
for run in same("segfault", SEGFAULT, witnessed=[4], alike=faults):
    equal(run.result.status, -11, "a segfault")
same("later", DUMPED_LATER, witnessed=[5], alike=faults,
     ways=("alloc", "events"))
same("exited", EXITED, witnessed=[], ways=("alloc", "all"))
finish()
