"""Valid vectors: texts, epochs, ids, times, other limits, zstd."""

import base64
import hashlib
import struct
import sys

from .encode import M64, Raw, Trace, cbor, cbor_head
from .parts import begin, marks, tables, vector, alloc_rows, whole
from .stream import Stream


@vector("valid")
def not_utf_8():
    """Texts that are not UTF-8, wherever there is a text."""
    trace = Trace()
    bad = b"\xff\xe2\x82A\xed\xa0\x80\x00\x7f".decode("utf-8",
                                                      "surrogateescape")
    s = Stream(trace, 1)
    s.open(producer=bad, process={"argv": [bad, "ok"], "executable": bad,
                                  "host": bad},
           more={"hooks": [bad], "settings": {bad: bad, "b": "c"}})
    s.string({1: bad, 2: "gr\xfc\xdfe", 3: ""})
    s.code((1, 1, 2, 3))
    s.type((1, 3, 0, 0))
    marks(s, bad, "\ud7ff\uffff\U0010ffff", "\b\f\t\r\n\x1f/<>\x7f")
    s.sample([(bad, bad, 0)], [{"t": 30, "values": {bad: 1}}])
    s.snapshot(31, bad, [{"stack": 1, "blocks": 1, "size": 1}],
               values=[(bad, bad, 1)])
    s.end(t=40)
    return trace


@vector("valid")
def bytes_that_are_utf_8():
    """A byte string stands for a text also where it is UTF-8."""
    trace, s = begin()
    s.string({1: "x"}, change={1: [b"plain"]})
    s.strings[1] = "plain"
    s.code((1, 1, 1, 1))
    s.end()
    return trace


@vector("valid")
def epochs():
    """Tables stated again in a second epoch; a thread has a new name."""
    trace, s = begin()
    tables(s)
    s.alloc(alloc_rows())
    s.epoch = 1
    tables(s)
    s.string({40: "worker"})
    s.thread((2, 4712, 0x7F0012346000, 40))
    s.alloc(alloc_rows())
    s.epoch = (1 << 32) + 5
    s.string({41: "renamed"})
    s.thread((2, 4712, 0x7F0012346000, 41))
    s.end(t=500)
    trace.index()
    return trace


@vector("valid")
def ids():
    """Ids up to 2^24 - 1, with gaps; references that are not stated."""
    trace, s = begin()
    s.string({1: "one", 7: "seven", (1 << 24) - 1: "last"})
    s.code((5, 7, (1 << 24) - 1, M64), ((1 << 24) - 1, 6, 0, 0))
    last = (1 << 24) - 1
    s.stack((9, 8, 77, 1), (last, 1, 5, M64))
    s.type((1, last - 1, M64, M64))
    s.thread((last, M64, M64, last))
    s.class_((last, M64, M64, last, last, last))
    s.call([{"t": 1, "class": last, "thread": last}])
    s.alloc([{"t": 2, "op": "malloc", "address": 1, "size": 1,
              "stack": last, "thread": last}])
    s.live(3, 12, 0, 1, [{"address": 1, "stack": last, "type": last,
                          "thread": last}])
    s.end(t=3)
    return trace


@vector("valid")
def not_deterministic():
    """CBOR in other forms than the shortest, keys in any order."""
    trace, s = begin()

    def wide(n):
        return b"\x1b" + struct.pack(">Q", n)

    def content(envelope, items):
        body = (b"\xbb" + struct.pack(">Q", 2)
                + wide(16) + b"\x9a\0\0\0\1" + b"\x79\0\2" + b"hi"
                + b"\x18\x01" + b"\x5b" + bytes(7) + b"\x01\x00")
        pairs = [wide(k) + wide(v)
                 for k, v in sorted(envelope.items(), reverse=True)]
        pairs.append(wide(15) + body)
        return b"\xb9" + struct.pack(">H", len(pairs)) + b"".join(pairs)
    s.mark([{"t": 10, "text": "hi"}], content=content)

    def swapped(envelope, items):
        first = cbor(15) + cbor(items)
        rest = b"".join(cbor(k) + cbor(v) for k, v in
                        reversed(list(envelope.items())))
        return cbor_head(5, len(envelope) + 1) + first + rest
    marks(s, "body first", content=swapped)
    s.end(t=20)
    return trace


@vector("valid")
def tag_in_wide_form():
    """Tag 55799 in 4 bytes."""
    trace = Trace()
    s = Stream(trace, 1)

    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        return b"\xda\x00\x00\xd9\xf7" + cbor(item)
    s.open(content=content)
    s.end()
    return trace


