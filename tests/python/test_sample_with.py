"""pmtrace.sampling(): with and as a decorator, nested, from several threads,
beside a recording and without one, in children; labels."""
# MODE: sample
# RUN: few

import asyncio
import os
import subprocess
import sys
import threading
import time

import pmtrace
from recorder_support import (FOLDER, Trace, check, equal, finish, path,
                              plain, write)

os.chdir(FOLDER)


def samples(name):
    trace = Trace(name)
    check(trace.complete(), "%s: not whole: %s" % (name, trace.warnings))
    return trace, sorted(trace.of("sample"), key=lambda one: one["time_ns"])


def threads():
    return len([1 for tid in os.listdir("/proc/self/task")])


def alone():
    """Without a recording it makes one, and gives everything back."""
    before = threads()
    with pmtrace.sampling(interval=0.01) as s:
        check(pmtrace.active(), "alone: records")
        name = s.path
        s.label("parsed 181 MB")
        time.sleep(0.3)
        s.label("done")
    time.sleep(0.01)
    equal((pmtrace.active(), s.path, threads()), (False, None, before),
          "alone: the end")
    trace, found = samples(name)
    equal([m["text"] for m in trace.of("mark")], ["parsed 181 MB", "done"],
          "labels")
    check(len(found) > 10, "alone: %d samples" % len(found))
    for mark in trace.of("mark"):
        check(any(0 <= s["time_ns"] - mark["time_ns"] < 10 ** 9
                  for s in found), "a sample beside %s" % mark["text"])
    equal(trace.stream()["settings"]["sample_ms"], "10", "settings")
    with pmtrace.sampling() as again:
        check(again.path != name, "another name")
        equal(os.path.dirname(again.path), os.path.dirname(name), "folder")


def beside():
    """Into the recording that runs, and no longer than asked for."""
    name = path("beside.pmt")
    with pmtrace.Recorder(name, mode="alloc") as r:
        time.sleep(0.1)
        r.mark("begin")
        with pmtrace.sampling(0.01, groups=["memory", "io"]) as s:
            equal(s.path, r.path, "its trace")
            time.sleep(0.3)
        r.mark("end")
        time.sleep(0.1)
        check(pmtrace.active(), "goes on")
    trace, found = samples(name)
    begin, end = [m["time_ns"] for m in trace.of("mark")]
    check(len(found) > 8, "beside: %d" % len(found))
    check(all(begin <= s["time_ns"] <= end for s in found), "beside: when")
    check("read_bytes" in found[0]["values"] and
          "cpu_user" not in found[0]["values"], "groups")
    check(len(trace.of("alloc")) > 0, "alloc")


def per_second(found, begin, end):
    return sum(begin <= s["time_ns"] < end for s in found) / (
        (end - begin) / 1e9)


def nested():
    """The shortest interval of those inside, all in one trace."""
    name = path("nested.pmt")
    with pmtrace.sampling(3600, path=name) as s:
        s.label("a")
        time.sleep(0.2)
        with pmtrace.sampling(0.01, groups="pss") as t:
            equal(t.path, name, "nested: path")
            t.label("b")
            time.sleep(0.4)
            t.label("c")
        time.sleep(0.2)
        s.label("d")
    trace, found = samples(name)
    a, b, c, d = [m["time_ns"] for m in trace.of("mark")]
    quiet = [s for s in found if a + 10 ** 8 < s["time_ns"] < b - 10 ** 8 or
             c + 10 ** 8 < s["time_ns"] < d]
    equal(quiet, [], "nested: outside")
    check(per_second(found, b, c) > 20, "nested: inside")
    inside = [s for s in found if b < s["time_ns"] < c]
    check(all("pss" in s["values"] for s in inside), "nested: groups")


def own_trace():
    """With a name it has a trace of its own, inside a recording too."""
    outer, inner = path("outer.pmt"), path("inner.pmt")
    with pmtrace.Recorder(outer, mode="gc") as r:
        with pmtrace.sampling(0.01, path=inner) as s:
            equal(s.path, inner, "inner: path")
            time.sleep(0.4)
        equal(pmtrace.Recorder.running(), r, "the outer goes on")
    check(len(samples(inner)[1]) > 2, "inner")
    equal(samples(outer)[1], [], "outer")
    try:
        with pmtrace.sampling(path=inner):
            check(False, "a trace was replaced")
    except FileExistsError:
        pass
    with pmtrace.sampling(path=inner, force=True):
        pass
    # What is recorded inside gets the samples meanwhile.
    with pmtrace.sampling(0.01, path=path("around.pmt")):
        with pmtrace.Recorder(path("within.pmt"), mode="alloc"):
            time.sleep(0.6)
        time.sleep(0.6)
    check(len(samples(path("within.pmt"))[1]) > 5, "within")
    check(len(samples(path("around.pmt"))[1]) > 2, "around")


@pmtrace.sampling(interval=0.01)
def plain_function(a, b=2):
    time.sleep(0.1)
    return a + b, pmtrace.Recorder.running().path


