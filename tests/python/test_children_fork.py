"""Forks of every kind: which children are recorded, what is in their traces
and in their parent's, and that the program sees nothing of it."""
# RUN: few
# MODE: alloc

import os
import sys

from children_support import (COMMON, EXTRA, by_pid, family, new_folder, sizes,
                              told, traces)
from recorder_support import (Trace, check, equal, finish, plain, record, run,
                              write)

FORKS = COMMON + """\
import ctypes, signal, threading, time
kept = [block(1)]

def child(number, end=os._exit):
    kept.append(block(number))
    tell(number)
    end(0)

def wait(pid):
    assert os.waitpid(pid, 0)[1] == 0

def by_fork(number):
    pid = os.fork()
    if pid == 0:
        child(number)
    wait(pid)

# os.fork, and a child that ends as Python does
by_fork(100)
pid = os.fork()
if pid == 0:
    child(110, sys.exit)
wait(pid)

# os.forkpty
pid, fd = os.forkpty()
if pid == 0:
    block(120)
    os._exit(0)
wait(pid)
os.close(fd)
print("pty", pid)

# a child of a child of a child
pid = os.fork()
if pid == 0:
    tell(130)
    block(130)
    pid = os.fork()
    if pid == 0:
        tell(131)
        block(131)
        by_fork(132)
        os._exit(0)
    wait(pid)
    os._exit(0)
wait(pid)

# from a thread, while others record
stop = []
def busy(n):
    count = 0
    while not stop and count < 20000:
        block(n)
        [[] for _ in range(50)]
        count += 1
others = [threading.Thread(target=busy, args=(2 + n,)) for n in range(2)]
for t in others:
    t.start()
def from_thread():
    for i in range(10):
        by_fork(140 + i)
t = threading.Thread(target=from_thread)
t.start()
t.join()

# in the middle of chunks
for i in range(10):
    by_fork(160 + i)
stop.append(1)
for t in others:
    t.join()

# a child that makes threads, and waits for them
def in_threads():
    tell(180)
    ts = [threading.Thread(target=block, args=(180 + n,)) for n in range(4)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    os._exit(0)
pid = os.fork()
if pid == 0:
    in_threads()
wait(pid)

# by C: unrecorded, unharmed
libc = ctypes.PyDLL(None)
pid = libc.fork()
if pid == 0:
    x = [[] for _ in range(3000)]
    block(190)
    os._exit(0)
wait(pid)
print("by C", pid)

# by C, and then Python is told, as uWSGI and the like do
ctypes.pythonapi.PyOS_BeforeFork()
pid = libc.fork()
if pid == 0:
    ctypes.pythonapi.PyOS_AfterFork_Child()
    child(195)
ctypes.pythonapi.PyOS_AfterFork_Parent()
wait(pid)

# what a child has open and mapped of its parent's
def look(parent):
    mine = set(os.readlink("/proc/self/fd/" + n)
               for n in os.listdir("/proc/self/fd")
               if os.path.lexists("/proc/self/fd/" + n))
    with open("/proc/self/maps") as file:
        text = "\\n".join(mine) + file.read()
    tell("seen", text.count("-%d.pmt" % parent))
    os._exit(0)
parent = os.getpid()
pid = os.fork()
if pid == 0:
    look(parent)
wait(pid)
"""


def forks():
    folder = new_folder("forks")
    script = write("forks.py", FORKS)
    result = record(folder + "/x-%p.pmt", script,
                    python=["-W", "ignore"])
    equal((result.status, result.err), (0, ""), "forks")
    found = told(result.out)
    extra = dict(line.rsplit(" ", 1) for line in result.out.splitlines()
                 if not line.startswith("process"))
    check(not os.path.exists("%s/x-%s.pmt" % (folder, extra["by C"])),
          "a child that C made is recorded")
    every = by_pid(folder, "forks")
    parents = {pid: parent for pid, (parent, _) in found.items()}
    parents[result.pid] = None
    parents[int(extra["pty"])] = result.pid
    family(every, parents, "forks", root=result.pid)
    equal([n for n in os.listdir(folder) if "journal" in n], [],
          "forks: journals of children that ended by os._exit()")
    for pid, trace in every.items():
        check(not trace.warnings and not trace.of("damage"),
              "forks: %d: %s" % (pid, trace.warnings))
        equal(trace.lost(), 0, "forks: lost")
    for pid, (_, words) in found.items():
        if words[0] == "seen":
            equal(words[1], "0", "what a child has of its parent's files")
            continue
        number = int(words[0])
        equal(sizes(every[pid], 100),
              [number] if number != 180 else [180, 181, 182, 183],
              "forks: blocks of child %d" % number)
    equal(sizes(every[int(extra["pty"])], 100), [120], "forkpty")
    equal(sizes(every[result.pid], 1, 2), [1], "blocks of the parent")
    equal(sizes(every[result.pid], 100), [], "blocks in the parent's trace "
          "that only children made")


