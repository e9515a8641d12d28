"""The mode alloc: what is recorded of known allocations, with which stack."""
# MODE: alloc

import sys

import pmtrace
from recorder_support import (ACQUIRES, RELEASES, Trace, check, equal, finish,
                              inconsistencies, path, sized)

# Sizes that nothing else asks for, far apart.
EXEC, LAMBDA, GENERATOR, DEEP, RAW = (n * 10000000 for n in range(1, 6))
ROUNDS = 400


def extra():
    """How many bytes a bytearray of n asks for beyond n."""
    with pmtrace.Recorder(path("extra.pmt"), when_full="wait") as r:
        bytearray(7000000)
    trace = Trace(r.stats()["path"])
    return sized(trace, 7000000, 7001000)[0]["size"] - 7000000


EXTRA = extra()


def by_number(trace, base, count=ROUNDS):
    """{i: record} of the acquisitions of base + i bytes."""
    found = {}
    for r in sized(trace, base + EXTRA, base + EXTRA + count):
        found.setdefault(r["size"] - base - EXTRA, r)
    return found


def code_objects_that_die():
    """Functions made and dropped in a loop: memory of code objects is used
    again at once, and each must keep its own name and line."""
    with pmtrace.Recorder(path("exec.pmt"), when_full="wait"):
        for i in range(ROUNDS):
            names = {}
            exec("def f_%d(n):\n%s    return bytearray(n)\nf_%d(%d)"
                 % (i, "    pass\n" * (i % 7), i, EXEC + i), names)
            eval("(lambda g_%d: g_%d())(lambda: bytearray(%d))"
                 % (i, i, LAMBDA + i))
            del names
    trace = Trace(path("exec.pmt"))
    check(trace.complete(), "exec: not whole: " + trace.warnings)
    found = by_number(trace, EXEC)
    equal(len(found), ROUNDS, "exec: allocations found")
    for i, r in found.items():
        chain = trace.chain(r["stack"])
        equal(chain[0], ("f_%d" % i, 2 + i % 7), "exec %d" % i)
        equal(chain[1], ("<module>", 3 + i % 7), "exec %d: caller" % i)
        equal(chain[2][0], "code_objects_that_die", "exec %d: outer" % i)
    found = by_number(trace, LAMBDA)
    equal(len(found), ROUNDS, "eval: allocations found")
    for i, r in found.items():
        equal(trace.functions(r["stack"])[:4],
              ["<lambda>", "<lambda>", "<module>", "code_objects_that_die"],
              "eval %d" % i)
    equal(inconsistencies(trace), [], "exec: addresses")


def numbers(n):
    for i in range(n):
        yield bytearray(GENERATOR + i)


def outer(n):
    yield from numbers(n)


def generators():
    with pmtrace.Recorder(path("generator.pmt"), when_full="wait"):
        first = outer(ROUNDS)
        next(first)
        for _ in first:
            pass

        async def wait(i):
            return bytearray(GENERATOR + ROUNDS + i)

        async def waiter(i):
            return await wait(i)

        for i in range(5):
            try:
                waiter(i).send(None)
            except StopIteration:
                pass
    trace = Trace(path("generator.pmt"))
    found = by_number(trace, GENERATOR)
    equal(len(found), ROUNDS, "generator: allocations found")
    for i, r in found.items():
        equal(trace.functions(r["stack"])[:3],
              ["numbers", "outer", "generators"], "generator %d" % i)
    for i, r in by_number(trace, GENERATOR + ROUNDS, 5).items():
        equal(trace.functions(r["stack"])[:3],
              ["wait", "waiter", "generators"], "coroutine %d" % i)


def deep(depth, size):
    if depth:
        return deep(depth - 1, size)
    return bytearray(size)


def depth_is_kept():
    """`frames` frames are kept, the innermost ones; 0 keeps none."""
    for frames in (0, 1, 2, 32, 200):
        name = path("deep-%d.pmt" % frames)
        with pmtrace.Recorder(name, frames=frames, when_full="wait"):
            deep(50, DEEP)
        trace = Trace(name)
        chain = trace.functions(by_number(trace, DEEP)[0]["stack"])
        whole = 51 + 2  # and depth_is_kept, <module>
        equal(len(chain), min(frames, whole), "frames=%d" % frames)
        equal(set(chain[:51]), {"deep"} if frames else set(),
              "frames=%d: functions" % frames)
        equal(trace.stream()["settings"]["frames"], str(frames),
              "frames=%d: setting" % frames)