@pmtrace.sampling(0.01)
def generator():
    yield pmtrace.Recorder.running().path
    time.sleep(0.1)
    yield 2


@pmtrace.sampling(0.01)
async def coroutine():
    await asyncio.sleep(0.1)
    return pmtrace.Recorder.running().path


def decorated():
    value, name = plain_function(1, b=4)
    equal(value, 5, "decorated")
    check(len(samples(name)[1]) > 2, "decorated: samples")
    first, second = generator()
    equal(second, 2, "generator")
    check(len(samples(first)[1]) > 2, "generator: samples")
    name = asyncio.new_event_loop().run_until_complete(coroutine())
    check(len(samples(name)[1]) > 2, "coroutine: samples")
    equal(plain_function.__name__, "plain_function", "name")


def from_threads():
    """One recording for all, until the last has left."""
    names, errors = [], []

    def work(n):
        try:
            for i in range(10):
                with pmtrace.sampling(0.001 * (1 + n), groups=(
                        "memory", "cpu", "pss")[n % 3]) as s:
                    names.append(s.path)
                    s.label("%d %d" % (n, i))
                    time.sleep(0.005)
        except BaseException as error:
            errors.append(error)

    with pmtrace.sampling(1, path=path("threads.pmt")):
        workers = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    equal((errors, set(names)), ([], {path("threads.pmt")}), "threads")
    trace, found = samples(path("threads.pmt"))
    equal(len(trace.of("mark")), 60, "threads: labels")
    check(len(found) > 60, "threads: %d samples" % len(found))
    # Without a recording around them the last one ends it.
    names = []
    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    equal((errors, pmtrace.active()), ([], False), "threads: the end")
    for name in set(names) - {None}:
        samples(name)


CHILD = """\
import os, sys, time, threading
import pmtrace
def other():
    with pmtrace.sampling(0.001):
        time.sleep(5)
with pmtrace.Recorder("f.pmt", mode="gc", children=1):
    with pmtrace.sampling(0.01):
        if len(sys.argv) > 1:
            threading.Thread(target=other, daemon=True).start()
            time.sleep(0.1)
        pid = os.fork()
        time.sleep(0.3)
    if pid == 0:
        pmtrace.mark("left")
        time.sleep(0.3)
        sys.exit(0)
    os.waitpid(pid, 0)
print("ok", flush=True)
os._exit(0) if len(sys.argv) > 1 else None
"""


def children():
    """What was asked for goes on in the child, until it leaves; what other
    threads of the parent asked for does not."""
    for words in ((), ("thread",)):
        folder = path("children%d" % len(words))
        os.mkdir(folder)
        done = subprocess.run(
            [sys.executable, write("child.py", CHILD)] + list(words),
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60)
        equal((done.returncode, done.stdout.decode()), (0, "ok\n"),
              "children: %s" % done.stderr.decode())
        child = [n for n in os.listdir(folder) if n.startswith("f-") and
                 n.endswith(".pmt")]
        equal(len(child), 1, "children: traces")
        trace, found = samples(os.path.join(folder, child[0]))
        left = trace.of("mark")[-1]["time_ns"]
        check(len(found) > 5, "children: %d" % len(found))
        check(all(s["time_ns"] <= left for s in found), "children: left")


ALONE = """\
import os, sys, time
import pmtrace
with pmtrace.sampling(0.01) as s:
    pid = os.fork()
    if pid == 0:
        assert not pmtrace.active()
        with pmtrace.sampling(0.01, path="own.pmt") as t:
            time.sleep(0.1)
        s.label("nowhere")
    else:
        print(os.waitpid(pid, 0)[1], flush=True)
if pid == 0:
    with pmtrace.sampling(0.01) as u:
        time.sleep(0.1)
    os._exit(0)
"""


def forked():
    """Children are not recorded unless that was asked for; they may sample
    themselves."""
    os.mkdir(path("forked"))
    result = plain(write("alone.py", ALONE), cwd=path("forked"))
    equal(result.triple(), (0, "0\n", ""), "forked")
    names = sorted(n for n in os.listdir(path("forked"))
                   if n.endswith(".pmt"))
    equal(len(names), 3, "forked: %s" % names)
    for name in names:
        check(len(samples(os.path.join(path("forked"), name))[1]) > 3, name)


def wrong():
    for words, error in (((0,), ValueError), ((-1,), ValueError),
                         (("1",), TypeError), ((True,), TypeError),
                         ((float("nan"),), ValueError),
                         ((0.5, "smoke"), ValueError), ((0.5, 3), TypeError)):
        try:
            pmtrace.sampling(*words)
            check(False, "%r passed" % (words,))
        except error:
            pass
    with pmtrace.sampling() as s:
        try:
            s.label(3)
            check(False, "a label that is no str")
        except TypeError:
            pass
    try:
        pmtrace.sampling()(3)
        check(False, "no function")
    except TypeError:
        pass


alone()
beside()
nested()
own_trace()
decorated()
from_threads()
children()
forked()
wrong()
finish()
