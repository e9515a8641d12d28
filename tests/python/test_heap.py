"""The mode heap: its figures against what sys._debugmallocstats() prints in
the same process at the same moment, gc and sys; when records are made; and
that the program is left alone."""
# RUN: few
# MODE: heap

import ctypes
import gc
import json
import os
import re
import sys
import tempfile
import threading
import time

import pmtrace
from pmtrace import _recorder
from recorder_support import (Trace, check, equal, finish, path, plain, run,
                              write)

READER = os.environ.get("PMT_CBOR_PYTHON")
DECODE = os.path.join(os.environ["PMT_SOURCE"], "spec", "decode.py")


def lines_of(name):
    """The records as the independent reader gives them, where it can run."""
    words = [READER, DECODE] if READER else ["pmt", "dump", "--json"]
    result = run(words + [name], remove=["PYTHONMALLOC"])
    equal(result.status, 0, name + ": reading: " + result.err)
    return [json.loads(line) for line in result.out.splitlines()]


def count_of(name):
    """How many moments there are."""
    return len([line for line in Trace(name).of("heap")
                if "pymalloc.enabled" in line["values"]])


def moments(name):
    """[{figure: value}] of each moment. Of one moment there are several
    records, at most a few ticks apart, each from another source."""
    found = [{}]
    lines = [line for line in lines_of(name) if line.get("kind") == "heap"]
    for line in sorted(lines, key=lambda line: line["time_ns"]):
        if set(line["values"]) & set(found[-1]):
            found.append({})
        found[-1].update(line["values"])
    return found


# ---- an independent parser ------------------------------------------------

LABELS = {
    "arenas allocated total": "pymalloc.arenas.allocated",
    "arenas reclaimed": "pymalloc.arenas.reclaimed",
    "arenas highwater mark": "pymalloc.arenas.highwater",
    "arenas allocated current": "pymalloc.arenas.current",
    "bytes in allocated blocks": "pymalloc.bytes.allocated_blocks",
    "bytes in available blocks": "pymalloc.bytes.available_blocks",
    "bytes lost to pool headers": "pymalloc.bytes.pool_headers",
    "bytes lost to quantization": "pymalloc.bytes.quantization",
    "bytes lost to arena alignment": "pymalloc.bytes.arena_alignment",
    "arena map mid nodes": "pymalloc.arena_map.mid_nodes",
    "arena map bot nodes": "pymalloc.arena_map.bot_nodes",
    "bytes lost to arena map root": "pymalloc.arena_map.bytes.root",
    "bytes lost to arena map mid": "pymalloc.arena_map.bytes.mid",
    "bytes lost to arena map bot": "pymalloc.arena_map.bytes.bot",
}


def figures_of(text):
    """All numbers that sys._debugmallocstats() prints."""
    found = {}
    totals = ["pymalloc.bytes.total", "pymalloc.arena_map.bytes.total"]
    left = []
    for line in text.replace(",", "").splitlines():
        row = re.match(r" +\d+ +(\d+) +(\d+) +(\d+) +(\d+)$", line)
        label = re.match(r"# (.*?) += +(-?\d+)$", line)
        arenas = re.match(r"(\d+) arenas \* (\d+) bytes/arena += +(\d+)$",
                          line)
        pools = re.match(r"(\d+) unused pools \* (\d+) bytes += +(\d+)$", line)
        free = re.match(r" *(\d+) free (?:(\d+)-sized )?(\w+?)s? \* (\d+) "
                        r"bytes each = +(\d+)$", line)
        small = re.match(r"Small block threshold = (\d+) in (\d+) size", line)
        medium = re.match(r"Medium block threshold = (\d+)$", line)
        large = re.match(r"Large object max size = (\d+)$", line)
        mimalloc = re.match(r"    (\w[^:]*): (\d+)$", line)
        if row:
            name = "pymalloc.class.%s." % row.group(1)
            found[name + "pools"] = int(row.group(2))
            found[name + "blocks_in_use"] = int(row.group(3))
            found[name + "blocks_available"] = int(row.group(4))
        elif label:
            found[LABELS[label.group(1)]] = int(label.group(2))
        elif arenas:
            equal(int(arenas.group(1)), found["pymalloc.arenas.current"],
                  "arenas are told twice")
            found["pymalloc.arena_size"] = int(arenas.group(2))
            found["pymalloc.bytes.arenas"] = int(arenas.group(3))
        elif pools:
            found["pymalloc.unused_pools"] = int(pools.group(1))
            found["pymalloc.pool_size"] = int(pools.group(2))
            found["pymalloc.bytes.unused_pools"] = int(pools.group(3))
        elif free:
            name = "free_list." + free.group(3)
            if free.group(2):
                name += "." + free.group(2)
            found[name] = int(free.group(1))
            found[name + ".bytes"] = int(free.group(5))
        elif line.startswith("Total"):
            found[totals.pop(0)] = int(line.split("=")[1])
        elif small:
            found["small_block_threshold"] = int(small.group(1))
            found["size_classes"] = int(small.group(2))
        elif medium:
            found["mimalloc.medium_block_threshold"] = int(medium.group(1))
        elif large:
            found["mimalloc.large_object_max_size"] = int(large.group(1))
        elif mimalloc:
            name = re.sub(r"\W+", "_", mimalloc.group(1).lower())
            found["mimalloc." + name] = int(mimalloc.group(2))
        elif re.search(r"\d", line):
            left.append(line)
    which = ("mimalloc." if "mimalloc.medium_block_threshold" in found
             else "pymalloc.")
    for name in ("small_block_threshold", "size_classes"):
        if name in found:
            found[which + name] = found.pop(name)
    equal(left, [], "lines with numbers that this test does not know")
    return found