@vector("valid")
def minor_version():
    """A larger minor version, with keys that 1.0 does not know."""
    trace = Trace()
    s = Stream(trace, 1)
    s.open(version=(1, 7), clock=17,
           change={31: "new", 99: [1], 3: {9: "new", 0: 5}}, lines=[])
    line = s.print("stream", version=[1, 7], producer="make_vectors 1",
                   tick_ns=1, clock=17, rss_unit=4096, pid=5)
    line.update(dict.fromkeys("ppid argv executable python host system boot "
                              "hooks settings session parent".split()))
    line.update(uuid=s.uuid.hex(), start=[0, 0, 0], part=0, before=None)
    trace.expect(line)
    s.loss([{"t": 1, "cause": 99, "events": 3}])
    s.end(t=2)
    return trace


@vector("valid")
def incomplete_stream():
    """One of two streams has no end."""
    trace = Trace()
    a = Stream(trace, 1)
    a.open()
    whole(trace, 2, "b", index=False)
    marks(a, "a is not ended")
    return trace


@vector("valid")
def loss_and_gap():
    """Loss records, `lost` that rises past 2^32, seq that jumps."""
    trace, s = begin()
    s.lost = 5
    s.loss([{"t": 1, "cause": "full", "events": 5}])
    s.seq += 3
    s.lost = (1 << 32) - 1
    marks(s, "at the edge")
    s.lost = (1 << 40) + 5
    s.seq = (1 << 32) + 9
    s.loss([{"t": 30, "cause": "io", "events": (1 << 40)},
            {"t": 31, "cause": 6, "events": M64}])
    s.end(t=40, clean=0)
    trace.index()
    return trace


@vector("valid")
def dump():
    """A copy that the recorder made while it went on."""
    trace, s = begin()
    marks(s, "before it")
    s.end(t=2, clean=2)
    trace.index()
    return trace


@vector("valid")
def between_chunks():
    """What only several chunks together break is no damage."""
    trace, s = begin()
    s.epoch = 3
    marks(s, "later", t=100)
    s.epoch = 1
    s.lost = 9
    s.seq = 1
    marks(s, "earlier", t=10)
    s.lost = 2
    s.string({1: "a"})
    s.string({1: "b", 2: "c"})
    s.strings[1] = "a"          # the first stands
    s.code((1, 1, 2, 0))
    s.class_((1, 12, 1, 0, 0, 0))
    s.class_((1, 12, 1, 0, 7, 0))
    s.classes[1] = (12, 1, 0, 0, 0)
    s.object([{"t": 200, "class": 1, "address": 16}])
    s.records += 100
    s.end()
    marks(s, "behind the end", env={8: 0})
    return trace


@vector("valid")
def live_in_parts():
    """A live set in three parts, one of them empty."""
    trace, s = begin(tick_ns=1000)
    for part, rows in enumerate([[0x10, 0x20], [], [0x30, M64]]):
        s.live(77, 13, part, 3, [
            {"address": a, "stack": 0, "size": 8, "domain": "raw"}
            for a in rows], env={})
    s.live(78, 13, 0, 1, [{"address": 1, "stack": 0, "domain": 44}])
    s.end(t=80)
    return trace


@vector("valid")
def times():
    """Ticks up to 2^64 - 1; times in ns are modulo 2^64."""
    trace = Trace()
    s = Stream(trace, 1, tick_ns=1000000000, rss_unit=M64)
    s.open(start=(M64, -(1 << 63), M64))
    s.class_((1, 10, 0, 0, 0, 0))
    s.call([{"t": t, "class": 1, "rss": 3 + t % 2}
            for t in (0, 0, 5, 1 << 63, M64)], env={10: M64, 8: M64 - 2})
    s.call([{"t": 7, "class": 1}], t0=3, t1=9)
    s.anchor((5, M64, (1 << 63) - 1, M64), (6, 0, -(1 << 63), 0),
             (6, 1, 0, 0))
    s.sample([("f", "", 1)], [{"t": 9, "values": {"f": v}}
                              for v in (-1, 0, -(1 << 63))])
    s.end(t=M64)
    trace.index()
    return trace


@vector("valid")
def figures_below_0():
    """Figures from -2^63 to 2^63 - 1, gauges and counters; steps that pass
    the ends."""
    trace, s = begin()
    low, high = -(1 << 63), (1 << 63) - 1
    figures = [("nice", "count", 0), ("g", "bytes", 0), ("c", "ns", 1),
               ("same", "", 0)]
    rows = [(-8, low, 0, -1), (19, high, -1, -1), (-20, low, low, -1),
            (0, -1, high, -1), (20, 0, 1 << 62, -1)]
    for kind in ("sample", "heap"):
        s.sample(figures, [{"t": 9 + i, "values": dict(
            zip([f[0] for f in figures], row))} for i, row in
            enumerate(rows)], kind)
    # A column that is no bytes: one value for all rows, each a step.
    lines = [s.print("sample", ordinal=5 + k, time_ns=20, values={
        "f": -4 * (k + 1)}) for k in range(3)]
    s.chunk("sample", 3, 20, 20, {1: 0, 16: [["f", "", 0]], 32: 7},
            lines=lines)
    s.end(t=30)
    return trace


