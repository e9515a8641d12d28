"""Vectors of streams in parts (section 5.3)."""

from .encode import Trace
from .stream import NUMBER, Stream
from .parts import (
    VECTORS, alloc_rows, marks, object_rows, tables, vector, whole)


# ---- what they are made of -----------------------------------------------

class Live:
    """What is live, from the records that were written."""

    def __init__(self):
        self.blocks = {}
        self.objects = {}
        self.open = {}          # the last realloc_free of each thread

    def allocs(self, rows):
        for row in rows:
            address = row["address"]
            if row["op"] in ("free", "realloc_free"):
                gone = self.blocks.pop(address, None)
                if row["op"] == "realloc_free":
                    self.open[row["thread"]] = gone
            elif row["op"] == "realloc_undo":
                self.blocks[address] = self.open.pop(row["thread"])
            else:
                self.blocks[address] = {
                    "address": address, "stack": row["stack"],
                    "size": row["size"], "thread": row["thread"],
                    "domain": row["domain"], "made": row["t"]}

    def creations(self, rows, classes):
        for row in rows:
            _, what, stack, type_, _ = classes[row["class"]]
            if what:
                self.objects.pop(row["address"], None)
            else:
                self.objects[row["address"]] = {
                    "address": row["address"], "stack": stack, "type": type_,
                    "thread": row["thread"], "made": row["t"]}

    def write(self, s, t):
        """Both live sets; that of blocks in two parts."""
        for of, live in ((13, self.blocks), (12, self.objects)):
            rows = [dict(live[a], age=t - live[a]["made"])
                    for a in sorted(live)]
            half = len(rows) // 2 if of == 13 else len(rows)
            sets = [rows[:half], rows[half:]] if of == 13 else [rows]
            for i, some in enumerate(sets):
                s.live(t, of, i, len(sets), some)


def at(part, address):
    """Each part has addresses of its own."""
    return address + (part << 28)


def part_of_all(s, live, part, t):
    """A part with tables, live sets, records of several kinds.

    Part 0 has no live set: nothing was there before it.
    """
    if part:
        s.go_on(part, t)
    else:
        s.open(more={"hooks": ["alloc:obj", "object", "stack:2"]})
    tables(s)
    if part:
        live.write(s, t)
    rows = alloc_rows()
    for row in rows:
        row["t"] += t
        row["address"] = at(part, row["address"])
        if row["op"].startswith("realloc"):
            row["thread"] = 1
    if part:
        rows.append({"t": t + 150, "op": "free", "domain": "obj", "stack": 0,
                     "address": at(part - 1, 0x7F0000001040), "size": 0,
                     "thread": 1})
    s.alloc(rows)
    live.allocs(rows)
    objects = object_rows()
    for row in objects:
        row["t"] += t
        row["address"] = at(part, row["address"])
    s.object(objects)
    live.creations(objects, s.classes)
    if part % 2 == 0:
        marks(s, "part %d" % part, t=t + 300)


def parts_of(first, last, others=(), counted=True):
    """Parts first to last but for some, as one file; the stream's end."""
    trace, aside = Trace(), Trace()
    s = Stream(aside, tick_ns=100)
    live = Live()
    for part in range(last + 1):
        s.trace = trace if part >= first and part not in others else aside
        if counted or not part:
            part_of_all(s, live, part, 1000 * part)
        else:
            s.go_on(part, 1000 * part, counted=False)
            tables(s)
            marks(s, "part %d" % part, t=1000 * part + 10)
        if part == last:
            s.end(t=1000 * part + 999)
        s.trace.index()
    return trace


def named(s, part, t, stated=None):
    """A part with a code object of string 1, which may not be stated."""
    if part is not None:
        s.go_on(part, t)
    if stated:
        s.string({1: stated})
    s.code((part or 9, 1, 1, t))


# ---- valid ---------------------------------------------------------------

@vector("valid")
def parts():
    """A stream in three parts, which `cat` has put together."""
    return parts_of(0, 2)


@vector("valid")
def parts_let_go():
    """Parts 2 and 3 of a stream: what was before was let go."""
    return parts_of(2, 3)


@vector("valid")
def part_alone():
    """A later part in a file of its own."""
    return parts_of(3, 3)


@vector("valid")
def part_without_before():
    """Later parts that don't say how many records were before."""
    return parts_of(1, 2, counted=False)


@vector("valid")
def part_in_between_gone():
    """Part 1 of three is not there: chunks are missing."""
    return parts_of(0, 2, others=(1,))


@vector("valid")
def parts_go_on():
    """What was stated before a later part is still known in it."""
    trace = Trace()
    s = Stream(trace)
    s.open()
    named(s, None, 0, "of part 0")
    trace.index()
    named(s, 1, 100)
    trace.index()
    named(s, 7, 200)
    s.end(t=300)
    trace.index()
    return trace


def again(first, second, doc, name):
    """Parts `first`, then `second` of the same stream, which starts again:
    what the first stated is not known any more."""
    def function():
        trace = Trace()
        s = Stream(trace)
        for parts in (first, second):
            if parts is second:
                s.strings = {}
                s.seq = s.records = 0
                s.ordinals = {}
            for part in parts:
                if not part:
                    s.open()
                    named(s, None, 0, "part 0" if parts is first else None)
                else:
                    named(s, part, 100 * part, "part %d" % part
                          if parts is first and part == parts[0] else None)
                trace.index()
        return trace
    function.__doc__ = doc
    VECTORS.append(("valid", name, doc, function))


