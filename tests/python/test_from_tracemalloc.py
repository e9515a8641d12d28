"""pmtrace.from_tracemalloc: what tracemalloc says is what the trace says,
stack by stack; also of a dumped snapshot."""
# MODE: snapshot

import collections
import os
import pickle
import tracemalloc

import pmtrace
from recorder_support import Trace, check, equal, finish, path, skip

if pmtrace._recorder is None:
    skip("the recorder is not built")


def make(n):
    return [bytearray(1000 + i) for i in range(n)]


def wanted(snapshot):
    """{((file, line), ... the innermost first): (bytes, blocks)}"""
    sums = collections.Counter(), collections.Counter()
    for trace in snapshot.traces:
        frames = tuple((f.filename, f.lineno)
                       for f in reversed(list(trace.traceback)))
        sums[0][frames] += trace.size
        sums[1][frames] += 1
    return {frames: (sums[0][frames], sums[1][frames]) for frames in sums[0]}


def found(name, title):
    trace = Trace(name)
    check(trace.complete(), name + " is not whole: " + trace.warnings)
    got = {}
    records = trace.of("snapshot")
    check(records, "no snapshot in " + name)
    for record in records:
        equal(record.get("name"), title, "the snapshot's name")
        frames, stack = [], record["stack"]
        while stack:
            node = trace.stacks[stack]
            frames.append((trace.codes[node["code"]]["file"], node["line"]))
            stack = node["parent"]
        key = tuple(frames)
        size, count = got.get(key, (0, 0))
        got[key] = (size + record["size"], count + record["blocks"])
    return got


def raises(kind, text, *args, **kwargs):
    try:
        pmtrace.from_tracemalloc(*args, **kwargs)
    except kind as error:
        check(text in str(error), "%r is not in %r" % (text, str(error)))
        return
    check(False, "no %s: %s" % (kind.__name__, args))


def compare(name, title, snapshot):
    want = wanted(snapshot)
    got = found(name, title)
    equal(len(got), len(want), title + ": stacks")
    equal(sorted(got.items()), sorted(want.items()), title)


raises(RuntimeError, "not tracing", path("no.pmt"))
tracemalloc.start(10)
kept = make(50)
with pmtrace.Recorder(path("outer.pmt")):
    equal(pmtrace.from_tracemalloc(path("now.pmt")), path("now.pmt"), "name")
snapshot = tracemalloc.take_snapshot()
tracemalloc.stop()
equal(pmtrace.from_tracemalloc(path("given.pmt"), snapshot, name="given"),
      path("given.pmt"), "name")
compare(path("given.pmt"), "given", snapshot)
snapshot.dump(path("dumped.pickle"))
pmtrace.from_tracemalloc(path("dumped.pmt"), path("dumped.pickle"))
compare(path("dumped.pmt"), "tracemalloc", snapshot)
now = found(path("now.pmt"), "tracemalloc")
sizes = [size for frames, (size, _) in now.items()
         if frames[0] == (__file__, make.__code__.co_firstlineno + 1)]
check(any(size >= sum(1000 + i for i in range(50)) for size in sizes),
      "what is alive now: %s" % sizes)
check(Trace(path("outer.pmt")).complete(), "the recording around it")

raises(FileExistsError, "", path("given.pmt"), snapshot)
pmtrace.from_tracemalloc(path("given.pmt"), snapshot, force=True)
raises(TypeError, "str", path("x.pmt"), snapshot, name=3)
raises(FileNotFoundError, "", path("x.pmt"), path("nonesuch"))
for what, content in (("text", b"hello\n"), ("empty", b""),
                      ("other", pickle.dumps([1, 2])),
                      ("call", b"cos\nsystem\n(S'touch " +
                       os.fsencode(path("harm")) + b"'\ntR.")):
    with open(path("bad.pickle"), "wb") as file:
        file.write(content)
    raises(ValueError, "no snapshot of tracemalloc", path("x.pmt"),
           path("bad.pickle"))
check(not os.path.exists(path("harm")), "a pickle ran a command")
check(not os.path.exists(path("x.pmt")), "a trace was made of nothing")
finish()
