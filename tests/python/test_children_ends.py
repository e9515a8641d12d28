"""Children that end in unusual ways, or go on as other programs; names that
are taken; what is told in the environment."""
# RUN: few
# MODE: alloc

import glob
import os
import sys

import pmtrace
from children_support import (COMMON, by_pid, family, new_folder, sizes, told,
                              traces, wait_for_no_journal)
from harm_support import compiled
from recorder_support import (Trace, check, equal, finish, plain, record,
                              write)

BOOTSTRAP = os.path.join(os.path.dirname(pmtrace.__file__), "bootstrap")

def ended(folder, result, what, root=None):
    """All traces of a folder are whole, each process has one, and the
    parents are right."""
    equal((result.status, result.err), (0, ""), what)
    wait_for_no_journal(folder)
    equal(glob.glob(folder + "/*.journal"), [], what + ": journals")
    every = by_pid(folder, what)
    parents = {pid: parent for pid, (parent, _) in told(result.out).items()}
    for pid, trace in every.items():
        parents.setdefault(pid, trace.stream()["ppid"])
        equal(trace.warnings, "", "%s: %d" % (what, pid))
        equal(trace.lost(), 0, "%s: lost" % what)
    family(every, parents, what, root=root or result.pid)
    return every


POOLS = COMMON + """\
import multiprocessing, time
from concurrent.futures import ProcessPoolExecutor
def work(n):
    block(n)
    return os.getpid()
def process(n):
    work(n)
    tell(n)

def main(way):
    context = multiprocessing.get_context(way)
    p = context.Process(target=process, args=(300,))
    p.start()
    p.join()
    with context.Pool(2) as pool: # ends with terminate()
        pool.map(work, range(310, 330))
    pool = context.Pool(2)
    pool.map(work, range(330, 350))
    pool.close()
    pool.join()
    with ProcessPoolExecutor(2, **{"mp_context": context}) as pool:
        list(pool.map(work, range(350, 370)))

if __name__ == "__main__":
    main(sys.argv[1])
"""


def pools():
    script = write("pools.py", POOLS)
    for way in ("fork", "spawn", "forkserver"):
        folder = new_folder("pools-" + way)
        result = record(folder + "/x-%p.pmt", script, way,
                        python=["-W", "ignore"],
                        options=["--min-block", "1M"])
        every = ended(folder, result, "pools, " + way)
        equal(sorted(n for t in every.values() for n in sizes(t)),
              sorted([300] + list(range(310, 370))), "pools, %s: blocks" % way)
        equal(sizes(every[list(told(result.out))[0]]), [300],
              "pools, %s: the process" % way)
        check(len(every) >= 8, "pools, %s: %d traces" % (way, len(every)))


# exec keeps the process id: each program has its stream, and its parent is
# the one before.
CHAIN = COMMON + """\
import time
n = int(sys.argv[1])
kept = [block(400 + n + 10 * i) for i in range(20)]
tell(n)
for _ in range(100):
    if sum("journal" in name for name in os.listdir(sys.argv[2])) == 1:
        break
    time.sleep(0.05)
if n < 3:
    os.execv(sys.executable, [sys.executable, __file__, str(n + 1),
                              sys.argv[2]])
os._exit(0)
"""


def chain():
    script = write("chain.py", CHAIN)
    for fixed in (False, True):
        folder = new_folder("chain-%d" % fixed)
        result = record(folder + ("/x.pmt" if fixed else "/x-%p.pmt"), script,
                        "0", folder)
        equal((result.status, result.err), (0, ""), "exec")
        names = ["%s/x%s%s.pmt" % (
            folder, "" if fixed else "-%d" % result.pid, end)
            for end in ("", "-%d" % result.pid, "-%d-2" % result.pid,
                        "-%d-3" % result.pid)]
        equal(traces(folder), sorted(names), "exec: names")
        # Each program finishes the trace of the one before; the last ends by
        # os._exit, and nobody is there to finish its.
        equal(glob.glob(folder + "/*.journal"), [names[-1] + ".journal"],
              "exec: journals")
        before = None
        for n, name in enumerate(names):
            trace = Trace(name)
            stream = trace.stream()
            equal((stream["pid"], stream["parent"]), (result.pid, before),
                  "exec: stream %d" % n)
            equal(sizes(trace), [400 + n + 10 * i for i in range(20)],
                  "exec: blocks of program %d" % n)
            before = stream["uuid"]


