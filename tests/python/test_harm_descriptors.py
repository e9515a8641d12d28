"""Programs that close every descriptor, use all of them up, or become
daemons: their files have in them what they wrote and nothing else, and the
trace is whole."""
# RUN: few
# MODE: alloc

import resource

from harm_support import both
from recorder_support import finish

ALONE = ["--no-children"]

# Closes all there is again and again, and has files of its own in its place,
# at all sorts of numbers; what is written to them must stay.
CLOSES = """\
import os, resource, threading, time
top = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
def closer(rounds):
    for n in range(rounds):
        os.closerange(3, 1500)
        known(5)
        time.sleep(0.01)
closer(3)
lock = threading.Lock()
def writer(which):
    for n in range(6):
        name = "own-%d-%d" % (which, n)
        first = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        numbers = [first]
        for at in range(100 + which, top, 12): # nobody else's
            os.dup2(first, at)
            numbers.append(at)
        with lock:
            known(1)
        for number in numbers:
            os.write(number, b"%d " % which * 8)
        for number in numbers:
            os.close(number)
threads = [threading.Thread(target=writer, args=(w,)) for w in range(4)]
for t in threads:
    t.start()
x = [[] for n in range(6000)]
for t in threads:
    t.join()
closer(2)
print("made", sum(1 for n in os.listdir(".") if n.startswith("own")))
sys.exit(4)
"""

# The number of ours is made the program's, by dup2(), while it forks.
TAKES = """\
import os, time
own = os.open("own", os.O_RDWR | os.O_CREAT, 0o600)
for at in range(20, 1100):
    if at != own:
        os.dup2(own, at)
os.write(own, b"first ")
known(10)
for n in range(3):
    x = [[] for n in range(6000)]
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    known(10)
    time.sleep(0.05)
os.write(own, b"last")
print(os.fstat(own).st_size)
"""

USED_UP = """\
import os
known(10)
taken = []
try:
    while True:
        taken.append(os.open("own", os.O_RDWR | os.O_CREAT))
except OSError as error:
    print(error.errno, %s)
x = [[] for n in range(6000)]
known(10)
for fd in taken[:2]:
    os.close(fd)
pid = os.fork()
if pid == 0:
    os._exit(0)
print(os.waitpid(pid, 0)[1])
x = [[] for n in range(6000)]
known(10)
for fd in taken[2:]:
    os.close(fd)
"""

# The limit is made less than what is open.
LOWERED = """\
import os, resource, time
known(10)
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
x = [[] for n in range(6000)]
known(10)
pid = os.fork()
if pid == 0:
    os._exit(0)
print(os.waitpid(pid, 0)[1])
x = [[] for n in range(6000)]
known(10)
time.sleep(0.2)
try:
    os.open("own", os.O_RDWR | os.O_CREAT)
except OSError as error:
    print(error.errno)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
sys.exit(3)
"""

# As books tell it. The first process waits for the last, by a pipe that has
# an end when that one is gone: a copy of it in another process or thread of
# ours would be seen.
DAEMON = """\
import os, resource, sys, time
folder = os.environ["FOLDER"]
known(10)
ends = os.pipe()
if os.fork() == 0:
    os.close(ends[0])
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o27)
    keep = os.dup2(ends[1], 200)
    for fd in range(1024):
        if fd != keep:
            try:
                os.close(fd)
            except OSError:
                pass
    for fd in range(3):
        os.open("/dev/null", os.O_RDWR)
    known(10)
    with open(os.path.join(folder, "log"), "w") as log:
        log.write("daemon %d\\n" % log.fileno())
        print("to nobody")
    os.write(keep, b"done")
    os._exit(0)
os.close(ends[1])
said = b""
while True:
    more = os.read(ends[0], 10)
    if not more:
        break
    said += more
os.wait()
known(10)
print(said)
"""

# A pipe's other end is gone when the program closes it, at once, whatever
# the thread of ours does.
PIPES = """\
import os, time
for n in range(40):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    known(1)
    time.sleep(0.008) # the thread is there again
    os.close(r)
    try:
        os.write(w, b"x")
        print("written")
    except BrokenPipeError:
        pass
    os.close(w)
print("ok")
"""

STANDARD = """\
import os, time
known(10)
for fd in (0, 1, 2):
    os.close(fd)
x = [[] for n in range(6000)]
files = [os.open("own%d" % n, os.O_RDWR | os.O_CREAT, 0o600) for n in range(3)]
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
known(10)
time.sleep(0.1)
for fd in files:
    os.write(fd, b"number %d" % fd)
os._exit(5) if sys.argv[1:] else sys.exit(5)
"""

# Locks of the program are its own, and stay.
LOCKS = """\
import fcntl, os, subprocess, time
file = open("locked", "w")
file.write("x")
file.flush()
fcntl.lockf(file, fcntl.LOCK_EX)
for n in range(3):
    pid = os.fork()
    if pid == 0:
        other = os.open("locked", os.O_RDWR)
        try:
            fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(1, b"lost\\n")
        except OSError:
            os.write(1, b"held\\n")
        os._exit(0)
    os.waitpid(pid, 0)
    known(10)
    time.sleep(0.02)
"""


def limit(soft, hard):
    def setup():
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return setup


def main():
    both("closes all", CLOSES, ALONE, status=4,
         setup=limit(1024, 1500)).whole(49)
    both("closes all, hard limit", CLOSES, ALONE, status=4,
         setup=limit(1250, 1250)).whole(49)
    both("takes the numbers", TAKES, ALONE,
         setup=limit(2000, 2000)).whole(40)
    for soft, hard, said in ((64, 128, "len(taken)"), (64, 64, "'some'"),
                             (1024, 1100, "len(taken)")):
        both("used up, %d of %d" % (soft, hard), USED_UP % said, ALONE,
             setup=limit(soft, hard)).whole(30)
    both("limit lowered", LOWERED, ALONE, status=3,
         setup=limit(256, 1024)).whole(30)
    both("daemon", DAEMON, ALONE, setup=limit(1024, 1024)).whole(20)
    both("pipes", PIPES, ALONE).whole(40)
    both("standard files", STANDARD, ALONE, status=5).whole(20)
    both("locks", LOCKS, ALONE).whole(30)


main()
finish()
