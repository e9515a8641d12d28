"""Dumps: what is kept of the trace, copied to a file at a call, a signal, a
mark, and when the resident set gets over a limit."""
# RUN: few
# MODE: alloc

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pmtrace
from recorder_support import (PYTHON, Trace, check, equal, finish, path,
                              record, run, sized, write)


def dumps(name):
    """The dumps beside a trace."""
    folder, base = os.path.split(path(name))
    return sorted(entry for entry in os.listdir(folder or ".")
                  if entry.startswith(base + "-dump-"))


def wait_for(function, seconds=10):
    until = time.monotonic() + seconds
    while not function() and time.monotonic() < until:
        time.sleep(0.01)
    return function()


def settled(recorder, count):
    """So many dumps were made, and no more come."""
    wait_for(lambda: recorder.stats()["dumps"] >= count)
    time.sleep(0.4)
    return recorder.stats()["dumps"]


def marks(name):
    return [mark["text"] for mark in Trace(name).of("mark")]


def is_sound(name):
    """Whole but for the end, which a dump has none of."""
    result = run(["pmt", "check", "--json", name])
    found = json.loads(result.out.splitlines()[-1])
    equal([found[key] for key in ("streams", "truncated", "corrupt",
                                  "missing", "inconsistent", "lost")],
          [1, 0, 0, 0, 0, 0], "pmt check of " + name)


def raises(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        return error
    check(False, "%s is not raised" % kind.__name__)
    return None


# ---- at a call ----

equal(pmtrace.dump(), None, "nothing is being recorded")
r = pmtrace.Recorder(path("call.pmt"))
raises(RuntimeError, r.dump)
with r:
    kept = [bytes(7001) for n in range(20)]
    equal(r.dump(), path("call-dump-1.pmt"), "its name")
    more = [bytes(7001) for n in range(30)]
    equal(pmtrace.dump(path("own.pmt")), path("own.pmt"), "a name given")
    before = open(path("own.pmt"), "rb").read()
    error = raises(FileExistsError, r.dump, path("own.pmt"))
    equal(error.filename, path("own.pmt"), "the name in the error")
    equal(open(path("own.pmt"), "rb").read(), before, "it is not replaced")
    raises(FileNotFoundError, r.dump, path("nowhere") + "/x.pmt")
    with pmtrace.Recorder(path("inner.pmt")):
        raises(RuntimeError, r.dump)
    open(path("call-dump-2.pmt"), "w").close()
    equal(r.dump(), path("call-dump-3.pmt"), "a name that is taken")
    folder = os.getcwd()
    os.chdir(os.path.dirname(path("x")))
    equal(r.dump("relative.pmt"), os.path.realpath(path("relative.pmt")),
          "a relative name")
    os.chdir(folder)
    equal(r.stats()["dumps"], 4, "how many")
    memory = r.memory()
raises(RuntimeError, r.dump)
equal(os.stat(path("call-dump-1.pmt")).st_mode & 0o7777, 0o600, "mode")
for name, wanted in (("call-dump-1", 20), ("own", 50), ("call-dump-3", 50),
                     ("call", 50)):
    is_sound(path(name + ".pmt"))
    equal(len(sized(Trace(path(name + ".pmt")), 7001, 7100)), wanted,
          "blocks in " + name)
texts = marks(path("call.pmt"))
check("pmtrace: dump, call: " + path("own.pmt") in texts, texts)
check(any(text.startswith("pmtrace: no dump: %s: " % path("own.pmt"))
          for text in texts), "a failure is a mark: %r" % texts)
equal(marks(path("call-dump-1.pmt")),
      ["pmtrace: dump, call: " + path("call-dump-1.pmt")],
      "a dump tells why it is there")

# Many at once, while others work.
with pmtrace.Recorder(path("many.pmt"), max_size=4 << 20, frames=2) as r:
    stop = False

    def work():
        while not stop:
            kept = [bytes(n) for n in range(100)]

    def ask():
        for n in range(5):
            names.append(r.dump())

    names = []
    workers = [threading.Thread(target=work) for n in range(2)]
    askers = [threading.Thread(target=ask) for n in range(6)]
    for thread in workers + askers:
        thread.start()
    for thread in askers:
        thread.join()
    stop = True
    for thread in workers:
        thread.join()
    made = r.stats()["dumps"]
equal(len(names), 30, "each call has an answer")
equal(len(set(names)), made, "calls at once share one")
check(5 <= made <= 30, "%d dumps" % made)
for name in sorted(set(names))[:3]:
    is_sound(name)

# ---- at a signal ----

calls = []
signal.signal(signal.SIGUSR1, lambda number, frame: calls.append(number))
with pmtrace.Recorder(path("signal.pmt"),
                      dump_signal=int(signal.SIGUSR1)) as r:
    kept = [bytes(7001) for n in range(20)]
    os.kill(os.getpid(), signal.SIGUSR1)
    check(wait_for(lambda: calls), "the program's own handler goes on")
    equal(settled(r, 1), 1, "dumps at a signal")
    equal(len(sized(Trace(path("signal-dump-1.pmt")), 7001, 7100)), 20,
          "what is in it")
    # A storm is a few dumps, and no more than dump_max.
    for n in range(2000):
        os.kill(os.getpid(), signal.SIGUSR1)
    count = settled(r, 2)
    check(2 <= count <= 8, "%d dumps of a storm" % count)
    equal(len(dumps("signal")), count, "files")
calls.clear()
os.kill(os.getpid(), signal.SIGUSR1)
check(wait_for(lambda: calls), "the handler is given back")
equal(len(dumps("signal")), count, "no dump after the end")
with pmtrace.Recorder(path("max.pmt"), dump_max=2,
                      dump_signal=int(signal.SIGUSR1)) as r:
    for n in range(4):
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.3)
    equal(settled(r, 2), 2, "dump_max")
    r.dump()
    equal(r.stats()["dumps"], 3, "a call is not counted")
