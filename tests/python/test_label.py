"""Labels: which label each block (and object) was made in, as the program
knows it and as the trace says: nested, by threads, in asyncio tasks that
interleave, in generators and contexts; and that they cost the program
nothing else."""
# RUN: few
# MODE: alloc

import asyncio
import contextvars
import json
import os
import sys
import threading

import pmtrace
from pmtrace import _recorder
from recorder_support import check, equal, finish, path, run

READER = os.environ.get("PMT_CBOR_PYTHON")
DECODE = os.path.join(os.environ["PMT_SOURCE"], "spec", "decode.py")

# What is asked for says where: BASE + number of the block. The block's size
# is a little more than what bytearray() is told.
BASE = 2000000
expected = {}
count = 0


def make(*labels):
    """A block made inside these labels, the outermost first."""
    global count
    count += 1
    expected[count] = labels
    return bytearray(BASE + 64 * count)


def blocks_of(name):
    """{number: labels} and {number: functions} of the blocks made."""
    words = [READER, DECODE] if READER else ["pmt", "dump", "--json"]
    result = run(words + [name])
    equal(result.status, 0, name + ": " + result.err)
    codes, stacks = {}, {}
    found, frames = {}, {}
    for line in map(json.loads, result.out.splitlines()):
        kind = line.get("kind")
        if kind == "code":
            codes[line["id"]] = line
        elif kind == "stack":
            stacks[line["id"]] = line
        elif kind == "alloc" and (line.get("size") or 0) >= BASE:
            chain = []
            stack = line["stack"]
            while stack:
                chain.append(codes[stacks[stack]["code"]])
                stack = stacks[stack]["parent"]
            chain.reverse()
            labels = [code["function"] for code in chain
                      if code["file"] == "<label>"]
            equal([code["file"] for code in chain[:len(labels)]],
                  ["<label>"] * len(labels), "labels are outermost")
            number = (line["size"] - BASE) // 64
            found.setdefault(number, tuple(labels))
            frames.setdefault(number, [code["function"]
                                       for code in chain[len(labels):]])
    return found, frames


def recorded(name, function, mode="alloc", **settings):
    """Runs it and compares."""
    global expected, count
    expected, count = {}, 0
    settings.setdefault("when_full", "wait")
    with pmtrace.Recorder(path(name), mode=mode, **settings):
        function()
    found, frames = blocks_of(path(name))
    equal(sorted(found), sorted(expected), name + ": blocks")
    for number in sorted(expected):
        equal(found.get(number), expected[number], "%s: block %d"
              % (name, number))
    return frames


# ---- the program ---------------------------------------------------------------


def nested():
    make()
    with pmtrace.label("a"):
        make("a")
        for i in range(3):
            with pmtrace.label("b%d" % i):
                make("a", "b%d" % i)
                with pmtrace.label("c"):
                    make("a", "b%d" % i, "c")
                make("a", "b%d" % i)
        make("a")
        try:
            with pmtrace.label("raises"):
                make("a", "raises")
                raise KeyError
        except KeyError:
            make("a")
    make()
    with pmtrace.label("\u20ac \U0001f40d\ttab"):
        make("\u20ac \U0001f40d\ttab")
    with pmtrace.label(""):
        make("")
    # Frees in between, and many of one name.
    for i in range(300):
        with pmtrace.label("again"):
            make("again")
            make("again")
        make()


def threads():
    barrier = threading.Barrier(4)
    lock = threading.Lock()

    def made(*labels):
        with lock:
            return make(*labels)

    def work(name):
        made()  # a thread has not the label that it was started in
        barrier.wait()
        with pmtrace.label(name):
            for i in range(100):
                made(name)
                with pmtrace.label("in"):
                    made(name, "in")
        made()

    with pmtrace.label("starter"):
        several = [threading.Thread(target=work, args=("t%d" % i,))
                   for i in range(4)]
        for thread in several:
            thread.start()
        for thread in several:
            thread.join()
        make("starter")


async def step(*labels):
    make(*labels)
    await asyncio.sleep(0)
    make(*labels)


async def child(parent, name):
    await step(*parent)
    with pmtrace.label(name):
        for _ in range(5):
            await step(*(parent + (name,)))
    await step(*parent)


async def task(number):
    name = "task%d" % number
    await step("all")
    with pmtrace.label(name):
        for _ in range(5):
            await step("all", name)
        inner = [asyncio.ensure_future(child(("all", name), "child%d" % i))
                 for i in range(3)]
        await step("all", name)
        await asyncio.gather(*inner)
        await step("all", name)
    await step("all")


async def ticks():
    for i in range(3):
        with pmtrace.label("tick%d" % i):
            yield i


def tasks():
    async def main():
        make()
        with pmtrace.label("all"):
            make("all")
            await asyncio.gather(*[task(i) for i in range(5)])
            make("all")
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            loop.call_soon(lambda: done.set_result(make("all")))
            await done
            pool = loop.run_in_executor(None, make)
            await pool
        make()

    asyncio.run(main())