again((0, 1), (0, 1), "All parts twice: part 0 starts the stream again.",
      "parts-twice")
again((2, 3), (2, 3), "Part 2 behind part 3: the stream starts again.",
      "later-parts-twice")
again((4,), (4,), "The same part twice: the stream starts again.",
      "part-repeated")
again((5,), (0,), "Part 0 behind part 5: the stream starts again.",
      "part-0-behind-5")


@vector("valid")
def part_behind_chunks():
    """A later part behind chunks whose header was not met: it goes on."""
    trace = Trace()
    whole(trace, 2, "another stream")
    s = Stream(trace)
    named(s, None, 0, "without a header")
    marks(s, "tick 1 ns")
    s.tick_ns = 1000
    named(s, 2, 100)
    marks(s, "tick 1000 ns", t=110)
    return trace


@vector("valid")
def part_of_another_header():
    """A later part says another tick and unit: they count from there on."""
    trace = Trace()
    s = Stream(trace, tick_ns=10, rss_unit=1)
    s.open()
    s.class_((1, 10, 0, 0, 0, 0))
    s.call([{"t": 5, "class": 1, "rss": 7}])
    s.tick_ns, s.rss_unit = 100, 4096
    s.go_on(1, 6, producer="another")
    s.call([{"t": 7, "class": 1, "rss": 7}])
    s.end(t=9)
    trace.index()
    return trace


@vector("valid")
def parts_of_two_streams():
    """Two streams, each in parts, side by side; of one part 0 was let go."""
    trace, aside = Trace(), Trace()
    a = Stream(trace, 1)
    b = Stream(aside, 2, tick_ns=1000)
    for s in (a, b):
        s.open(more={"session": bytes(range(16)), "parent": a.uuid}
               if s is b else None)
        marks(s, "0")
    b.trace = trace
    trace.index()
    for part in (1, 2):
        for s in (a, b):
            s.go_on(part, 100 * part)
        for s in (b, a):
            marks(s, str(part), t=100 * part)
        trace.index()
    a.end(t=300)
    trace.index()
    return trace


@vector("valid")
def filtered():
    """A filtered stream: gaps in seq and ordinals, a live set put in with the
    seq of the chunk behind it, an end that counts what was left out."""
    trace = Trace()
    s = Stream(trace, tick_ns=100)
    s.open(more={"hooks": ["alloc:obj"],
                 "filter": ["size > 100", "time >= 500ns"]})
    s.seq, s.epoch = 7, 2
    tables(s)
    s.seq -= 1
    s.live(5, 13, 0, 1, [{"address": 0x7F0000009000, "size": 200, "stack": 1,
                          "thread": 1, "domain": "obj", "age": 3}])
    s.seq -= 1
    s.ordinals[NUMBER["alloc"]] = 40
    s.alloc([{"t": 5, "op": "malloc", "domain": "obj", "stack": 1,
              "address": 0x7F0000001000, "size": 300, "thread": 1},
             {"t": 9, "op": "free", "domain": "obj", "stack": 0,
              "address": 0x7F0000009000, "size": 0, "thread": 1}])
    s.seq, s.records = 90, 4000
    marks(s, "end", t=11)
    s.seq = 99
    s.end(t=12)
    trace.index()
    return trace


@vector("valid")
def filtered_by_nothing():
    """An empty list: filtered all the same; then a part with a list."""
    trace = Trace()
    s = Stream(trace)
    s.open(more={"filter": []})
    s.seq = 5
    marks(s, "one")
    s.seq = 9
    s.go_on(1, 20, more={"filter": ["\x07 \u00e9"]})
    s.seq = 12
    marks(s, "two", t=30)
    trace.index()
    return trace


@vector("valid")
def before_of_other_kinds():
    """Keys of `before` that are no records, and no numbers, are ignored."""
    trace = Trace()
    s = Stream(trace)
    s.seq, s.epoch = 40, 3
    line = dict(s.print("stream"), version=[1, 0], producer="p", tick_ns=1,
                clock=0, rss_unit=4096)
    line.update((n, None) for n in (
        "pid ppid argv executable python host system boot hooks settings "
        "session parent").split())
    line.update(uuid=s.uuid.hex(), start=[0, 0, 0], part=9,
                before={"call": 3, "mark": 0, "live": 5})
    s.open(producer="p", more={"part": 9}, t=50, lines=[line], change={
        12: {0: "x", 5: [1], 10: 3, 17: 0, 20: 5, 21: "end", 23: {},
             40000: 7, -1: 1, "alloc": 4}})
    marks(s, "one", t=60)
    return trace


@vector("valid")
def archived():
    """An archived stream: the digest of its content in the header."""
    trace = Trace()
    s = Stream(trace, 1)
    s.open(more={"archive": {0: bytes(range(32)), 1: 65536}})
    marks(s, "kept")
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def archived_in_parts():
    """A part of an archived stream that was cut into parts."""
    trace = Trace()
    s = Stream(trace, 1)
    s.open(more={"archive": {0: bytes(range(32)), 1: 65536, 2: 2 ** 20},
                 "part": 3})
    marks(s, "kept")
    s.end(t=20)
    trace.index()
    return trace
