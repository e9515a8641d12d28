"""What a program does with pmtrace by itself: Recorder as an object, in `with`
and as a decorator, recorders inside each other, labels on functions, names of
threads, wrong arguments. Expected values are what the program itself made."""
# MODE: alloc

import asyncio
import contextlib
import gc
import os
import sys
import threading

import pmtrace
from pmtrace import Recorder, label, mark
from recorder_support import (FOLDER, PYTHON, Trace, check, equal, finish,
                              path, run, sized, skip, write)

if pmtrace._recorder is None:
    skip("the recorder is not built")

# 3.15 gives bytearray a header.
MORE = 32 if sys.version_info >= (3, 15) else 0


def made(trace, size):
    """How many blocks of bytearray(size) the trace has."""
    return len(sized(trace, size + MORE, size + MORE + 2))


def raises(kind, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as error:
        check(text in str(error), "%r is not in %r" % (text, str(error)))
        return
    except Exception as error:
        check(False, "%r instead of %s" % (error, kind.__name__))
        return
    check(False, "no %s: %s %s" % (kind.__name__, args, kwargs))


def arguments():
    name = path("never.pmt")
    for settings, kind, text in (
            (dict(frames=1025), ValueError, "0 to 1024"),
            (dict(frames=True), TypeError, "frames"),
            (dict(frames="3"), TypeError, "frames"),
            (dict(c_calls=2), ValueError, "0 to 1"),
            (dict(types=3), TypeError, "types"),
            (dict(types=["a,b"]), ValueError, "comma"),
            (dict(domains="raw,stack"), ValueError, "stack"),
            (dict(min_block=4, max_block=3), ValueError, "max_block"),
            (dict(when_full="never"), ValueError, "when_full"),
            (dict(mode="alloc,all"), ValueError, "'all'"),
            (dict(mode=""), ValueError, "mode"),
            (dict(mode=None), TypeError, "mode"),
            (dict(snapshot_values=3), TypeError, "snapshot_values"),
            (dict(nonesuch=1), TypeError, "nonesuch")):
        raises(kind, text, Recorder, name, **settings)
    raises(TypeError, "", Recorder, 3)
    raises(ValueError, "%z", Recorder(path("%z")).start)
    raises(TypeError, "str", mark, b"x")
    raises(TypeError, "str", Recorder(name).mark, 3)
    raises(TypeError, "str", label, 3)
    raises(TypeError, "function", Recorder(name), int)
    raises(TypeError, "function", label("x"), 3)
    if sys.version_info < (3, 13):
        raises(ValueError, "3.13", Recorder, name, "object")
    check(not os.path.exists(name), "a trace was made")
    Recorder(name, mode=["alloc"], c_calls=True, types=("A*", "!B"))


def life():
    name = path("life.pmt")
    recorder = Recorder(name, snapshot_marks=False)
    equal((recorder.path, recorder.stats(), Recorder.running(),
           pmtrace.active()), (name, {}, None, False), "before the start")
    recorder.stop()
    raises(RuntimeError, "does not run", recorder.get_traced_memory)
    recorder.mark("nowhere")
    mark("nowhere")
    pmtrace.snapshot("nowhere")
    recorder.snapshot("nowhere")
    recorder.heap()
    recorder.suspend()
    recorder.start()
    check(Recorder.running() is recorder and pmtrace.active(), "it runs")
    raises(RuntimeError, "runs already", recorder.start)
    kept = [bytearray(71001)]
    recorder.mark("one")
    mark("two")
    recorder.suspend()
    kept.append(bytearray(71003))
    recorder.resume()
    kept.append(bytearray(71005))
    check(recorder.memory() > 1 << 20, "memory() is %d" % recorder.memory())
    recorder.stop()
    recorder.stop()
    equal((Recorder.running(), pmtrace.active()), (None, False), "its end")
    stats = recorder.stats()
    equal((stats["path"], stats["error"], recorder.path),
          (name, None, name), "figures of the end")
    trace = Trace(name)
    equal([made(trace, n) for n in (71001, 71003, 71005)], [1, 0, 1],
          "while it was suspended")
    texts = [m["text"] for m in trace.of("mark")]
    equal([t for t in texts if not t.startswith("pmtrace:")], ["one", "two"],
          "marks")
    check(trace.complete(), "the trace is not whole")
    raises(FileExistsError, "", recorder.start)
    with Recorder(name, force=True):
        pass
    equal(made(Trace(name), 71001), 0, "a replaced trace")


def inside_each_other():
    names = [path("nested-%d.pmt" % i) for i in range(3)]
    outer, inner, last = (Recorder(name) for name in names)
    kept = []
    with outer:
        kept.append(bytearray(72001))
        with inner:
            check(Recorder.running() is inner, "the inner one runs")
            kept.append(bytearray(72003))
            outer.mark("not now")
            mark("now")
        check(Recorder.running() is outer, "the outer one goes on")
        kept.append(bytearray(72005))
        last.start()
        kept.append(bytearray(72007))
    equal((Recorder.running(), pmtrace.active()), (None, False),
          "the outer one's end is the inner one's")
    traces = [Trace(name) for name in names]
    equal([[made(t, n) for n in (72001, 72003, 72005, 72007)]
           for t in traces], [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
          "who recorded what")
    uuid = [t.stream()["uuid"].replace("-", "") for t in traces]
    equal([m["text"] for m in traces[0].of("mark")],
          ["pmtrace: suspended, stream %s takes over" % uuid[1],
           "pmtrace: resumed",
           "pmtrace: suspended, stream %s takes over" % uuid[2],
           "pmtrace: resumed"], "the outer one's marks")
    equal([m["text"] for m in traces[1].of("mark")], ["now"],
          "the inner one's mark")
    equal([t.complete() for t in traces], [True] * 3, "they are whole")


def decorated():
    recorder = Recorder(path("decorated-%n.pmt"))
    kept = []

    @recorder
    def plain(n, more=0):
        """Its text."""
        check(Recorder.running() is recorder, "the function is recorded")
        kept.append(bytearray(73001 + 2 * n))
        if n < more:
            plain(n + 1, more)
        return n

    @recorder
    def steps():
        got = yield 1
        kept.append(bytearray(73101))
        equal(got, "sent", "what was sent")
        try:
            yield 2
        except KeyError:
            yield 3
        return 4

    @recorder
    async def coroutine():
        kept.append(bytearray(73201))
        await asyncio.sleep(0)
        return recorder.path

    @recorder
    async def series():
        yield 1
        kept.append(bytearray(73301))
        yield 2

    async def collect():
        return [item async for item in series()]

    equal((plain.__name__, plain.__doc__), ("plain", "Its text."), "wraps")
    equal(plain(0, more=2), 0, "result")
    first = recorder.path
    equal([made(Trace(first), 73001 + 2 * n) for n in range(4)],
          [1, 1, 1, 0], "a function that calls itself")
    generator = steps()
    equal(Recorder.running(), None, "a generator that was not begun")
    equal([next(generator), generator.send("sent"),
           generator.throw(KeyError("x"))], [1, 2, 3], "a generator")
    check(Recorder.running() is recorder, "between the steps")
    raises(StopIteration, "4", next, generator)
    equal(Recorder.running(), None, "after the generator")
    check(recorder.path != first, "%n")
    equal(made(Trace(recorder.path), 73101), 1, "a generator's block")
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(coroutine())
    equal(made(Trace(name), 73201), 1, "a coroutine's block")
    equal(loop.run_until_complete(collect()), [1, 2], "an async generator")
    equal(made(Trace(recorder.path), 73301), 1, "an async generator's block")
    loop.close()
    equal(Recorder.running(), None, "at the end")

    @recorder
    def fails():
        raise KeyError("so")

    raises(KeyError, "so", fails)
    equal(Recorder.running(), None, "after an exception")


def garbage():
    """With collect=1 what only the collector frees is freed."""
    for collect, freed in ((0, 0), (1, 1)):
        name = path("collect-%d.pmt" % collect)
        gc.collect()
        gc.disable()
        with Recorder(name, collect=collect):
            ring = [bytearray(74001)]
            ring.append(ring)
            del ring
        gc.enable()
        gc.collect()
        trace = Trace(name)
        block = sized(trace, 74001 + MORE, 74003 + MORE)[0]["address"]
        equal(len([r for r in trace.of("alloc")
                   if r["op"] == "free" and r["address"] == block]), freed,
              "collect=%d" % collect)


def outermost(trace, size):
    """The outermost functions of the stacks of bytearray(size)."""
    found = []
    for r in sized(trace, size + MORE, size + MORE + 2):
        chain = trace.chain(r["stack"])
        found.append(chain[-1][0])
    return found


def labels():
    if not hasattr(pmtrace._recorder, "label_enter"):
        return
    kept = []

    def keep(size):
        kept.append(bytearray(size))

    @label("steps")
    def steps():
        keep(75001)
        yield
        keep(75001)

    @label("coroutine")
    async def coroutine(size):
        await asyncio.sleep(0)
        keep(size)

    @label("series")
    async def series():
        keep(75101)
        yield
        keep(75101)

    async def main():
        await asyncio.gather(coroutine(75201), other(), coroutine(75201))
        async for _ in series():
            keep(75203)

    async def other():
        keep(75205)
        await asyncio.sleep(0)
        keep(75205)

    name = path("labels.pmt")
    loop = asyncio.new_event_loop()
    with Recorder(name, frames=100):
        keep(75301)
        with label("outer"):
            keep(75303)
            with label("inner"):
                keep(75305)
            for _ in steps():
                keep(75307)
        loop.run_until_complete(main())
        keep(75309)
        with contextlib.suppress(KeyError), label("lost"):
            raise KeyError
        keep(75309)
    loop.close()
    trace = Trace(name)
    labelled = {c["function"] for c in trace.codes.values()
                if c["file"] == "<label>"}
    equal(labelled - {"lost"},
          {"outer", "inner", "steps", "coroutine", "series"},
          "labels in the trace")
    for size, wanted in ((75303, ["outer"]), (75305, ["inner"]),
                         (75307, ["outer"]), (75001, ["steps"] * 2),
                         (75201, ["coroutine"] * 2), (75101, ["series"] * 2)):
        found = outermost(trace, size)
        # A label inside another has that one around it, at the outer end.
        if size in (75305, 75001):
            found = [next(name for name, _ in reversed(trace.chain(
                r["stack"])) if name in ("inner", "steps"))
                for r in sized(trace, size + MORE, size + MORE + 2)]
        equal(found, wanted, "label of %d" % size)
    for size in (75301, 75203, 75205, 75309):
        equal(labelled & set(outermost(trace, size)), set(),
              "no label of %d" % size)


def threads():
    name = path("threads.pmt")
    before = threading.Event()
    go = threading.Event()

    def early():
        before.set()
        go.wait()
        kept.append(bytearray(76001))

    kept = []
    one = threading.Thread(target=early, name="before the start")
    one.start()
    before.wait()
    two = threading.Thread(target=lambda: kept.append(bytearray(76003)),
                           name="\u00fcber")
    with Recorder(name) as recorder:
        go.set()
        two.start()
        two_ident = two.ident
        one.join()
        two.join()
        stays = threading.Event()
        three = threading.Thread(target=lambda: (
            kept.append(bytearray(76005)), said.set(), stays.wait()),
            name="stays")
        said = threading.Event()
        three.start()
        said.wait()
    check(recorder.stats()["threads"] >= 4, "threads: %s" % recorder.stats())
    stays.set()
    three.join()
    trace = Trace(name)
    numbers = [sized(trace, n + MORE, n + MORE + 2)[0]["thread"]
               for n in (76001, 76003, 76005)]
    equal(len(set(numbers)), 3, "three threads")
    equal(trace.threads[numbers[1]]["ident"], two_ident, "ident")
    equal(trace.threads[numbers[2]]["name"], "stays", "name")


def whole_program():
    """Recorder.running() in a program that is recorded from outside."""
    script = write("inside.py", """\
import pmtrace
r = pmtrace.Recorder.running()
print(type(r).__name__, r.path, pmtrace.active())
r.mark("from inside")
with pmtrace.Recorder(r.path + ".inner"):
    pmtrace.mark("deeper")
""")
    name = path("inside.pmt")
    result = run([PYTHON, "-m", "pmtrace", "-o", name, "--collect", script])
    equal(result.triple(), (0, "Recorder %s True\n" % name, ""), "inside")
    texts = [m["text"] for m in Trace(name).of("mark")]
    equal((texts[0], len(texts)), ("from inside", 3), "its marks")
    equal([m["text"] for m in Trace(name + ".inner").of("mark")], ["deeper"],
          "the inner one's")
    check(Trace(name).complete(), "the trace is not whole")
    script = write("left.py", """\
import pmtrace
pmtrace.Recorder("left-1.pmt").start()
pmtrace.Recorder("left-2.pmt").start()
""")
    result = run([PYTHON, script], cwd=FOLDER)
    equal(result.triple(), (0, "", ""), "recorders that are not stopped")
    equal([Trace(path("left-%d.pmt" % n)).complete() for n in (1, 2)],
          [True, True], "their traces")


arguments()
life()
inside_each_other()
decorated()
garbage()
labels()
threads()
whole_program()
finish()