def contexts():
    with pmtrace.label("outer"):
        context = contextvars.copy_context()
    make()
    for _ in range(50):
        context.run(make, "outer")
        make()

    def inside():
        make("outer")
        with pmtrace.label("deeper"):
            make("outer", "deeper")
            contextvars.copy_context().run(make, "outer", "deeper")
            contextvars.Context().run(make)
            make("outer", "deeper")
        make("outer")

    context.run(inside)
    other = contextvars.ContextVar("other")
    with pmtrace.label("set"):
        for i in range(50):
            token = other.set(i)
            make("set")
            other.reset(token)
            make("set")
    make()


def disorder():
    """Ended in another order than begun, twice, or in another context."""
    one = _recorder.label_enter("one")
    two = _recorder.label_enter("two")
    make("one", "two")
    _recorder.label_exit(one)
    make()
    _recorder.label_exit(two)
    make()
    contextvars.Context().run(_recorder.label_exit, two)
    _recorder.label_exit(one)
    three = _recorder.label_enter("three")
    contextvars.copy_context().run(_recorder.label_exit, three)
    make("three")
    threading.Thread(target=_recorder.label_exit, args=(three,)).start()
    make("three")
    _recorder.label_exit(three)
    make()
    for wrong in (None, 1, "x"):
        try:
            _recorder.label_exit(wrong)
            check(False, "%r was taken for a token" % (wrong,))
        except TypeError:
            pass
    try:
        pmtrace.label(1)
        check(False, "1 was taken for a name")
    except TypeError:
        pass


def decorated():
    @pmtrace.label("function")
    def plain():
        make("function")
        return 5

    @pmtrace.label("coroutine")
    async def coroutine():
        await step("coroutine")
        return 6

    equal(plain(), 5, "decorated")
    make()
    equal(asyncio.run(coroutine()), 6, "decorated coroutine")
    make()


def depth():
    """Too deep is an error of the program's, not a crash."""
    tokens = []
    try:
        for i in range(5000):
            tokens.append(_recorder.label_enter("deep"))
        check(False, "5000 labels in each other")
    except RuntimeError:
        pass
    make(*["deep"] * len(tokens))
    _recorder.label_exit(tokens[0])
    del tokens
    make()


def before_the_start():
    """A label that is there when the recording begins, two recordings, and a
    recording inside another one."""
    with pmtrace.label("early"):
        recorded("early-1.pmt", lambda: make("early"))
        recorded("early-2.pmt", lambda: make("early"))
    recorded("early-3.pmt", make)
    global expected, count
    expected, count = {}, 0
    with pmtrace.Recorder(path("around.pmt"), when_full="wait"):
        with pmtrace.label("x"):
            make("x")
            with pmtrace.label("y"):
                with pmtrace.Recorder(path("inside.pmt"), when_full="wait"):
                    make("x", "y")
                    token = _recorder.label_enter("z")
                    make("x", "y", "z")
                make("x", "y", "z")
                _recorder.label_exit(token)
                make("x", "y")
            make("x")
        make()
    found = blocks_of(path("around.pmt"))[0]
    inner = blocks_of(path("inside.pmt"))[0]
    equal(sorted(inner), [2, 3], "inside: blocks")
    found.update(inner)
    equal(found, expected, "inside: labels")


class Made:
    pass


def objects():
    """The stack of an object's record."""
    name = path("objects.pmt")
    with pmtrace.Recorder(name, mode="object", object_frames=3,
                          when_full="wait"):
        with pmtrace.label("object"):
            kept = [Made() for _ in range(5)]
        kept += [Made() for _ in range(4)]
    result = run(["pmt", "dump", "--json", name])
    codes, stacks, types = {}, {}, {}
    labels = []
    for line in map(json.loads, result.out.splitlines()):
        kind = line.get("kind")
        if kind in ("code", "stack", "type"):
            {"code": codes, "stack": stacks,
             "type": types}[kind][line["id"]] = line
        if kind == "object" and line["op"] == "create" and \
                types[line["type"]]["name"].endswith("Made"):
            stack = line["stack"]
            while stacks[stack]["parent"]:
                stack = stacks[stack]["parent"]
            code = codes[stacks[stack]["code"]]
            labels.append(code["function"] if code["file"] == "<label>"
                          else None)
    equal(labels, ["object"] * 5 + [None] * 4, "objects")


frames = recorded("nested.pmt", nested, frames=8)
check(all(chain and chain[-1] == "make" for chain in frames.values()),
      "the frames are there as without labels")
recorded("nested-1.pmt", nested, frames=1)
recorded("threads.pmt", threads)
recorded("tasks.pmt", tasks)
recorded("contexts.pmt", contexts)
recorded("disorder.pmt", disorder)
recorded("decorated.pmt", decorated)
recorded("depth.pmt", depth)
recorded("heap.pmt", nested, mode="alloc,heap,gc,rss", heap_ms=1, rss_ms=1)
before_the_start()
if sys.version_info >= (3, 13):
    recorded("both.pmt", tasks, mode="alloc,object")
    objects()
finish()
