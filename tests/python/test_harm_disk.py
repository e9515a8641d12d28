"""What a disk may do: quotas, folders that are read only or go away, files of
the program's in the place of ours, no fallocate and no links, and writes that
do not come back."""
# RUN: once
# MODE: alloc

import os
import resource
import signal
import subprocess

from harm_support import both, compiled
from recorder_support import check, equal, finish, path, run

ALONE = ["--no-children"]
MANY = ALONE + ["--segments", "4", "--chunk-records", "5000"]

WORK = """
import os, random, signal, resource, time
def work(n):
    kept = []
    for i in range(n):
        kept.append([random.random(), str(i) * (i % 90)])
        if i % 3 == 0:
            kept.pop(random.randrange(len(kept)))
def forks(n):
    for i in range(n):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        work(3000)
"""

# A file beyond the limit is a signal, which ends a program that does not
# care.
QUOTA = WORK + """
known(10)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, hard))
work(20000)
forks(2)
time.sleep(0.2)
print(signal.sigpending(), signal.pthread_sigmask(signal.SIG_BLOCK, []))
sys.exit(3)
"""

# The same, met by the program itself.
OWN_QUOTA = QUOTA.replace("sys.exit(3)", """
with open("own", "wb", 0) as file:
    file.write(b"x" * 1000)
    for n in range(10000):
        file.write(b"x" * 1000)
print("not reached")
""")

PLAIN = WORK + """
known(10)
work(5000)
print("ok")
sys.exit(9)
"""

GONE = WORK + """
import shutil
known(10)
work(5000)
shutil.rmtree(os.environ["FOLDER"])
work(10000)
forks(3)
print(os.path.exists(os.environ["FOLDER"]))
try:
    print(os.getcwd())
except OSError as error:
    print(error)
"""

# What the program puts where ours were is its own.
REPLACED = WORK + """
known(10)
work(5000)
for name in ("x.pmt", "x.pmt.journal"):
    if os.path.exists(name):
        os.unlink(name)
    with open(name, "w") as file:
        file.write("mine")
work(10000)
forks(3)
os.closerange(3, 70000)
forks(2)
work(10000)
time.sleep(0.2)
for name in ("x.pmt", "x.pmt.journal"):
    print(open(name).read())
"""

# What a file system may not have, and one that hangs: a second for each of
# the first writes.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int stalls;

int posix_fallocate(int fd, off_t at, off_t n)
{ (void)fd; (void)at; (void)n; return EOPNOTSUPP; }
int posix_fallocate64(int fd, off_t at, off_t n)
{ (void)fd; (void)at; (void)n; return EOPNOTSUPP; }
int fallocate(int fd, int mode, off_t at, off_t n)
{ (void)fd; (void)mode; (void)at; (void)n; errno = EOPNOTSUPP; return -1; }
int link(const char *a, const char *b)
{ (void)a; (void)b; errno = EPERM; return -1; }
int linkat(int d, const char *a, int e, const char *b, int f)
{ (void)d; (void)a; (void)e; (void)b; (void)f; errno = EPERM; return -1; }
static void stall(int fd)
{
    char link_[64], name[4096];
    struct timespec pause = {1, 0};
    const char *most = getenv("STALLS");
    ssize_t n;

    snprintf(link_, sizeof link_, "/proc/thread-self/fd/%d", fd);
    n = readlink(link_, name, sizeof name);
    if (n > 4 && memcmp(name + n - 4, ".pmt", 4) == 0 && most &&
        __atomic_add_fetch(&stalls, 1, __ATOMIC_SEQ_CST) > 1 &&
        stalls <= atoi(most))
        while (nanosleep(&pause, &pause) != 0) ;
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);
    if (!next) next = (ssize_t (*)(int, const void *, size_t, off_t))
        dlsym(RTLD_NEXT, "pwrite");
    stall(fd);
    return next(fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{ return pwrite(fd, p, n, at); }
"""

# Far more than the buffers hold, while nothing is written. What the recorder
# has is the journal (half a megabyte here) and what is being encoded.
STALLED = WORK + """
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def more(n):
    for i in range(n):
        x = []
known(10)
more(100000)
begin = resident()
highest = 0
until = time.monotonic() + 3
while time.monotonic() < until:
    more(20000)
    highest = max(highest, resident() - begin)
print("flat" if highest < 20 << 20 else "grown by %d" % highest)
"""


def mounted():
    """In a file system that can only be read."""
    folder = path("readonly")
    os.makedirs(folder)
    if os.geteuid() != 0 or subprocess.call(
            ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "pmt-test", folder],
            stderr=subprocess.DEVNULL) != 0:
        print("not root: no file system that is read only")
        return
    try:
        case = both("read only", PLAIN, status=9, by_environment=True,
                    trace=os.path.join(folder, "x.pmt"))
        equal(len(case.ours), 1, "read only: lines of ours")
        print("read only: %s" % case.ours)
    finally:
        subprocess.check_call(["umount", folder])


def limited(size):
    def setup():
        resource.setrlimit(resource.RLIMIT_FSIZE,
                           (size, resource.RLIM_INFINITY))
    return setup


def main():
    for most in ("20000", "0"):
        case = both("quota, " + most, QUOTA.replace("MOST", most), MANY,
                    status=3)
        case.blocks(10)
        check(case.lost() > 0, "quota, %s: nothing lost" % most)
    case = both("quota of the program's", OWN_QUOTA.replace("MOST", "0"),
                MANY, status=-signal.SIGXFSZ)
    case.blocks(10)
    check(not case.ours, "quota of the program's: %s" % case.ours)
    case = both("no file at all", PLAIN, ALONE, status=9, setup=limited(0))
    print("no file at all: %s" % case.ours)
    both("no journal", PLAIN, ALONE, status=9, setup=limited(600000)).whole(10)
    mounted()
    case = both("folder gone", GONE, ALONE)
    print("folder gone: %s" % case.ours)
    both("replaced", REPLACED, ALONE)
    shim = compiled("shim", SHIM)
    if shim is None:
        print("no compiler: no stalled disk")
        finish()
    both("no fallocate", PLAIN, ALONE, status=9,
         env={"LD_PRELOAD": shim}).whole(10)
    case = both("no links, a ring", WORK + "work(150000)\n",
                ALONE + ["--max-size", "4M"], env={"LD_PRELOAD": shim})
    parts = [os.path.join(os.path.dirname(case.name), name)
             for name in os.listdir(os.path.dirname(case.name))]
    check(len(parts) > 1 and sum(map(os.path.getsize, parts)) < 5 << 20,
          "no links, a ring: %s" % parts)
    for part in parts:
        result = run(["pmt", "check", part])
        equal(result.status, 0, "no links, a ring: pmt check: " + result.out)
    case = both("stalled", STALLED, MANY, env={"LD_PRELOAD": shim,
                                               "STALLS": "4"})
    case.blocks(10)
    check(case.lost() > 0, "stalled: nothing lost")
    finish()


main()
