"""Valid vectors: kinds, codecs, addresses, what is not known."""

from .encode import M64, Raw, Tag, Trace, cbor
from .stream import CAUSES, DOMAINS, NUMBER, Stream
from .parts import (
    alloc_rows, begin, call_rows, marks, object_rows, processes, tables,
    vector)


@vector("valid")
def worked_example():
    """The trace of the annex: a stream, its tables, four allocator records."""
    trace = Trace()
    s = Stream(trace, 7, tick_ns=16)
    s.uuid = bytes(range(0x10, 0x20))
    s.key = int.from_bytes(s.uuid[:8], "big")
    s.name = "%016x" % s.key
    s.open(producer="pmt", process={"pid": 42},
           more={"hooks": ["alloc:obj", "stack:2"]},
           start=(5000000000, 1763683200000000000, 250))
    s.string({1: "a.py", 2: "f"})
    s.code((1, 1, 2, 3))
    s.stack((1, 0, 1, 9), (2, 1, 1, 4))
    s.thread((1, 42, 0x7F5500000740, 0))
    s.alloc([{"t": 100, "op": "malloc", "domain": "obj", "size": 56,
              "address": 0x7F5512340010, "stack": 1, "thread": 1},
             {"t": 103, "op": "malloc", "domain": "obj", "size": 300,
              "address": 0x7F5512350010, "stack": 2, "thread": 1},
             {"t": 110, "op": "free", "domain": "obj", "stack": 0,
              "address": 0x7F5512340010, "thread": 1},
             {"t": 112, "op": "malloc", "domain": "obj", "size": 64,
              "address": 0x7F5512340010, "stack": 2, "thread": 1}],
            model=1, env={11: 4}, codec={2: "constant", 7: "u8", 14: "runs"})
    s.end(t=120)
    trace.index()
    return trace


@vector("valid")
def every_kind():
    """Every kind of chunk, with every column it may have; labels, index."""
    trace = Trace()
    s = Stream(trace, 2, tick_ns=16, rss_unit=1024)
    s.open(producer="make_vectors 1", clock=0,
           process={"pid": 4711, "ppid": 1, "argv": ["app.py", "-x", ""],
                    "executable": "/usr/bin/python3", "python": "3.13.1",
                    "host": "box", "system": "Linux 6.1 x86_64"},
           more={"boot": bytes(range(16)), "hooks": ["alloc:raw", "object"],
                 "settings": {"frames": "8", "mode": "alloc,object", "a": ""},
                 "session": b"S" * 16, "parent": b"P" * 16},
           start=(123456789, -5, 40))
    tables(s)
    s.anchor((0, 123456789, -5, 40), (100, 123458389, 1595, 41),
             (1000, 123472789, 1000, 39))
    s.call([{"t": 50 + i, "class": 1 + i % 3, "thread": 1 + i % 2,
             "rss": 1000 - 3 * i, "gap": i, "rss_read": i % 2}
            for i in range(6)], env={10: 990})
    s.line([{"t": 60 + i, "class": 4, "thread": 1, "rss": 1000 + i, "gap": 0,
             "offset": 2 * i, "rss_read": 1} for i in range(5)])
    rows = object_rows()
    for i, r in enumerate(rows):
        r.update(rss=5000 + i, gap=i, size=56 + i, rss_read=0)
    s.object(rows, env={11: 4})
    rows = alloc_rows()
    for i, r in enumerate(rows):
        r["gap"] = i % 3
    s.alloc(rows)
    s.sample([("rss", "bytes", 0), ("faults", "", 1)],
             [{"t": 300 + i, "thread": 1, "pid": 4711,
               "values": {"rss": 1 << 20 >> i, "faults": i * i}}
              for i in range(4)])
    s.heap([("arenas", "", 0)], [{"t": 310, "values": {"arenas": 3}}])
    s.snapshot(320, "by stack", [
        {"stack": 1, "blocks": 10, "size": 400, "type": 1, "domain": "obj"},
        {"stack": 2, "blocks": 1, "size": 1 << 30, "type": 0,
         "domain": "raw"}],
        values=[("requests", "", -3), ("load", "%", 97)])
    s.mark([{"t": 330, "text": "warm", "thread": 1},
            {"t": 331, "text": "a \"quoted\"\\ line\nof \u20ac and \U0001F600",
             "thread": 2}])
    s.gc([{"t": 340, "op": "start", "generation": 2, "thread": 1,
           "collected": 0, "uncollectable": 0, "duration_ns": 0},
          {"t": 345, "op": "stop", "generation": 2, "thread": 1,
           "collected": 1234, "uncollectable": 1, "duration_ns": 80000}])
    s.lost = 12
    s.loss([{"t": 350 + i, "cause": c, "events": 2}
            for i, c in enumerate(CAUSES)])
    s.live(360, 13, 0, 1, [
        {"address": 0x1000, "stack": 1, "thread": 1, "size": 40,
         "domain": "obj", "age": 260},
        {"address": 0x7F0000001040, "stack": 2, "thread": 2, "size": 0,
         "domain": "native", "age": 0}])
    s.live(360, 12, 0, 1, [{"address": 0x2000, "stack": 3, "type": 2}])
    s.process(processes())
    s.end(t=400)
    trace.index()
    return trace