# The recorder by its API: nested, suspended, stopped in the child.
API = COMMON + """\
import threading
import pmtrace
folder = sys.argv[1]

def wait(pid):
    assert os.waitpid(pid, 0)[1] == 0

def forked(function):
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException as error:
            print("error", repr(error), flush=True)
        os._exit(0)
    wait(pid)

outer = pmtrace.Recorder(folder + "/outer-%p.pmt", children=1)
inner = pmtrace.Recorder(folder + "/inner-%p.pmt", children=1)
alone = pmtrace.Recorder(folder + "/alone-%p.pmt")

def in_nested():
    block(200)
    assert pmtrace.Recorder.running() is inner, "running"
    assert inner.path.endswith("inner-%d.pmt" % os.getpid()), inner.path
    assert outer.stats() == {}, "outer"
    inner.mark("here")
    inner.stop()
    block(201)
    assert inner.stats()["records"] > 0
    assert not pmtrace.active(), "active"
    outer.stop()
    with outer:                       # again, in the child
        block(202)
    assert "PMTRACE" not in os.environ, "told"

with outer:
    told = os.environ["PMTRACE"]
    with inner:
        forked(in_nested)
    assert os.environ["PMTRACE"] == told

    def in_suspended():
        block(210)
        outer.resume()
        block(211)
        outer.stop()
    outer.suspend()
    forked(in_suspended)
    outer.resume()
assert "PMTRACE" not in os.environ

def unrecorded():
    block(220)
    assert not pmtrace.active()
    assert alone.stats() == {}
    alone.stop()
    try:
        with pmtrace.Recorder(folder + "/own-%p.pmt"):
            block(221)
    except BaseException as error:
        print("error", repr(error), flush=True)
with alone:
    assert "PMTRACE" not in os.environ
    forked(unrecorded)

# while another thread starts and stops
ready = threading.Event()
stop = []
def all_the_time():
    while not stop:
        with pmtrace.Recorder(folder + "/loop-%p.pmt", force=True, children=1):
            ready.set()
t = threading.Thread(target=all_the_time)
t.start()
ready.wait()
for i in range(20):
    forked(lambda: [[] for _ in range(1000)])
stop.append(1)
t.join()
tell()
"""


def api():
    folder = new_folder("api")
    result = plain("-W", "ignore", write("api.py", API), folder)
    equal((result.status, result.err), (0, ""), "api")
    check("error" not in result.out, "api: " + result.out)
    found = {}
    for name in traces(folder):
        base = os.path.basename(name)
        if base.startswith("loop-"):
            equal(run(["pmt", "check", name]).status, 0, base)
            continue
        trace = Trace(name)
        equal(trace.warnings, "", base)
        found[base.split("-")[0], trace.stream()["pid"] == result.pid,
              tuple(sizes(trace, 100))] = trace
    equal(sorted(found),
          [("alone", True, ()), ("inner", False, (200,)), ("inner", True, ()),
           ("outer", False, (202,)), ("outer", False, (211,)),
           ("outer", True, ()), ("own", False, (221,))], "api: traces")
    nested = found["inner", False, (200,)]
    equal(nested.stream()["parent"],
          found["inner", True, ()].stream()["uuid"], "parent when nested")
    check("here" in [m["text"] for m in nested.of("mark")], "api: mark")
    suspended = found["outer", False, (211,)]
    equal([m["text"] for m in suspended.of("mark")],
          ["pmtrace: suspended", "pmtrace: resumed"], "suspended")
    equal(suspended.stream()["parent"],
          found["outer", True, ()].stream()["uuid"], "parent when suspended")