class Printed:
    """What C code prints on descriptor 2, once it has been set up."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.kept = os.dup(2)

    def __enter__(self):
        os.dup2(self.file.fileno(), 2)
        return self

    def __exit__(self, *exception):
        os.dup2(self.kept, 2)
        self.file.seek(0)
        self.text = self.file.read().decode()


# ---- figures ------------------------------------------------------------------


def against_printed(name, mode, rounds=4):
    """heap(), print, heap(): where both records agree in a figure nothing has
    changed it in between, and what was printed must agree too."""
    heap, stats = _recorder.heap, sys._debugmallocstats
    texts = []
    with pmtrace.Recorder(path(name), mode=mode, heap_ms=0,
                          when_full="wait"):
        for _ in range(rounds):
            with Printed() as printed:
                heap()
                heap()
                stats()
                heap()
            texts.append(printed.text)
    # One at the start, three each round, one at the end.
    found = moments(path(name))
    heaps = "heap" in mode
    equal(len(found), 3 * rounds + 2 * heaps, name + ": moments")
    compared = 0
    for i, text in enumerate(texts):
        before, after = found[3 * i + 1 + heaps:3 * i + 3 + heaps]
        wanted = figures_of(text)
        for figure in wanted:
            check(figure in before, "%s: no figure %s" % (name, figure))
            if before.get(figure) == after.get(figure):
                equal(before.get(figure), wanted[figure],
                      "%s: round %d: %s" % (name, i, figure))
                compared += 1
        for figure in before:
            # A class without a pool is not printed.
            if re.match(r"pymalloc\.class\.|pymalloc\.bytes", figure) and \
                    "pymalloc.arenas.current" in wanted and \
                    figure not in wanted:
                equal(before[figure], 0, "%s: %s" % (name, figure))
    check(compared > len(figures_of(texts[0])) * rounds * 3 // 4,
          "%s: only %d compared" % (name, compared))
    return found, [figures_of(text) for text in texts]


def allocator_figures():
    found, wanted = against_printed("plain.pmt", "heap")
    if "pymalloc.arenas.current" in wanted[0]:
        check(found[0]["pymalloc.enabled"] == 1, "pymalloc is on")
        check(len([name for name in wanted[0]
                   if name.endswith(".blocks_in_use")]) > 20, "size classes")
    check("free_list.PyFloatObject" in wanted[0], "free lists are printed")


def hooked():
    """With hooks in, Python prints nothing of pymalloc; the record has it."""
    found, wanted = against_printed("hooked.pmt", "alloc,heap")
    check("pymalloc.arenas.current" not in wanted[0] or
          os.environ.get("PYTHONMALLOC"), "Python printed it")
    before = found[0]
    if before["pymalloc.enabled"]:
        for one in found:
            equal(sum(one["pymalloc.class.%d.blocks_in_use" % size] * size
                      for size in range(16, 513, 16)
                      if "pymalloc.class.%d.pools" % size in one),
                  one["pymalloc.bytes.allocated_blocks"], "hooked: sum")
    trace = Trace(path("hooked.pmt"))
    # What is read by is not recorded, and the hooks are in still.
    equal([r for r in trace.of("alloc")
           if not trace.functions(r["stack"])], [], "hooked: no stack")
    check(trace.complete(), "hooked: not whole: " + trace.warnings)


def known_blocks():
    """70,000 blocks of 48 bytes more, and then less."""
    size = sys.getsizeof(b"") + 15 & ~15
    name = "pymalloc.class.%d.blocks_in_use" % size
    with pmtrace.Recorder(path("known.pmt"), mode="heap", heap_ms=0) as r:
        r.mark("before")
        kept = [b"%d" % i for i in range(1000, 71000)]
        size = (sys.getsizeof(kept[-1]) + 15) & ~15
        name = "pymalloc.class.%d.blocks_in_use" % size
        r.mark("kept")
        del kept
        r.mark("dropped")
    found = moments(path("known.pmt"))
    equal(len(found), 5, "known: moments")
    if found[0]["pymalloc.enabled"]:
        before, kept, dropped = (one[name] for one in found[1:4])
        check(0 <= kept - before - 70000 < 1000, "known: %d more"
              % (kept - before))
        check(abs(dropped - before) < 1000, "known: %d left"
              % (dropped - before))
    blocks = [one["python.allocated_blocks"] for one in found]
    check(0 <= blocks[2] - blocks[1] - 70000 < 1000, "known: sys")


def python_figures():
    gc.collect()
    stats, count, threshold, blocks = [], [], [], []
    with pmtrace.Recorder(path("python.pmt"), mode="heap", heap_ms=0):
        gc.disable()
        for _ in range(3):
            [[i] for i in range(100)]
            gc.collect(_ % 2)
            stats.append(gc.get_stats())
            threshold.append(gc.get_threshold())
            blocks.append(sys.getallocatedblocks())
            _recorder.heap()
            check(not gc.isenabled(), "the collector stays off")
        gc.enable()
        _recorder.heap()
        check(gc.isenabled(), "the collector stays on")
    found = moments(path("python.pmt"))
    equal([one["gc.enabled"] for one in found], [1, 0, 0, 0, 1, 1],
          "gc.enabled")
    for i, one in enumerate(found[1:4]):
        for generation, numbers in enumerate(stats[i]):
            for key, value in numbers.items():
                figure = "gc.%d.%s" % (generation, key)
                if isinstance(value, float):
                    value = int(value * 1e9)
                equal(one[figure], value, figure)
        equal(tuple(one["gc.%d.threshold" % g] for g in range(3)),
              threshold[i], "threshold")
        check("gc.2.count" in one, "count")
        check(abs(one["python.allocated_blocks"] - blocks[i]) < 100,
              "blocks: %d and %d" % (one["python.allocated_blocks"],
                                     blocks[i]))
        equal("python.interned_strings" in one,
              hasattr(sys, "getunicodeinternedsize"), "interned strings")


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
        "fsmblks", "uordblks", "fordblks", "keepcost")]


def libc_figures():
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        print("no mallinfo2 here")
        return
    libc.mallinfo2.restype = Mallinfo
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    big, small = 100 << 20, 100000
    near = 2 << 20  # the thread that writes the trace takes and gives, too
    with pmtrace.Recorder(path("libc.pmt"), mode="heap", heap_ms=0):
        _recorder.heap()
        mapped = libc.malloc(big)
        blocks = [libc.malloc(small) for _ in range(200)]
        outside = libc.mallinfo2()
        _recorder.heap()
        libc.free(mapped)
        for block in blocks:
            libc.free(block)
        _recorder.heap()
    one, two, three = moments(path("libc.pmt"))[1:4]
    for figure, way in (("hblkhd", big), ("uordblks", 200 * small)):
        figure = "glibc.mallinfo." + figure
        check(abs(two[figure] - one[figure] - way) < near,
              "%s: %d more" % (figure, two[figure] - one[figure]))
        check(abs(three[figure] - one[figure]) < near, figure + " back")
    for figure, _ in Mallinfo._fields_:
        value = getattr(outside, figure)
        check(abs(two["glibc.mallinfo." + figure] - value) < near,
              "%s: %d and %d" % (figure, two["glibc.mallinfo." + figure],
                                 value))
    check(two["glibc.mmap.bytes"] - one["glibc.mmap.bytes"] >= big, "mmap")
    equal(two["glibc.mmap.bytes"], two["glibc.mallinfo.hblkhd"], "mmap bytes")
    equal(two["glibc.mmap.chunks"], two["glibc.mallinfo.hblks"], "mmap count")
    equal(two["glibc.current"],
          sum(two["glibc.arena.%d.current" % i]
              for i in range(two["glibc.arenas"])), "sum of the arenas")
    equal(two["glibc.arena.0.current"] <= two["glibc.arena.0.max"], True,
          "highest is highest")


# ---- when ---------------------------------------------------------------------


def spin(seconds):
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        n += 1
    return n


def intervals():
    """Records come by themselves while Python code runs."""
    with pmtrace.Recorder(path("interval.pmt"), mode="heap", heap_ms=50):
        begin = time.monotonic()
        spin(1.0)
        wanted = (time.monotonic() - begin) * 1000 / 50
    count = count_of(path("interval.pmt")) - 2
    check(wanted * 0.6 <= count <= wanted + 1,
          "interval: %d, not about %d" % (count, wanted))


def at_marks():
    """A hundred marks in a row have figures each, more only at the pace of
    heap_ms; with heap_ms=0 all have."""
    for heap_ms, least, most in ((0, 250, 250), (3600000, 100, 100),
                                 (20000, 101, 249)):
        with pmtrace.Recorder(path("marks.pmt"), mode="heap", heap_ms=heap_ms,
                              force=True):
            for i in range(248):
                pmtrace.mark("%d" % i)
            # One more has been earned after 0.2 s.
            time.sleep(0.25)
            pmtrace.mark("249")
            pmtrace.mark("250")
        count = count_of(path("marks.pmt")) - 2
        check(least <= count <= most, "heap_ms=%d: figures at %d marks of 250"
              % (heap_ms, count))


def other_thread():
    """While another thread runs: from 3.12 on at any time, before at a
    garbage collection."""
    with pmtrace.Recorder(path("thread.pmt"), mode="heap", heap_ms=50):
        def work():
            end = time.monotonic() + 1.0
            while time.monotonic() < end:
                [[] for _ in range(1000)]

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    count = count_of(path("thread.pmt")) - 2
    check(5 <= count <= 25, "thread: %d" % count)


class Interrupt(Exception):
    pass


def undisturbed():
    """Nothing is raised and no signal is lost while records are asked for
    every millisecond."""
    import signal

    got = []
    signal.signal(signal.SIGALRM, lambda *_: got.append(1))
    with pmtrace.Recorder(path("often.pmt"), mode="heap", heap_ms=1):
        for i in range(100):
            signal.setitimer(signal.ITIMER_REAL, 0.002)
            begin = time.monotonic()
            while len(got) <= i and time.monotonic() - begin < 5:
                try:
                    raise Interrupt
                except Interrupt:
                    pass
    equal(len(got), 100, "signals")
    count = count_of(path("often.pmt"))
    check(count > 20, "often: %d" % count)
    equal(_recorder.heap(), False, "heap() without a recording")


EXIT = """\
import atexit, sys, threading, time, pmtrace
r = pmtrace.Recorder(sys.argv[1], mode="heap", heap_ms=1, force=True)
r.start()
def last():
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass
atexit.register(last)
class Late:
    def __del__(self):
        last()