texts = marks(path("max.pmt"))
equal(len([text for text in texts if "dump_max" in text]), 1,
      "one mark says so: %r" % texts)
signal.signal(signal.SIGUSR1, signal.SIG_DFL)

# A handler that was put in meanwhile stays.
with pmtrace.Recorder(path("later.pmt"), dump_signal=int(signal.SIGUSR1)):
    signal.signal(signal.SIGUSR1, lambda number, frame: calls.append(number))
calls.clear()
os.kill(os.getpid(), signal.SIGUSR1)
check(wait_for(lambda: calls), "a handler put in meanwhile")

# By pmt record, in a program that has no handler: it goes on.
program = write("waits.py", """\
import os, sys, time
kept = [bytes(7001) for n in range(20)]
print("ready", flush=True)
sys.stdin.readline()
print("end")
""")
process = subprocess.Popen(
    ["pmt", "record", "-o", path("shell.pmt"), "--dump-signal=USR2", "--",
     PYTHON, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    stderr=subprocess.PIPE, universal_newlines=True)
process.stdout.readline()
process.send_signal(signal.SIGUSR2)
check(wait_for(lambda: dumps("shell") == ["shell-dump-1.pmt"]),
      "pmt record --dump-signal")
equal(process.communicate("\n", timeout=60) + (process.returncode,),
      ("end\n", "", 0), "the program goes on")
equal(len(sized(Trace(path("shell-dump-1.pmt")), 7001, 7100)), 20,
      "what is in it")

# ---- at marks ----

with pmtrace.Recorder(path("mark.pmt"), dump_marks="bad*,!bad luck,end?"
                      ) as r:
    for text in ("good", "bad luck", "ends"):
        r.mark(text)
    equal(settled(r, 1), 1, "a mark that matches")
    r.mark("very bad")
    equal(settled(r, 1), 1, "one that does not")
    r.mark("bad \u2603")
    equal(settled(r, 2), 2, "another one")
texts = marks(path("mark-dump-1.pmt"))
equal(texts, ["good", "bad luck", "ends",
              "pmtrace: dump, mark: " + path("mark-dump-1.pmt")],
      "the mark is in the dump, and what it is made for")

# ---- at a resident set ----

# It comes while C code has the GIL, and again after it fell.
program = write("grows.py", """\
import ctypes, os, sys, time
import pmtrace

def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

libc = ctypes.PyDLL(None)   # keeps the GIL
libc.usleep.argtypes = [ctypes.c_uint]
limit = rss() + (60 << 20)
with pmtrace.Recorder(sys.argv[1], dump_rss=limit, frames=4) as r:
    def count():
        return r.stats()["dumps"]
    small = b"x" * (40 << 20)
    time.sleep(0.5)
    print(count())
    large = b"x" * (90 << 20)
    libc.usleep(900000)
    age = time.time() - os.stat(sys.argv[1][:-4] + "-dump-1.pmt").st_mtime
    print(count(), age > 0.2)
    time.sleep(0.5)
    print(count())
    del large, small
    time.sleep(0.5)
    print(count())
    large = b"x" * (130 << 20)
    time.sleep(0.7)
    print(count())
""")
result = run([PYTHON, program, path("rss.pmt")])
equal(result.triple(), (0, "0\n1 True\n1\n1\n2\n", ""),
      "dumps at a resident set")
texts = marks(path("rss.pmt"))
equal(len([text for text in texts if text.startswith(
    "pmtrace: dump, resident set: ")]), 2, "marks: %r" % texts)
large = sized(Trace(path("rss-dump-1.pmt")), 90 << 20, 91 << 20)
equal(len(large), 1, "the block that made it is in the dump")

# ---- where it can't be made ----

os.mkdir(path("gone"))
program = write("fails.py", """\
import os, signal, sys, time
import pmtrace
r = pmtrace.Recorder.running()
os.rename(sys.argv[1], sys.argv[1] + "-away")
for n in range(3):
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.3)
print(r.stats()["dumps"], r.stats()["dumps_failed"])
os.rename(sys.argv[1] + "-away", sys.argv[1])
""")
result = record(path("gone/x.pmt"), program, path("gone"),
                options=["--dump-signal=USR1"])
equal((result.status, result.out), (0, "0 3\n"), "the program goes on")
equal(result.err, "pmtrace: %s: 3 dumps could not be made; marks in the "
      "trace tell why\n" % path("gone/x.pmt"), "one line")
texts = marks(path("gone/x.pmt"))
check(any("no dump" in text and "No such file" in text for text in texts),
      texts)

# ---- forks meanwhile ----

with pmtrace.Recorder(path("forks.pmt")) as r:
    answers = []

    def ask_all():
        for n in range(5):
            answers.append(r.dump())

    asker = threading.Thread(target=ask_all)
    asker.start()
    for n in range(60):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    asker.join(60)
    equal(len(answers), 5, "dumps while the process forks")
for name in answers:
    is_sound(name)

finish()