# All that a program can see of a fork, with its own hooks in.
SEEN = """\
import os, sys, threading, warnings
seen = []
def trace(frame, event, arg):
    seen.append(("trace", frame.f_code.co_name, event, frame.f_lineno))
    return trace
def profile(frame, event, arg):
    seen.append(("profile", frame.f_code.co_name, event))
def audit(event, args):
    if looking and not event.startswith("sys._getframe"):
        seen.append(("audit", event))
looking = []
if sys.argv[1] == "audit":
    sys.addaudithook(audit)
looking.append(1)
if sys.argv[1] == "trace":
    sys.settrace(trace)
if sys.argv[1] == "profile":
    sys.setprofile(profile)
if sys.argv[1] == "monitoring":
    m = sys.monitoring
    m.use_tool_id(1, "me")
    for name in ("PY_START", "PY_RETURN", "CALL", "LINE"):
        event = getattr(m.events, name)
        m.register_callback(1, event, lambda code, *a, n=name:
                            seen.append((n, code.co_name)))
    m.set_events(1, m.events.PY_START | m.events.PY_RETURN | m.events.CALL |
                 m.events.LINE)
def forks():
    pid = os.fork()
    x = len(seen)
    return pid
pid = forks()
sys.settrace(None)
sys.setprofile(None)
looking.clear()
if sys.argv[1] == "monitoring":
    m.set_events(1, 0)
if pid == 0:
    for row in seen:
        print(*row)
    print(sorted(m for m in sys.modules if m.split(".")[0] != "pmtrace"
                 and m != "atexit"))
    print([t.name for t in threading.enumerate()], len(os.listdir("/proc/self/fd")) < 8)
    print(sys.gettrace(), sys.getprofile())
    sys.stdout.flush()
    os._exit(0)
os.waitpid(pid, 0)
"""


def unseen():
    script = write("seen.py", SEEN)
    folder = new_folder("seen")
    ways = ["none", "trace", "profile", "audit"]
    if sys.version_info >= (3, 12):
        ways.append("monitoring")
    for mode in ("alloc", "call"):
        for way in ways:
            if mode == "call" and way in ("trace", "profile"):
                continue  # test_event_hooks.py
            wanted = plain(script, way)
            found = record("%s/%s-%s-%%p.pmt" % (folder, mode, way), script,
                           way, options=["--mode", mode])
            equal(found.triple(), wanted.triple(),
                  "what a child sees with " + way)
            equal(len([n for n in traces(folder)
                       if "/%s-%s-" % (mode, way) in n]), 2,
                  "traces with %s, %s" % (mode, way))


def all_modes():
    """The hooks of each mode go on in the child."""
    script = write("modes.py", COMMON + """\
import gc, time
class Known:
    pass
def called():
    return [Known() for _ in range(3)]
pid = os.fork()
if pid == 0:
    called()
    gc.collect()
    time.sleep(0.3)
    os._exit(0)
os.waitpid(pid, 0)
""")
    modes = ["alloc", "call", "line", "heap", "rss", "gc"]
    if sys.version_info >= (3, 13):
        modes.append("object")
    for mode in modes + ["alloc,call,gc,rss,heap"]:
        folder = new_folder("mode-" + mode.replace(",", "-"))
        result = record(folder + "/x-%p.pmt", script,
                        options=["--mode", mode, "--rss-ms", "50",
                                 "--heap-ms", "50"])
        equal(result.triple(), (0, "", ""), mode)
        every = by_pid(folder, mode)
        equal(len(every), 2, mode + ": traces")
        for pid, trace in every.items():
            if pid == result.pid:
                continue
            equal(trace.warnings, "", mode)
            for kind in mode.split(","):
                kind = {"rss": "sample"}.get(kind, kind)
                check(len(trace.of(kind)) > 0, "mode %s: nothing of %s"
                      % (mode, kind))
            names = {c["function"].split(".")[-1]
                     for c in trace.codes.values()}
            if "call" in mode or "line" in mode:
                check("called" in names, "mode %s: %s" % (mode, names))
            check(not any("_children" in c["file"]
                          for c in trace.codes.values())
                  or "alloc" in mode or "object" in mode,
                  "mode %s: our own code is in the trace" % mode)


forks()
api()
unseen()
all_modes()
finish()