CODECS = ["uleb", "u8", "u16", "u32", "u64", "planes1", "planes2", "planes3",
          "planes4", "planes5", "planes6", "planes7", "planes8", "runs"]


@vector("valid")
def codecs():
    """Every codec in columns 0 to 5 of line, in alloc and in tables."""
    trace, s = begin()
    tables(s)
    for i, codec in enumerate(CODECS + ["constant"]):
        wide = {"u16": 2, "u32": 4, "u64": 8, "uleb": 8, "runs": 8}.get(
            codec, int(codec[6:]) if codec.startswith("planes") else 1)
        big = (1 << 8 * wide) - 1
        rows = [{"t": 1000 * i + k, "class": 4, "thread": k % 2,
                 "rss": 100, "gap": big if k == 2 else k,
                 "offset": big >> 1 if k == 3 else 1, "rss_read": 0}
                for k in range(5)]
        if codec == "constant":
            for k, r in enumerate(rows):
                r.update(t=1000 * i, thread=1, gap=M64, offset=3, rss=0)
        s.line(rows, codec=dict.fromkeys((0, 1, 2, 3, 4, 5, 11), codec))
    for i, codec in enumerate(CODECS):
        wide = {"u8": 1, "u16": 2, "u32": 4, "planes1": 1, "planes2": 2,
                "planes3": 3, "planes4": 4, "planes5": 5}.get(codec, 6)
        rows = [{"t": 20000 + i, "op": "malloc", "domain": "obj",
                 "address": n << 4, "size": 64 * n,
                 "stack": n % 4} for n in (1, 2, 3)]
        rows += [{"t": 20001 + i, "op": "free", "domain": "obj",
                  "address": n << 4, "size": 0, "stack": 0} for n in (3, 1)]
        if wide > 1:
            rows[2]["address"] = rows[3]["address"] = (
                (1 << 8 * wide) - 2 >> 2)
        s.alloc(rows, codec=dict.fromkeys((1, 6, 7, 8, 9, 10, 14), codec))
    for codec in CODECS:
        s.code((3, 1, 2, 1), (4, 2, 3, 200),
               codec=dict.fromkeys((0, 1, 2, 3), codec))
    s.end(t=30000)
    trace.index()
    return trace


@vector("valid")
def uleb_longest():
    """ULEB128 of 10 bytes, and with zero bytes that are not needed."""
    trace, s = begin()
    s.class_((1, 11, 0, 0, 0, 0))
    row = {"class": 1, "gap": M64}
    s.line([dict(row, t=1), dict(row, t=1, gap=1 << 63),
            dict(row, t=2, gap=5), dict(row, t=2, gap=0)],
           change={4: b"\xff" * 9 + b"\x01" + b"\x80" * 9 + b"\x01"
                   + b"\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00"
                   + b"\x80\x00"})
    s.end(t=2)
    return trace


@vector("valid")
def count_1():
    """Chunks of one record."""
    trace, s = begin()
    tables(s)
    s.call(call_rows(1))
    s.alloc(alloc_rows()[:1])
    s.object(object_rows()[:1])
    s.end(t=500)
    return trace


@vector("valid")
def count_65536():
    """The greatest count; column 4 as one run, 5 as 65536 bytes."""
    trace, s = begin()
    s.class_((1, 11, 0, 0, 0, 0))
    s.line([{"t": i, "class": 1, "gap": 3, "offset": i & 127 if i < 9 else 0}
            for i in range(65536)],
           codec={0: "constant", 4: "runs", 5: "u8"}, t0=0, t1=65535)
    s.end(t=65535)
    trace.index()
    return trace