@vector("valid")
def no_header():
    """A stream whose header was not met: ticks as they are."""
    trace, s = begin()
    other = Stream(trace, 2, tick_ns=1)
    other.class_((1, 10, 0, 0, 0, 0))
    other.call([{"t": 5, "class": 1, "rss": 2}])
    other.end(t=6)
    s.end()
    return trace


@vector("valid")
def first_of_stream_is_not_its_header():
    """The file does not begin with the stream's header."""
    trace = Trace()
    s = Stream(trace, 1)
    marks(s, "early")
    s.open()
    s.end()
    return trace


@vector("valid")
def nesting_8():
    """Eight levels in an unknown key; an empty array is one."""
    trace, s = begin()
    marks(s, "a number", env={100: Raw(b"\x81" * 7 + b"\x00")})
    deep = Raw(b"\x81" * 6 + b"\x80")
    marks(s, "deep", env={100: deep})
    marks(s, "tags", env={100: Raw(b"\xd8\x3c" * 6 + b"\x81\x00")})
    s.end(t=30)
    return trace


@vector("valid")
def items_2_20():
    """2^20 items in one chunk."""
    trace, s = begin()
    # the map, 9 keys and values, the body with 5 more, key 100, its array
    used = 1 + 2 * 9 + 2 + 5 + 2
    count = (1 << 20) - used
    marks(s, "many", env={100: Raw(cbor_head(4, count) + bytes(count))})
    s.end(t=30)
    return trace


@vector("valid")
def text_65536():
    """The longest text."""
    trace, s = begin()
    s.string({1: "x" * 65536})
    s.thread((1, 0, 0, 1))
    s.end(t=30)
    return trace


@vector("valid")
def figures_1024():
    """The most figures, and the most values: 1024 of 1024."""
    trace, s = begin()
    names = ["f%d" % i for i in range(1024)]
    body = {16: [[n, "", 0] for n in names], 1: 0}
    body.update((32 + i, 2 * i) for i in range(1024))
    lines = [s.print("sample", ordinal=k, time_ns=5, values={
        n: i * (k + 1) for i, n in enumerate(names)}) for k in range(1024)]
    s.chunk("sample", 1024, 5, 5, body, lines=lines)
    s.snapshot(6, "many", [{"stack": 1, "blocks": 1, "size": 1}],
               values=[("v", "", i) for i in range(1024)])
    s.end(t=30)
    return trace


@vector("valid")
def snapshot_values():
    """Values of a snapshot: the ends of int, none, an empty list."""
    trace, s = begin()
    row = {"stack": 1, "blocks": M64, "size": M64}
    s.snapshot(5, "", [dict(row)], values=[("a", "b", -(1 << 63)),
                                           ("a", "b", (1 << 63) - 1)])
    s.snapshot(6, "x", [dict(row, type=3)], values=[])
    s.snapshot(7, "y", [dict(row, domain=9), dict(row, domain="mem")])
    s.end(t=30)
    return trace


