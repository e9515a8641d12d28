"""Recorders inside each other: each has its own trace, in which all is that
happened while it was the innermost one, and nothing else."""
# RUN: few
# MODE: alloc,object

import os
import sys
import threading
import time

import pmtrace
from pmtrace import _recorder
from recorder_support import (PYTHON, Trace, check, equal, finish,
                              inconsistencies, path, run, sized, write)

BASE = 10000000
DEPTH = 8


def blocks(number, count=3):
    for _ in range(count):
        bytearray(BASE + number)


# What a bytearray asks for besides; from 3.15 on it holds a bytes object.
MORE = sys.getsizeof(b"") if sys.version_info >= (3, 15) else 1


def numbers(trace):
    """{n: blocks of it} of blocks()."""
    found = {}
    for r in sized(trace, BASE + 1, BASE + 100001):
        n = r["size"] - BASE - MORE
        found[n] = found.get(n, 0) + 1
    return found


def recorder(name, **how):
    return pmtrace.Recorder(path(name), when_full="wait", **how)


def ours(trace):
    return [m["text"] for m in trace.of("mark")
            if m["text"].startswith("pmtrace: ")]


def whole(name):
    trace = Trace(path(name))
    check(trace.complete(), "%s: not whole: %s" % (name, trace.warnings))
    equal(trace.lost(), 0, name + ": lost")
    if not ours(trace):
        # Else what was released in between may be held still, as it seems.
        equal(inconsistencies(trace), [], name + ": addresses")
    return trace


def depths():
    """Level n makes blocks of n before the next level and of 100 + n
    after it; marks and headers tell who took over from whom."""
    def level(n):
        with recorder("depth-%d.pmt" % n):
            blocks(n)
            pmtrace.mark("before")
            if n + 1 < DEPTH:
                level(n + 1)
            blocks(100 + n)
            pmtrace.mark("after")

    level(0)
    traces = [whole("depth-%d.pmt" % n) for n in range(DEPTH)]
    for n, trace in enumerate(traces):
        equal(numbers(trace), {n: 3, 100 + n: 3}, "depth %d: blocks" % n)
        texts = [m["text"] for m in trace.of("mark")]
        outer = traces[n - 1].stream()["uuid"] if n else None
        equal(trace.stream()["settings"].get("outer"), outer,
              "depth %d: outer" % n)
        inner = traces[n + 1].stream()["uuid"] if n + 1 < DEPTH else None
        between = ["pmtrace: suspended, stream %s takes over" % inner,
                   "pmtrace: resumed"] if inner else []
        equal(texts, ["before"] + between + ["after"], "depth %d: marks" % n)
        equal(len(trace.threads), 1, "depth %d: threads" % n)
        for r in sized(trace, BASE, BASE + 1000):
            equal(trace.functions(r["stack"])[:2], ["blocks", "level"],
                  "depth %d: stack" % n)


def stacks_of_outer():
    """Code objects that die while an inner recorder runs, and others at
    their addresses afterwards."""
    def made(number):
        names = {}
        exec("def f_%d():\n%s    return bytearray(%d)" %
             (number, "    pass\n" * (number % 5), BASE + number), names)
        return names["f_%d" % number]

    with recorder("outer.pmt"):
        for i in range(60):
            function = made(i)
            function()
            with recorder("inner.pmt", force=True):
                del function
                made(1000 + i)()
    found = {}
    trace = whole("outer.pmt")
    for r in sized(trace, BASE + 1, BASE + 1000):
        found[r["size"] - BASE - MORE] = trace.chain(r["stack"])[0]
    equal(found, {i: ("f_%d" % i, 2 + i % 5) for i in range(60)},
          "stacks of the outer one")
    equal(numbers(whole("inner.pmt")), {1059: 1}, "stacks: inner")


def other_modes():
    """The inner one's modes are its own, and the outer's come back."""
    modes = [name for name, _, needs in _recorder.MODES
             if needs is None and name in ("object", "call", "line", "rss",
                                           "heap")]
    for mode in modes:
        with recorder("alloc-outer.pmt", force=True):
            blocks(1)
            with recorder("mode.pmt", mode=mode, force=True):
                blocks(2)
            blocks(3)
        equal(numbers(whole("alloc-outer.pmt")), {1: 3, 3: 3},
              "alloc around " + mode)
        whole("mode.pmt")
        with recorder("mode.pmt", mode=mode, force=True):
            blocks(1)
            with recorder("alloc-inner.pmt", force=True):
                blocks(2)
            blocks(3)
        equal(numbers(whole("alloc-inner.pmt")), {2: 3}, "alloc in " + mode)
        trace = whole("mode.pmt")
        if mode in ("call", "line"):
            names = [trace.functions(r["stack"])[0] for r in trace.of(mode)
                     if r.get("stack")]
            check(not names or names.count("blocks") >= 4,
                  "%s around alloc: %s" % (mode, names))
    print("modes: " + " ".join(modes))