def preexec():
    """subprocess forks and calls Python in the child, which then calls
    exec."""
    folder = new_folder("preexec")
    result = record(folder + "/x-%p.pmt", write("preexec.py", COMMON + """\
import subprocess
def before():
    block(500)
    tell("before")
subprocess.check_call([sys.executable, "-c", "print('program')"],
                      preexec_fn=before)
subprocess.check_call(["/bin/true"], preexec_fn=before)
"""), python=["-W", "ignore"])
    equal((result.status, result.err), (0, ""), "preexec_fn")
    check("program" in result.out, "preexec_fn: " + result.out)
    equal(glob.glob(folder + "/*.journal"), [], "preexec_fn: journals")
    found = told(result.out)
    for pid in found:
        equal(sizes(Trace("%s/x-%d.pmt" % (folder, pid))), [500],
              "preexec_fn: block")
    equal(len(traces(folder)), 4, "preexec_fn: %s" % traces(folder))


def names():
    """A name is never used twice, and nothing is replaced."""
    folder = new_folder("names")
    script = write("names.py", COMMON + """\
import subprocess, time
for i in range(2):
    pid = os.fork()
    if pid == 0:
        tell("fork", i)
        os._exit(0)
    os.waitpid(pid, 0)
subprocess.call([sys.executable, "-c", "import os; print(os.getpid())"])
""")
    result = record(folder + "/x.pmt", script)
    found = told(result.out)
    other = int(result.out.splitlines()[-1])
    equal(traces(folder), sorted(
        [folder + "/x.pmt"] + ["%s/x-%d.pmt" % (folder, pid)
                               for pid in list(found) + [other]]), "names")
    old = {name: open(name, "rb").read() for name in traces(folder)}

    # Yesterday's are in the way of the first one started by PMTRACE, not of
    # one that a name was given for.
    again = record(folder + "/x.pmt", script)
    equal((again.status, again.out), (2, ""), "-o of a trace that is there")
    env = {"PYTHONPATH": os.path.dirname(os.path.dirname(BOOTSTRAP)),
           "PMTRACE": "out=" + folder + "/x.pmt"}
    env["PYTHONPATH"] = BOOTSTRAP + ":" + env["PYTHONPATH"]
    result = plain(script, env=env)
    equal((result.status, result.err), (0, ""), "names again")
    check("%s/x-%d.pmt" % (folder, result.pid) in traces(folder),
          "names again: %s" % traces(folder))
    equal(len(traces(folder)), 8, "names again")
    # A relative name is that of the folder where the first process began.
    result = plain("-c", "import os, subprocess, sys; os.chdir('/');"
                   "subprocess.call([sys.executable, '-c', 'pass'])",
                   env=dict(env, PMTRACE="out=rel-%p.pmt"), cwd=folder)
    equal((result.status, result.err), (0, ""), "relative name")
    equal(len(glob.glob(folder + "/rel-*.pmt")), 2, "relative name")
    for name in old:
        check(open(name, "rb").read() == old[name], name + " was changed")