# Chunks of the vector `compressed`, as zstd 1.5.4 packed them at levels 1
# and 19: blocks with literals in Huffman codes, sequences in FSE codes.
PACKED = {
    "a47604893928c4cb-1":
        "KLUv/WQeB/UPADZiVS9wN0k6kMoV74ewMlQmUeF4mEBoCITq6LAXjE14uI8wQA2CKi"
        "FGB368fvufbCnTDkkASQBPANeWR959NyrLsmhEHq8t2xF5R6LRV15L1Hss4vE6GrW8"
        "W9T2Y9ter7TFjSEEHOAULMEUhpCgDUjhFjdUQQULAxgQGGAcIPCCLQgPJKW0Wna80i"
        "v9SF6KLclrZ4dOg6wShY5miUShQl47SGqUtESyhDBgHLy4wbbou969a3m868ei73jl"
        "sdcje0QkIo8tOvKIjogBy2YS88M0zbJSjFkS1+vFiIZBqH7MGj4N8sMUxXYkzIqOrS"
        "xZ+tnBKEckyE4jdrrsh+Gqkyyl5ef1Y2Y/yRIfhiRkRYmXvRajWv28bEkIAzxY3GBw"
        "mCCEwwQh2kAppVSBGwDsgZHwwFC0l/dZ3vL77L3sk5zkP/tt7+ycJZ8sJ9vZspckv/"
        "fLL/viBsIBT6jBmTNmaiQpKCmppDFQgjFz7BgSgAB9Dpn4j4IMl//rJ60bq42KCQQL"
        "av/wVygPb8hI4NRNYt4XBlQ+XXSDz96k1foFzBnRNt1XzeVcdDfLpd3OlFbnPgy0IT"
        "0JvkasKtCzQXVxwFF7F7+WshmL4/v+ZPxmRQEdFpJEhD6VbwXh184SN+9Qr0kTkbJ4"
        "9LFaTwgZ2GdGH0R1crGCabuTISihGvGgBifZsoY=",
    "9a7bca895f1e89b7-19":
        "KLUv/WQgB0UPADYiUCtwS5IOsFh//s4AoSsRhy4ZFnHiD1SG2JgNuumP0VAmHHOEKt"
        "f//092SpIEQwA/AFgAVavyr93Tkpb1++mX9mmt0rS02nrTuzxZ1ktLb+3Tv/K/rkWP"
        "UVaRMIMqQAMCKEDihVRQjy084MSBAkLEwwSCYQfIIpBhxFiaPRiWbUAiPs0uwzSOJe"
        "Jsw0FOkzEB2GOU8vot660t62tXvfU+eb3ytCpry+vSK2n56ZWXlundMnna0lt1e2+7"
        "7QEVp2KxSPZEUEXiuIsXlkrjYzFjaaaBIhE0DEhljxi0By0zjEpkF5DmYpgzFS9jHM"
        "kyCKFl1ECN48YuEuSzZ5ldkMRp1Ggcx9kjGcbFmUYESQICPEZBaOiwYo7HYRQCRDEZ"
        "GMVEYPvc7725t3vbde7V3fac7/3v6+ucurrt3/M51013+vM9TCgwRjGDvBhykWZGzk"
        "z+mbj8nwcna/XOfIBXhQsR0FqCIxJKfECyxlSo5MBwNU3EWil27MIVw1gSmZz7wGXT"
        "gt0FOA42NE5k4wa1gimCTNlw3fhgLEla/esXaOcnxOpwuC+fBGsAoDdReZmNDTOg0H"
        "6MBz2sOQiygy/zA4UwQ4QDDrf48Nh1dygWkT+5p5kztnoqup3dk7JedzkLCiwo+gB5"
        "fNqdYFxPeQ==",
}


@vector("valid")
def compressed():
    """Data frames as zstd packs them."""
    trace, s = begin()
    tables(s)
    rows = []
    state = 1
    for i in range(300):
        state = state * 48271 % 0x7FFFFFFF
        rows.append({"t": 10 + i * 3 + state % 3, "domain": "obj",
                     "op": "malloc" if i % 2 == 0 else "free", "size":
                     16 * (state % 29 * (state % 31) // 31), "thread": 1,
                     "address": 0x7F0000000000 + 64 * (i // 2 * 37 % 501),
                     "stack": 1 + state % 11 % 3})
    for level in ("1", "19"):
        def pack(envelope, items):
            item = dict(envelope)
            item[15] = items
            return cbor(item)
        content = {}

        def keep(envelope, items):
            content["is"] = pack(envelope, items)
            return content["is"]
        before = len(trace.data)
        labels = len(trace.labels)
        state = dict(s.ordinals), s.records, s.seq
        for r in rows:
            r.pop("line", None)
        s.alloc([dict(r) for r in rows], content=keep, model=1, env={11: 4})
        del trace.data[before:]
        del trace.labels[labels:]
        count = len(rows)
        del trace.lines[-count:]
        s.ordinals, s.records, s.seq = state
        name = hashlib.sha256(content["is"]).hexdigest()[:16] + "-" + level
        if name not in PACKED:
            PACKED[name] = pack_by_zstd(content["is"], int(level))
        s.alloc([dict(r) for r in rows], model=1, env={11: 4},
                data=base64.b64decode(PACKED[name]))
    s.end(t=9000)
    trace.index()
    return trace


def pack_by_zstd(content, level):
    """Only for who changes `compressed`; prints what to put in PACKED."""
    import zstandard
    compressor = zstandard.ZstdCompressor(
        level=level, write_checksum=True, write_content_size=True)
    data = base64.b64encode(compressor.compress(content)).decode()
    sys.stderr.write("PACKED: %s: %s\n" % (
        hashlib.sha256(content).hexdigest()[:16] + "-%d" % level, data))
    return data
