"""Mode snapshot: what snapshots hold against tracemalloc's own snapshot in the
same process, by traceback; when they are written; and snapshots of what
tracemalloc knows, read back.

tracemalloc's own blocks are raw; the program's are not, so raw is left out."""
# MODE: snapshot,alloc

import collections
import json

from recorder_support import (Trace, check, equal, finish, path, plain, write)

PROGRAM = """
import json, signal, sys, time, tracemalloc
import pmtrace

r = pmtrace._recorder

def strings(n):
    return ["%d" % i * 20 for i in range(n)]

def table(n):
    return {i: bytes(i) for i in range(n)}

def work():
    return strings(500), table(900), bytearray(100000)

work()
heard = []
signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
before = signal.getsignal(signal.SIGUSR1)
settings = json.loads(sys.argv[2])
tracer = pmtrace.Recorder(sys.argv[1], frames=8, **settings)
tracer.start()
tracemalloc.start(8)
kept = work()
theirs = tracemalloc.take_snapshot()
r.snapshot("call", (("answer", "", 42), ("least", "B", -2 ** 63)))
tracemalloc.stop()
rows = {}
for t in theirs.traces:
    frames = tuple((f.filename, f.lineno) for f in t.traceback)
    row = rows.setdefault(frames, [0, 0])
    row[0] += 1
    row[1] += t.size
json.dump([[list(f), n] for f, n in rows.items()], open(sys.argv[3], "w"))
tracer.mark("here")
import os
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(float(sys.argv[4]))
tracer.stop()
print(heard, signal.getsignal(signal.SIGUSR1) is before)
try:
    r.snapshot("late", ())
except RuntimeError:
    print("RuntimeError")
"""

IMPORT = """
import json, sys, tracemalloc
import pmtrace

tracemalloc.start(5)

def make(n):
    return [bytes(1000) for i in range(n)]

kept = make(300) + [make(10) for _ in range(3)]
snapshot = tracemalloc.take_snapshot()
tracemalloc.stop()
pmtrace.from_tracemalloc(sys.argv[1], snapshot, name="from outside")
rows = {}
for t in snapshot.traces:
    row = rows.setdefault(tuple((f.filename, f.lineno) for f in t.traceback),
                          [0, 0])
    row[0] += 1
    row[1] += t.size
json.dump([[list(f), n] for f, n in rows.items()], open(sys.argv[2], "w"))
"""


def frames(trace, stack):
    """((file, line), ...) of a stack, the outermost first."""
    found = []
    while stack:
        node = trace.stacks[stack]
        found.append((trace.codes[node["code"]]["file"], node["line"]))
        stack = node["parent"]
    return tuple(reversed(found))


def sums(trace, name):
    """{frames: [blocks, bytes]} of the snapshot of this name."""
    rows = collections.defaultdict(lambda: [0, 0])
    for r in trace.of("snapshot"):
        if r["name"] == name:
            row = rows[frames(trace, r["stack"])]
            row[0] += r["blocks"]
            row[1] += r["size"]
    return dict(rows)


def read(name):
    with open(path(name)) as file:
        return {tuple(map(tuple, key)): value for key, value in
                json.load(file)}


def moments(mode, pause, **settings):
    trace_path = path(mode + str(len(settings)) + ".pmt")
    result = plain(write("snapshot_program.py", PROGRAM), trace_path,
                   json.dumps(dict(settings, mode=mode, domains="mem,obj")), path("theirs.json"),
                   str(pause))
    equal(result.triple(), (0, "[1] True\nRuntimeError\n", ""),
          "the program with %r" % settings)
    trace = Trace(trace_path)
    check(trace.complete(), "%r is whole: %s" % (settings, trace.warnings))
    names = []
    for r in trace.of("snapshot"):
        if (r["time_ns"], r["name"]) not in names:
            names.append((r["time_ns"], r["name"]))
    return trace, [name for _, name in names]


def compare(trace):
    ours, theirs = sums(trace, "call"), read("theirs.json")
    program = path("snapshot_program.py")
    sites = [key for key in theirs if key[-1][0] == program and
             len(key) > 1]
    check(len(sites) >= 3, "tracemalloc has the program's sites")
    for key in sites:
        equal(ours.get(key), theirs[key], "at %r" % (key,))
    total = sum(n[1] for n in theirs.values())
    found = sum(ours[key][1] for key in ours if key in theirs)
    print("%d of %d sites equal, %d of %d bytes" % (len(sites), len(theirs),
                                                    found, total))
    values = {json.dumps(r["values"]) for r in trace.of("snapshot")
              if r["name"] == "call"}
    equal(values, {json.dumps([["answer", "", 42],
                               ["least", "B", -2 ** 63]])}, "values")


def imported():
    result = plain(write("import_program.py", IMPORT), path("import.pmt"),
                   path("import.json"))
    equal(result.triple(), (0, "", ""), "import")
    trace = Trace(path("import.pmt"))
    check(trace.complete(), "import is whole")
    equal(sums(trace, "from outside"), read("import.json"), "what was imported")
    equal({r["name"] for r in trace.of("snapshot")}, {"from outside"},
          "one snapshot")


MAY_STAY = """
import sys
import pmtrace

pmtrace.snapshot("no recording")
for settings in {"mode": "alloc"}, {"mode": "call"}, \\
        {"mode": "alloc", "sample_bytes": 1000}:
    with pmtrace.Recorder(sys.argv[1], force=1, **settings) as r:
        pmtrace.snapshot("no live set", [("answer", "", 42)])
        try:
            r.snapshot("no live set")
        except RuntimeError:
            print("RuntimeError")
print("unharmed")
"""


def may_stay_in_the_program():
    """Whoever records decides the mode, and not the program."""
    result = plain(write("may_stay.py", MAY_STAY), path("may_stay.pmt"))
    equal(result.triple(), (0, "RuntimeError\n" * 3 + "unharmed\n", ""),
          "a snapshot that this recording can't make")


def main():
    trace, names = moments("snapshot", 0)
    equal(names[:1] + names[-1:], ["call", "end"], "at a call and the end")
    check(not trace.of("alloc"), "no records beside snapshots")
    compare(trace)
    trace, names = moments("snapshot", 0.6, snapshot_marks=1,
                           snapshot_signal=10, snapshot_ms=200)
    for name in "call", "mark", "signal", "end":
        equal(names.count(name), 1, "snapshots at " + name)
    check(2 <= names.count("interval") <= 6, "at an interval: %r" % names)
    compare(trace)
    trace, names = moments("alloc,snapshot", 0)
    equal(names, ["call", "end"], "with alloc")
    check(len(trace.of("alloc")) > 1000, "records too")
    compare(trace)
    trace, names = moments("alloc", 0, track=1)
    equal(names, ["call"], "of a tracked recording")
    compare(trace)
    imported()
    may_stay_in_the_program()
    finish()


main()