@vector("valid")
def count_0():
    """Every kind with no rows: columns absent, empty, or constant."""
    trace, s = begin()
    forms = [{}, dict.fromkeys(range(16), Raw(b"\x40")),
             dict.fromkeys(range(16), 7),
             dict.fromkeys(range(16), [3, b""]),
             dict.fromkeys(range(16), [4, b""]),
             dict.fromkeys(range(16), Tag(71, b"")),
             dict.fromkeys(range(16), [9, "later"])]
    for form in forms:
        for kind in ("code", "cfunction", "type", "stack", "thread", "class",
                     "anchor", "call", "line", "object", "alloc", "gc",
                     "loss"):
            s.chunk(kind, 0, 5, 6, dict(form))
    s.string({})
    s.sample([("rss", "bytes", 0)], [], t0=7)
    s.heap([], [], t0=7)
    s.snapshot(8, "nothing", [])
    s.mark([], t0=8)
    s.live(9, 13, 0, 1, [])
    s.alloc([], model=1, t0=9)
    s.end(t=9)
    trace.index()
    return trace


@vector("valid")
def content_16_MiB():
    """A chunk of 2^24 bytes: the padding is in an unknown column."""
    trace, s = begin()

    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        items[200] = bytes((1 << 24) - len(cbor(item)) - 4)
        made = cbor(item)
        assert len(made) == 1 << 24
        return made
    marks(s, "big", change={200: b""}, content=content)
    s.end(t=20)
    return trace


@vector("valid")
def object_class_unknown():
    """Classes that are not stated, or of another kind: the id tells the op."""
    trace, s = begin()
    s.class_((2, 12, 0, 3, 4, 0), (3, 10, 1, 5, 6, 0), (4, 11, 9, 7, 8, 0))
    s.object([{"t": i, "class": c, "address": 16 * a} for i, (c, a) in
              enumerate([(2, 1), (98, 2), (99, 1), (3, 2), (4, 3), (0, 4)])])
    s.end(t=10)
    return trace


@vector("valid")
def addresses():
    """Addresses near 0 and 2^64, sizes to 2^64 - 1, align 0 to 4."""
    trace, s = begin()
    for align in range(5):
        step = 1 << align
        top = (1 << 64) - step
        rows = [("malloc", top, M64), ("malloc", 0, 0),
                ("malloc", step, 1 << 63), ("malloc", 1 << 63, 1),
                ("malloc", (1 << 63) - step, 512), ("free", top, 0),
                ("malloc", top - 4 * step, 513), ("free", 0, 0),
                ("free", 7 * step, 0), ("calloc", 0, M64 - 1)]
        for model in (0, 1):
            s.alloc([{"t": 10 * align + i, "op": op, "address": address,
                      "size": size, "domain": "raw"}
                     for i, (op, address, size) in enumerate(rows)],
                    model=model, env={11: align} if align else {})
    s.end(t=100)
    return trace


@vector("valid")
def addresses_model_0():
    """References forward and back: released twice, made twice, far back."""
    trace, s = begin()
    rows = []
    for i in range(300):
        rows.append({"t": 5 + i, "op": "malloc" if i % 3 else "free",
                     "address": 0x1000 + 16 * (i * 7 % 40), "size": 16 * i,
                     "domain": DOMAINS[i % 4]})
    s.alloc(rows, env={11: 4})
    s.end(t=400)
    return trace


@vector("valid")
def addresses_model_1():
    """The predictor: pushes, pops, marks of reuse, all size classes' edges."""
    trace, s = begin()
    sizes = [0, 1, 15, 16, 17, 496, 497, 511, 512, 513, 528, 4064, 4065, 4080,
             4081, 4096, 8191, 8192, 1 << 20, (1 << 32) + 1, M64, M64 - 15,
             M64 - 14, 16 * 255, 16 * 256, 16 * 511, 16 * 512]
    state = 12345
    live = []
    rows = []
    freed = []
    for i in range(3000):
        state = (state * 1103515245 + 12345) % (1 << 31)
        roll = state >> 16 & 63
        domain = DOMAINS[state >> 22 & 3]
        size = sizes[(state >> 10) % len(sizes)]
        if roll < 28 and live:
            j = (state >> 5) % len(live)
            address = live.pop(j)
            freed.append(address)
            rows.append({"op": "free", "address": address})
        elif roll < 56:
            if freed and roll & 3:
                address = freed.pop(-1 if roll & 4 else 0)
            else:
                address = 0x7F0000000000 + 16 * i
            live.append(address)
            rows.append({"op": ("malloc", "calloc", "realloc")[roll % 3],
                         "address": address})
        elif roll < 60 and live:        # realloc that fails
            rows.append({"op": "realloc_free", "address": live[-1]})
            rows.append({"op": "realloc_undo", "address": live[-1]})
        elif freed:                     # released again
            rows.append({"op": "free", "address": freed[-1]})
        for r in rows[-2:]:
            r.setdefault("size", size)
            r.setdefault("domain", domain)
            r.setdefault("t", i)
    s.alloc(rows, model=1, env={11: 4}, codec={14: "u8", 8: "planes2"})
    s.end(t=3000)
    return trace