keep = Late()
keep.self = keep
last()
"""


def at_exit():
    """A record a millisecond up to the end of Python."""
    for _ in range(3):
        result = plain(write("exit.py", EXIT), path("exit.pmt"))
        equal(result.triple(), (0, "", ""), "exit")
        count = count_of(path("exit.pmt"))
        check(count > 5, "exit: %d moments" % count)


def other_allocators():
    """The same where another allocator serves Python."""
    kinds = ["malloc", "pymalloc_debug"]
    if sys.version_info >= (3, 13):
        kinds.append("mimalloc")
    for kind in kinds:
        result = plain(__file__, "figures", env={"PYTHONMALLOC": kind})
        equal((result.status, result.err), (0, ""),
              "%s: %s" % (kind, result.out))


if sys.argv[1:] == ["figures"]:
    allocator_figures()
    if os.environ["PYTHONMALLOC"] == "malloc":
        found = moments(path("plain.pmt"))
        check(found and all(one["pymalloc.enabled"] == 0 and
                            "pymalloc.arenas.current" not in one
                            for one in found), "there is no pymalloc")
else:
    allocator_figures()
    hooked()
    against_printed("gc.pmt", "gc")
    known_blocks()
    python_figures()
    libc_figures()
    intervals()
    at_marks()
    other_thread()
    undisturbed()
    at_exit()
    other_allocators()
finish()
