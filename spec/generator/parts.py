"""What the vectors are made of."""

from .encode import Trace
from .stream import Stream


# ---- what the vectors are made of ----------------------------------------

VECTORS = []        # (folder, name, what it shows, function)


def vector(folder):
    """The function's name is the vector's, its docstring what it shows."""
    def take(function):
        VECTORS.append((folder, function.__name__.replace("_", "-").strip("-"),
                        function.__doc__, function))
        return function
    return take


def begin(seed=1, end=False, **kw):
    """A trace with a stream opened."""
    trace = Trace()
    stream = Stream(trace, seed, **kw)
    stream.open()
    return trace, stream


def marks(stream, *texts, t=10, **kw):
    """A mark chunk: the plainest record."""
    return stream.mark([{"t": t + i, "text": text}
                        for i, text in enumerate(texts)], **kw)


def tables(s):
    """One of every table, enough for every kind of record."""
    s.string({1: "app.py", 2: "main", 3: "handler", 4: "list",
              5: "collections.OrderedDict", 6: "MainThread", 7: "len",
              8: "builtins"})
    s.code((1, 1, 2, 10), (2, 1, 3, 40))
    s.cfunction((1, 7, 8))
    s.type((1, 4, 56, 8), (2, 5, 448, 0))
    s.stack((1, 0, 1, 12), (2, 1, 2, 44), (3, 1, 2, 47))
    s.thread((1, 4711, 0x7F0012345000, 6), (2, 4712, 0x7F0012346000, 0))
    s.class_((1, 10, 0, 1, 0, 0), (2, 10, 1, 1, 0, 0), (3, 10, 2, 2, 0, 1),
             (4, 11, 0, 3, 0, 0), (5, 12, 1, 2, 1, 0), (6, 12, 0, 2, 1, 0),
             (7, 12, 1, 3, 2, 0), (8, 12, 0, 3, 2, 0))


def alloc_rows():
    """Every op, in a plausible order."""
    rows = [("malloc", 0x7F0000001000, 40, "obj", 1),
            ("malloc", 0x7F0000001040, 48, "obj", 2),
            ("calloc", 0x7F0000002000, 1000, "mem", 2),
            ("free", 0x7F0000001000, None, "obj", 0),
            ("malloc", 0x7F0000001000, 33, "mem", 3),
            ("realloc_free", 0x7F0000002000, None, "mem", 2),
            ("realloc", 0x7F0000003000, 2000, "mem", 2),
            ("realloc_free", 0x7F0000003000, None, "mem", 2),
            ("realloc_undo", 0x7F0000003000, None, "mem", 2),
            ("malloc", 0x55550000, 100, "raw", 1),
            ("malloc", 0x66660000, 100, "native", 0),
            ("free", 0x7F00DEAD0000, None, "raw", 0)]
    found = []
    for i, (op, address, size, domain, stack) in enumerate(rows):
        row = {"t": 100 + 3 * i, "op": op, "address": address,
               "domain": domain, "stack": stack, "thread": 1 + i % 2}
        row["size"] = size or 0
        found.append(row)
    return found


def call_rows(count=4, **more):
    return [dict({"t": 50 + 7 * i, "class": 1 + i % 3}, **more)
            for i in range(count)]


def object_rows():
    rows = [(6, 0x7F0000010000), (8, 0x7F0000010040), (5, 0x7F0000010000),
            (6, 0x7F0000010000), (7, 0x7F0000010040), (7, 0x7F00FFFF0000)]
    return [{"t": 200 + 2 * i, "class": c, "address": a, "thread": 1}
            for i, (c, a) in enumerate(rows)]


def whole(trace, seed, text, index=True, **kw):
    """A small whole stream, of its own region."""
    s = Stream(trace, seed, **kw)
    s.open()
    marks(s, text)
    s.end(t=20)
    if index:
        trace.index()
    else:
        trace.new_region()
    return s


def cut(trace, at, offset=None):
    """Cuts the file to `at` bytes; it is truncated at `offset`."""
    del trace.data[at:]
    if offset is not None:
        trace.broken("truncated", offset)
    return trace


def cut_trace(t=10, labels=True):
    """A trace and the offset of its last chunk's data frame."""
    trace, s = begin(labels=labels)
    marks(s, "whole")
    lines = len(trace.lines)
    at = marks(s, "cut off", "x" * 40, t=30)
    del trace.lines[lines:]
    return trace, at


def around(act, index=True, full=False):
    """A whole trace with something in it: act(trace, stream).

    full: with tables.
    """
    trace, s = begin()
    if full:
        tables(s)
    marks(s, "before")
    act(trace, s)
    marks(s, "after", t=1000)
    s.end(t=2000)
    if index:
        trace.index()
    return trace


def invalid(name, doc, act, **kw):
    def function():
        return around(act, **kw)
    VECTORS.append(("invalid", name, doc, function))


def processes():
    """A tree of processes: what is learnt of them."""
    rows = [
        {"op": "found", "pid": 4711, "how": "named", "ppid": 1,
         "started_ns": 123450000000, "executable": "/usr/bin/python3.13",
         "argv": ["python3.13", "-c", "x = \"\u20ac\"", ""],
         "name": "python3.13"},
        {"op": "started", "pid": 4712, "how": "event", "ppid": 4711,
         "started_ns": 123990000000, "name": "python3.13"},
        {"op": "exec", "pid": 4712, "how": "look", "ppid": 4711,
         "started_ns": 123990000000, "executable": "/bin/sh",
         "argv": ["sh"], "name": "sh"},
        {"op": "denied", "pid": 4712, "note": "pss: Permission denied"},
        {"op": "exited", "pid": 4712, "how": "wait", "status": 1},
        {"op": "found", "pid": 4712, "how": "children", "ppid": 4711,
         "started_ns": 125000000000},
        {"op": "vanished", "pid": 4712, "started_ns": 125000000000},
        {"op": "exited", "pid": 4713, "how": "event", "status": 256},
        {"op": "exited", "pid": 4714, "how": "descriptor", "status": 265},
        {"op": "left", "pid": 4711}]
    for i, row in enumerate(rows):
        row["t"] = 365 + i
    return rows