def order_of_stops():
    first, second, third = (recorder("order-%d.pmt" % i) for i in range(3))
    first.start()
    second.start()
    third.start()
    blocks(3)
    second.stop()
    blocks(1)
    third.stop()
    blocks(2)
    first.stop()
    check(not pmtrace.active(), "order: active")
    for n, wanted in enumerate(({1: 3, 2: 3}, {}, {3: 3})):
        equal(numbers(whole("order-%d.pmt" % n)), wanted, "order %d" % n)
    for r, count in ((first, 1), (third, 1)):
        equal(r.stats()["threads"], count, "order: figures")
    check(third.stats()["records"] >= 6, "order: figures of the inner one")


def pauses():
    """An outer recorder that was suspended stays so."""
    with recorder("pause.pmt") as outer:
        outer.suspend()
        with recorder("paused.pmt"):
            blocks(1)
        blocks(2)
        outer.resume()
        blocks(3)
        with recorder("paused-2.pmt") as inner:
            inner.suspend()
            blocks(4)
        blocks(5)
    equal(numbers(whole("pause.pmt")), {3: 3, 5: 3}, "pauses: outer")
    equal(numbers(whole("paused.pmt")), {1: 3}, "pauses: inner")
    equal(numbers(whole("paused-2.pmt")), {}, "pauses: inner, suspended")


def failures():
    """An inner recorder that can't start leaves nothing, and the outer one
    goes on."""
    folder = path("folder")
    os.mkdir(folder)
    name = os.path.join(folder, "outer.pmt")
    with pmtrace.Recorder(name, when_full="wait"):
        for wrong in (name, name + ".journal", folder,
                      os.path.join(folder, "no", "x.pmt")):
            try:
                pmtrace.Recorder(wrong, force=True).start()
            except OSError:
                pass
            else:
                check(False, "failures: started at " + wrong)
            blocks(1)
        equal(sorted(os.listdir(folder)), ["outer.pmt", "outer.pmt.journal"],
              "failures: files")
    equal(os.listdir(folder), ["outer.pmt"], "failures: files at the end")
    trace = Trace(name)
    check(trace.complete(), "failures: not whole: " + trace.warnings)
    equal(numbers(trace), {1: 12}, "failures: blocks of the outer one")


def with_threads():
    """Threads that record all the time: each block is in exactly one trace,
    or was made in between."""
    stop = []
    counts = [0] * 4
    idle = threading.Event()
    ready = threading.Barrier(5)

    def busy(n):
        bytearray(BASE + 10 + n)
        ready.wait()
        while not stop:
            bytearray(BASE + 20 + n)
            counts[n] += 1
            # Else a busy machine makes millions of records to be read below.
            if counts[n] % 20 == 0:
                time.sleep(0.0005)
        idle.wait()

    with recorder("busy.pmt"):
        threads = [threading.Thread(target=busy, args=(n,), name="busy-%d" % n)
                   for n in range(4)]
        for t in threads:
            t.start()
        ready.wait()
        for i in range(20):
            with recorder("busy-%d.pmt" % i):
                blocks(30)
        stop.append(1)
        idle.set()
        for t in threads:
            t.join()
    traces = [whole("busy-%d.pmt" % i) for i in range(20)]
    traces.append(whole("busy.pmt"))
    found = [numbers(t) for t in traces]
    for n in range(4):
        equal(found[-1].get(10 + n), 1, "busy: first block of %d" % n)
        seen = sum(f.get(20 + n, 0) for f in found)
        check(0 < seen <= counts[n], "busy: %d of %d" % (seen, counts[n]))
    for f in found[:-1]:
        equal(f.get(30), 3, "busy: blocks of an inner one")
    # Ids of threads are kept while another one runs.
    equal(len(traces[-1].threads), 5, "busy: threads")


def deaths():
    """Killed, or ended without stop(), inside the inner one."""
    for how, clean in (("os.kill(os.getpid(), 9)", 0), ("os._exit(3)", 0),
                       ("pass", 1),
                       ("os.fork() or os._exit(0); os.wait()", 1)):
        for i in range(4):
            name = path("death-%d.pmt" % i)
            for suffix in ("", ".journal"):
                if os.path.exists(name + suffix):
                    os.remove(name + suffix)
        script = write("death.py", """\
import os, pmtrace
def blocks(n):
    for _ in range(3):
        bytearray(%d + n)
for i in range(4):
    pmtrace.Recorder(%r %% i, when_full="wait").start()
    blocks(i)
    x = [[] for _ in range(8000)]
%s
""" % (BASE, path("death-%d.pmt"), how))
        result = run([PYTHON, "-W", "error", script])
        equal(result.err, "", "deaths: " + how)
        for i in range(4):
            name = path("death-%d.pmt" % i)
            checked = run(["pmt", "check", name])
            check(checked.status == 0, "deaths: pmt check: " + checked.out)
            trace = Trace(name)
            equal(numbers(trace), {i: 3}, "deaths: %s: level %d" % (how, i))
            equal(sum(r["events"] for r in trace.of("loss")), 0,
                  "deaths: %s: lost" % how)
            equal(sum(e["clean"] for e in trace.of("end")), clean,
                  "deaths: %s: clean" % how)


depths()
stacks_of_outer()
other_modes()
order_of_stops()
pauses()
failures()
with_threads()
deaths()
finish()