def environment():
    """What the program sees, and what it does with it."""
    script = write("env.py", """\
import os, subprocess, sys
def python(code, **how):
    return subprocess.check_output([sys.executable, "-c", code], **how)
pythonpath = os.environ.get("PYTHONPATH", "")
print("session=" in os.environ["PMTRACE"], "bootstrap" in pythonpath,
      os.environ["PMTRACE"].count("parent="), pythonpath.count("bootstrap"))
look = "import sys, os; print(sys.path, os.environ['PYTHONPATH'])"
assert python(look) == python(look)
print([p for p in sys.path if "bootstrap" in p], "sitecustomize" in sys.modules)
print(python("import os, sys; print([p for p in sys.path if 'bootstrap' in p],"
             "os.environ['PMTRACE'].count('parent='),"
             "os.environ['PYTHONPATH'].count('bootstrap'))"))
clean = {k: v for k, v in os.environ.items() if k != "PMTRACE"}
print(python("import pmtrace, os; print(pmtrace.active(), 'PMTRACE' in os.environ)", env=clean))
del os.environ["PMTRACE"]
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    print("PMTRACE" in os.environ, os.getenv("PMTRACE"), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(python("import os; print('PMTRACE' in os.environ)"))
""")
    folder = new_folder("env")
    result = record(folder + "/x-%p.pmt", script)
    equal((result.status, result.err), (0, ""), "environment")
    equal(result.out.splitlines(), [
        "True True 1 1", "[] False", "b'[] 1 1\\n'", "b'False False\\n'",
        "False None", "b'False\\n'"], "environment")
    equal(len(traces(folder)), 5, "environment: traces")
    # With children=0 all is the program's own.
    result = record(folder + "/none-%p.pmt", "-c",
                    "import os, subprocess, sys\n"
                    "if os.fork() == 0:\n    os._exit(0)\n"
                    "print(os.wait()[1], 'PMTRACE' in os.environ)\n"
                    "subprocess.call([sys.executable, '-c', 'pass'])",
                    options=["--no-children"])
    equal(result.triple(), (0, "0 False\n", ""), "children=0")
    equal(len(glob.glob(folder + "/none-*.pmt")), 1, "children=0: traces")


def cannot():
    """A child that can't make its trace says so in one line, and runs."""
    folder = new_folder("cannot")
    result = record(folder + "/x-%p.pmt", "-c", """\
import os, shutil, sys
os.rename(%r, %r)
pid = os.fork()
if pid == 0:
    x = [[] for _ in range(1000)]
    print("child", flush=True)
    os._exit(3)
print(os.waitpid(pid, 0)[1] >> 8)
os.rename(%r, %r)
""" % (folder, folder + "-away", folder + "-away", folder))
    equal((result.status, result.out), (0, "child\n3\n"), "cannot")
    lines = result.err.splitlines()
    check(len(lines) == 1 and lines[0].startswith("pmtrace: ") and
          "unrecorded" in lines[0], "cannot: %r" % result.err)


# A signal that comes while the journal is made.
EARLY = """\
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
int posix_fallocate(int fd, off_t at, off_t bytes)
{
    if (getenv("KILL_EARLY"))
        kill(getpid(), SIGTERM);
    return ftruncate(fd, at + bytes);
}
int posix_fallocate64(int fd, off_t at, off_t bytes)
{
    return posix_fallocate(fd, at, bytes);
}
"""


def early():
    """Children that are killed while their recording begins leave a trace
    that can be read."""
    shim = compiled("early", EARLY)
    if shim is None:
        return
    folder = new_folder("early")
    result = record(folder + "/x-%p.pmt", "-c", COMMON + """\
import subprocess
tell()
os.environ["KILL_EARLY"] = "1"
pid = os.fork()
if pid == 0:
    os._exit(0)
print(os.waitpid(pid, 0)[1])
print(subprocess.call([sys.executable, "-c", "pass"]), flush=True)
""", env={"LD_PRELOAD": shim})
    every = ended(folder, result, "early", root=result.pid)
    equal(result.out.splitlines()[1:], ["15", "-15"], "early: killed")
    equal(len(every), 3, "early: traces")


pools()
chain()
early()
preexec()
names()
environment()
cannot()
finish()