def every_operation():
    """malloc, calloc, realloc and free of one block after the other; what
    fails is not there."""
    with pmtrace.Recorder(path("ops.pmt"), when_full="wait"):
        buffer = bytearray(9000000)
        for _ in range(5):
            buffer += bytearray(9000000)
        del buffer
        bytes(9100000)
        for size in (1 << 62, sys.maxsize - 100):
            try:
                bytearray(size)
            except MemoryError:
                pass
            try:
                [None] * (size >> 3)
            except MemoryError:
                pass
    trace = Trace(path("ops.pmt"))
    equal(inconsistencies(trace), [], "operations: addresses")
    huge = [r for r in trace.of("alloc") if (r["size"] or 0) >= 1 << 60]
    equal(huge, [], "operations: failed ones")
    check(len([r for r in trace.of("alloc")
               if r["op"] == "realloc" and r["size"] > 9000000]) >= 5,
          "operations: realloc is missing")
    check(any(r["op"] == "calloc" and 9100000 < r["size"] < 9101000
              for r in trace.of("alloc")), "operations: calloc is missing")
    # What was acquired here and is large was all released.
    live = {}
    for r in trace.of("alloc"):
        if r["op"] in RELEASES:
            live.pop(r["address"], None)
        elif r["op"] in ACQUIRES and (r["size"] or 0) > 1000000:
            live[r["address"]] = r
    equal(list(live.values()), [], "operations: released")


def raw_domain():
    """bz2 asks the raw domain; lzma does so without the GIL."""
    try:
        import bz2
        import lzma
    except ImportError:
        print("no bz2 or lzma here")
        return
    packed = lzma.compress(bytes(300000), format=lzma.FORMAT_XZ)
    with pmtrace.Recorder(path("raw.pmt"), when_full="wait"):
        def squeeze():
            return bz2.compress(bytes(1000))

        def expand():
            return lzma.decompress(packed)

        for _ in range(20):
            squeeze()
            expand()
    trace = Trace(path("raw.pmt"))
    raw = [r for r in trace.of("alloc") if r["domain"] == "raw"]
    for name in ("squeeze", "expand"):
        mine = [r for r in raw if name in trace.functions(r["stack"])]
        got = [r for r in mine if r["op"] in ACQUIRES]
        given = [r for r in mine if r["op"] in RELEASES]
        check(len(got) >= 20, "raw: %s has %d" % (name, len(got)))
        equal(len(got), len(given), "raw: %s: released" % name)
    equal(inconsistencies(trace), [], "raw: addresses")


def over_4_gib():
    try:
        with pmtrace.Recorder(path("huge.pmt"), when_full="wait"):
            bytes(5 << 30)  # calloc: no memory is touched
    except MemoryError:
        print("no 5 GiB of address space here")
        return
    trace = Trace(path("huge.pmt"))
    found = sized(trace, 5 << 30, (5 << 30) + 1000)
    equal(len(found), 1, "5 GiB")


def times_rise():
    """Times are those of the monotonic clock."""
    import time

    with pmtrace.Recorder(path("time.pmt"), when_full="wait") as r:
        r.mark("a")
        start = time.monotonic()
        bytearray(RAW)
        time.sleep(0.2)
        bytearray(RAW + 1)
        took = time.monotonic() - start
        r.mark("b")
    trace = Trace(path("time.pmt"))
    found = by_number(trace, RAW, 2)
    apart = (found[1]["time_ns"] - found[0]["time_ns"]) / 1e9
    check(0.2 <= apart <= took, "times: %f of %f s" % (apart, took))
    times = [r["time_ns"] for r in trace.of("alloc")]
    equal(times, sorted(times), "times rise")
    marks = trace.of("mark")
    equal([m["text"] for m in marks], ["a", "b"], "marks")
    check(marks[0]["time_ns"] <= found[0]["time_ns"] and
          found[1]["time_ns"] <= marks[1]["time_ns"], "marks: times")


code_objects_that_die()
generators()
depth_is_kept()
every_operation()
raw_domain()
over_4_gib()
times_rise()
finish()