@vector("valid")
def model_1_without_sizes():
    """Model 1 where no record has a size: column 6 need not be there."""
    trace, s = begin()
    s.alloc([{"t": 1, "op": "free", "address": 16, "size": 0},
             {"t": 2, "op": "free", "address": 16, "size": 0},
             {"t": 3, "op": "realloc_free", "address": 32, "size": 0},
             {"t": 4, "op": "realloc_undo", "address": 32, "size": 0}],
            model=1, codec={6: "drop"})
    s.end(t=5)
    return trace


@vector("valid")
def realloc_undo():
    """A realloc that fails: its block lives on; in both models."""
    trace, s = begin()
    ops = ["malloc", "realloc_free", "realloc_undo", "free", "malloc",
           "malloc"]
    where = [0x100, 0x100, 0x100, 0x100, 0x100, 0x200]
    for model in (0, 1):
        s.alloc([{"t": 10 * model + i, "op": op, "address": a, "size": 32,
                  "domain": "mem"}
                 for i, (op, a) in enumerate(zip(ops, where))], model=model)
    s.end(t=30)
    return trace


@vector("valid")
def absent_columns():
    """Columns that may be absent are: their values are 0 or left out."""
    trace, s = begin()
    s.string({1: "x"})
    s.code((1, 0, 0, 0), codec={1: "drop", 2: "drop", 3: "drop"})
    s.stack((1, 0, 0, 0), codec={2: "drop", 3: "drop"})
    s.thread((1, 0, 0, 0), codec={1: "drop", 2: "drop", 3: "drop"})
    s.type((1, 0, 0, 0), codec={1: "drop", 2: "drop", 3: "drop"})
    s.cfunction((1, 0, 0), codec={1: "drop", 2: "drop"})
    s.class_((1, 12, 1, 0, 0, 0), (2, 12, 0, 0, 0, 0),
             codec={3: "drop", 4: "drop", 5: "drop"})
    s.anchor((5, 6, 7, 0), codec={34: "drop"})
    s.call([{"t": 10, "class": 9}])
    s.object([{"t": 11, "class": 2, "address": 16},
              {"t": 12, "class": 1, "address": 16}])
    s.alloc([{"t": 13, "op": "malloc", "address": 16},
             {"t": 14, "op": "free", "address": 16}], codec={7: "drop"})
    s.alloc([{"t": 15, "op": "free", "address": 16}])
    s.sample([("rss", "bytes", 0), ("swap", "bytes", 0)],
             [{"t": 16, "values": {"swap": 5}}])
    s.gc([{"t": 17, "op": "stop", "generation": 0}])
    s.snapshot(18, "s", [{"stack": 0, "blocks": 0, "size": 0}])
    s.live(19, 12, 0, 1, [{"address": 0, "stack": 0}])
    s.end(t=20)
    return trace


@vector("valid")
def process_numbers():
    """process: unknown ops and hows, great numbers, columns left out."""
    trace, s = begin(tick_ns=1000)
    s.process([{"t": 1, "op": 7, "how": 6, "pid": M64, "ppid": M64,
                "started_ns": M64, "status": M64},
               {"t": 2, "op": "exited", "pid": 1, "status": 257}])
    s.process([{"t": 3, "op": "found", "pid": 2}])
    rows = processes()
    for r in rows:
        r.pop("ppid", None)
    s.process(rows, codec={14: "runs", 15: "u32"},
              change={26: [5, b"later"], 30: 7})
    s.process([{"t": 400, "op": "found", "pid": 5, "name": "caf\udce9",
                "argv": ["a" * 70, "\udcff"]}])
    s.process([], t0=500)
    s.end(t=500)
    trace.index()
    return trace


@vector("valid")
def unknown_kind():
    """Kinds 0, 23 and 32767 are skipped and counted."""
    trace, s = begin()
    for n in (0, 23, 32767):
        s.chunk(n, 9, 1, 2, {0: "anything", "text": [None, True]},
                lines=[{"kind": "unknown", "stream": s.name, "number": n,
                        "count": 9}], env={8: 77, 12: 1})
    marks(s, "still here")
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def private_kind():
    """Kinds of private use, up to 2^32 - 1; the label says 0xFFFF."""
    trace, s = begin()
    for n in (32768, 65534, 65535, 65536, (1 << 32) - 1):
        s.chunk(n, 1, 1, 2, {}, lines=[{
            "kind": "unknown", "stream": s.name, "number": n, "count": 1}])
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def unknown_column():
    """Columns not known, or not named with the kind, are ignored."""
    trace, s = begin()
    tables(s)
    junk = {77: "no column", -1: b"private", "name": 1, 12: b"\x80",
            1000: [3], 90: {1: {2: [3]}}}
    s.call(call_rows(), change=junk)
    s.alloc(alloc_rows(), change=junk)
    s.mark([{"t": 400, "text": "m"}], change={7: "?", 8: b"\x80"})
    s.end(t=500, change={4: "more"})
    return trace


@vector("valid")
def unknown_codec_may():
    """A codec of a later version in columns that may be absent."""
    trace, s = begin()
    tables(s)
    s.call(call_rows(thread=1, gap=2), codec={2: "later", 4: "later"})
    s.alloc(alloc_rows(), codec={2: "later", 7: "later", 6: "later"})
    s.code((5, 0, 2, 7), codec={1: "later"})
    s.call(call_rows(thread=1), change={2: [M64]}, codec={2: "later"})
    s.sample([("a", "", 0), ("b", "", 0)],
             [{"t": 450, "values": {"b": 7}}], change={32: [5], 35: [6]})
    s.end(t=500)
    return trace


@vector("valid")
def unknown_codec_must():
    """A codec of a later version in a column that must be there."""
    trace, s = begin()
    tables(s)

    def unreadable(kind, count):
        return [{"kind": "unreadable", "stream": s.name,
                 "number": NUMBER[kind], "count": count}]
    for c in (0, 1):
        s.call(call_rows(), codec={c: "later"}, lines=unreadable("call", 4))
    for c in (14, 1, 8, 9, 10):
        # the rest is not looked at: column 7 would be too short
        s.alloc(alloc_rows(), codec={c: "later"}, change={7: b"\1"},
                lines=unreadable("alloc", 12))
    rows = alloc_rows()
    s.alloc(rows, model=1, codec={6: "later"}, lines=unreadable("alloc", 12))
    s.object(object_rows(), codec={9: "later"},
             lines=unreadable("object", 6))
    s.stack((9, 1, 1, 1), codec={1: "later"}, lines=unreadable("stack", 1))
    s.live(400, 13, 0, 1, [{"address": 1, "stack": 1}], t1=401,
           codec={24: "later"}, lines=unreadable("live", 1))
    s.sample([("a", "", 0)], [{"t": 450, "values": {"a": 7}}],
             codec={1: "later"}, change={32: b"\x80"},
             lines=unreadable("sample", 1))
    s.anchor((5, 6, 7, 8), codec={1: "later"}, change={33: b""},
             lines=unreadable("anchor", 1))
    s.string({30: "x"}, change={0: [5]}, lines=unreadable("string", 1))
    del s.strings[30]
    s.code((3, 30, 1, 0))
    s.end(t=500)
    return trace


@vector("valid")
def unknown_envelope_key():
    """Envelope keys not known: reserved, large, negative, text."""
    trace, s = begin()
    marks(s, "a", env={6: "reserved", 14: [1, 2], 16: {1: 2}, 1000: b"x",
                       -1: "private", -70000: None, "text": [[]],
                       M64: Tag(60, 7), 17: [Tag(6, 0), Tag(18, []),
                                             Tag(20, "x")]})
    s.end(t=20)
    return trace


@vector("valid")
def features_unknown():
    """Chunks that need a feature not known are skipped, and said so."""
    trace, s = begin()
    for features in ([1], [7, 1 << 40]):
        marks(s, "not seen", env={13: features}, lines=[
            {"kind": "skipped", "stream": s.name, "number": 17, "count": 1,
             "features": features}])
    # not even its body is understood
    s.chunk("alloc", 3, 1, 2, {14: "changed"}, env={13: [2]},
            lines=[{"kind": "skipped", "stream": s.name, "number": 13,
                    "count": 3, "features": [2]}])
    s.end(t=20)
    return trace
