#!/usr/bin/env python3
"""make_vectors.py - writes the test vectors of the trace format.

    usage: make_vectors.py [DIRECTORY]      (default: vectors beside this file)
           make_vectors.py --example        the annex of trace-format.md

Writes DIRECTORY/valid and DIRECTORY/invalid. For each vector:

    NAME.pmt     the trace
    NAME.json    what a reader prints (section 12), made from the records
                 that were put in, not by a reader; left out where long
    NAME.expect  one JSON object: status, offset and count of the first
                 damage, exit status of decode.py, lines and sha256 of what
                 a reader prints, and what the vector shows

The encoder here is written from trace-format.md and shares no code with
libpmt or decode.py. It needs nothing but Python 3.8: frames are stored (raw
and run-length blocks), so the files are the same everywhere. `compressed`
alone holds frames that zstd 1.5.4 made; they are kept below as they are.
"""

import base64
import hashlib
import json
import os
import struct
import sys

M64 = (1 << 64) - 1


# ---- checksums -----------------------------------------------------------

def crc32c(data):
    """CRC-32C, bit by bit (section 1)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727,
                      1609587929392839161, 9650029242287828579,
                      2870177450012600261)


def _rotate(x, n):
    return (x << n | x >> 64 - n) & M64


def _round(acc, lane):
    return _rotate(acc + lane * P2 & M64, 31) * P1 & M64


def xxh64(data):
    """XXH64 with seed 0: the checksum of a zstd frame is its low half."""
    size = len(data)
    at = 0
    if size >= 32:
        a, b, c, d = P1 + P2 & M64, P2, 0, -P1 & M64
        at = size & ~31
        for w, x, y, z in struct.iter_unpack("<4Q", data[:at]):
            a, b, c, d = (_round(a, w), _round(b, x), _round(c, y),
                          _round(d, z))
        h = (_rotate(a, 1) + _rotate(b, 7) + _rotate(c, 12)
             + _rotate(d, 18)) & M64
        for acc in (a, b, c, d):
            h = ((h ^ _round(0, acc)) * P1 + P4) & M64
    else:
        h = P5
    h = h + size & M64
    while at + 8 <= size:
        lane, = struct.unpack_from("<Q", data, at)
        h = (_rotate(h ^ _round(0, lane), 27) * P1 + P4) & M64
        at += 8
    if at + 4 <= size:
        lane, = struct.unpack_from("<I", data, at)
        h = (_rotate(h ^ lane * P1 & M64, 23) * P2 + P3) & M64
        at += 4
    for byte in data[at:]:
        h = _rotate(h ^ byte * P5 & M64, 11) * P1 & M64
    h = (h ^ h >> 33) * P2 & M64
    h = (h ^ h >> 29) * P3 & M64
    return h ^ h >> 32


assert crc32c(b"123456789") == 0xE3069283
assert xxh64(b"") == 0xEF46DB3751D8E999
assert xxh64(b"abc") == 0x44BC2CF5AD770999


# ---- CBOR (section 4.1) --------------------------------------------------

class Raw(bytes):
    """Bytes that stand for an item as they are."""


class Tag:
    def __init__(self, number, item):
        self.number = number
        self.item = item


def cbor_head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16),
                              (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if n < limit:
            return bytes([major << 5 | info]) + struct.pack(form, n)
    raise ValueError(n)


def cbor(item):
    """Deterministic encoding (RFC 8949, 4.2.1)."""
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if item is None:
        return b"\xf6"
    if isinstance(item, int):
        return cbor_head(0, item) if item >= 0 else cbor_head(1, -1 - item)
    if isinstance(item, bytes):
        return cbor_head(2, len(item)) + item
    if isinstance(item, str):           # text (section 1)
        data = item.encode("utf-8", "surrogateescape")
        try:
            data.decode("utf-8")
            return cbor_head(3, len(data)) + data
        except UnicodeDecodeError:
            return cbor_head(2, len(data)) + data
    if isinstance(item, (list, tuple)):
        return cbor_head(4, len(item)) + b"".join(map(cbor, item))
    if isinstance(item, dict):
        pairs = sorted((cbor(k), cbor(v)) for k, v in item.items())
        return cbor_head(5, len(pairs)) + b"".join(k + v for k, v in pairs)
    if isinstance(item, Tag):
        return cbor_head(6, item.number) + cbor(item.item)
    raise TypeError(item)


# ---- frames (section 2.3) ------------------------------------------------

def blocks(content):
    """Raw and run-length blocks: [(type, size, bytes)]."""
    found = []
    start = at = 0
    size = len(content)
    while at < size:
        byte = content[at:at + 1]
        end = at + 1
        if content[at:at + 64] == byte * 64:
            end = at + 64
            step = 1 << 20
            while step:
                while content[end:end + step] == byte * step:
                    end += step
                step >>= 1
            if start < at:
                found.append((0, at - start, content[start:at]))
            run = end - at
            while run:
                part = min(run, 1 << 17)
                found.append((1, part, byte))
                run -= part
            start = end
        elif end - start == 1 << 16:
            found.append((0, end - start, content[start:end]))
            start = end
        at = end
    if start < size or not found:
        found.append((0, size - start, content[start:]))
    return found


def frame(content, fcs=None, descriptor=0, checksum=None, parts=None,
          wide=None):
    """A data frame; the other arguments make it wrong."""
    size = len(content) if fcs is None else fcs
    flag = (0 if size < 256 else 1 if size < 65792 else
            2 if size < 1 << 32 else 3) if wide is None else wide
    head = b"\x28\xb5\x2f\xfd" + bytes([flag << 6 | 0x24 ^ descriptor])
    stored = size - 256 if flag == 1 else size
    head += stored.to_bytes(1 << flag, "little")
    parts = blocks(content) if parts is None else parts
    body = b"".join(
        struct.pack("<I", (i == len(parts) - 1) | kind << 1 | n << 3)[:3]
        + data for i, (kind, n, data) in enumerate(parts))
    check = xxh64(content) & 0xFFFFFFFF if checksum is None else checksum
    return head + body + struct.pack("<I", check)


def skippable(nibble, body, size=None):
    return (bytes([0x50 | nibble]) + b"\x2a\x4d\x18"
            + struct.pack("<I", len(body) if size is None else size) + body)


LABEL = struct.Struct("<4sBBHQIIQQIIIIII")
LABEL_NAMES = ("magic version flags kind stream seq count t0 t1 content_size "
               "frame_size epoch frame_crc lost crc").split()


class Trace:
    """The bytes of a trace, and the lines that a reader prints for it."""

    def __init__(self):
        self.data = bytearray()
        self.lines = [{"schema": 1, "format": "pmt", "version": [1, 0]}]
        self.start = 0          # of the region
        self.labels = []        # (offset, body) of the region
        self.damage = []        # (status, offset)
        self.refused = False

    def expect(self, *lines):
        self.lines += lines

    def broken(self, status="corrupt", offset=None):
        """A damage line here; the offset is where the data ends now."""
        offset = len(self.data) if offset is None else offset
        self.damage.append((status, offset))
        self.expect({"kind": "damage", "status": status, "offset": offset})

    def label_of(self, env, content, data, wrong):
        """A label's body (section 3.1)."""
        field = {
            "magic": b"PMTL", "version": 1, "flags": 0,
            "kind": min(env[0], 0xFFFF), "stream": env[1],
            "seq": env[2] & 0xFFFFFFFF, "count": env[3],
            "t0": env[4], "t1": env[5], "content_size": len(content),
            "frame_size": len(data), "epoch": env[7] & 0xFFFFFFFF,
            "frame_crc": crc32c(data), "lost": min(env[9], 0xFFFFFFFF),
            "crc": 0}
        field.update(wrong)
        body = LABEL.pack(*[field[name] for name in LABEL_NAMES])
        if "crc" in wrong:
            return body
        return body[:60] + struct.pack("<I", crc32c(body[:60]))

    def add(self, env, content, data=None, label=True, wrong=None):
        """A label and its data frame; the offset of the data frame.

        wrong: fields of the label that are to be so.
        """
        data = frame(content) if data is None else data
        if label:
            body = self.label_of(env, content, data, wrong or {})
            self.labels.append((len(self.data) - self.start, body))
            self.data += skippable(11, body)
        at = len(self.data)
        self.data += data
        return at

    def index(self, entry_size=72, entries=None, crc=None, size=None,
              reserved=0, magic=b"PMTINDEX", region=None, count=None):
        entries = self.labels if entries is None else entries
        body = b"".join(struct.pack("<Q", offset) + label
                        + b"\0" * (entry_size - 72)
                        for offset, label in entries)
        body += struct.pack(
            "<QII", len(self.data) - self.start if region is None else region,
            len(entries) if count is None else count, entry_size)
        crc = crc32c(body) if crc is None else crc
        self.data += skippable(12, body + struct.pack("<II8s", crc, reserved,
                                                      magic), size)
        self.new_region()

    def new_region(self):
        self.start = len(self.data)
        self.labels = []


# ---- columns (section 4.3) -----------------------------------------------

def uleb(values):
    out = bytearray()
    for v in values:
        while v > 127:
            out.append(v & 127 | 128)
            v >>= 7
        out.append(v)
    return bytes(out)


def zigzag(v):
    """Of a signed number of 64 bits."""
    return (v << 1 ^ v >> 63) & M64


def signed(v):
    v &= M64
    return v - (1 << 64) if v >> 63 else v


def column(values, codec):
    """The item of a column; codec "planes5" has 5 planes."""
    if codec == "constant":
        assert len(set(values)) <= 1
        return values[0] if values else 0
    if codec == "uleb":
        return uleb(values)
    if codec in ("u8", "u16", "u32", "u64"):
        tag, form = {"u8": (64, "B"), "u16": (69, "H"), "u32": (70, "I"),
                     "u64": (71, "Q")}[codec]
        return Tag(tag, struct.pack("<%d%s" % (len(values), form), *values))
    if codec.startswith("planes"):
        width = int(codec[6:] or 8)
        wide = [v.to_bytes(width, "little") for v in values]
        return [3, b"".join(bytes(w[j] for w in wide) for j in range(width))]
    if codec == "runs":
        found = []
        for v in values:
            if found and found[-1][1] == v:
                found[-1][0] += 1
            else:
                found.append([0, v])
        return [4, uleb(n for run in found for n in run)]
    if codec == "later":
        return [5, "a codec of a later version", {1: 2}]
    raise ValueError(codec)


def deltas(values, base=0):
    return [b - a & M64 for a, b in zip([base] + values[:-1], values)]


def zigzags(values, base=0):
    return [zigzag(signed(b - a))
            for a, b in zip([base] + values[:-1], values)]


# ---- streams (sections 4.2 to 7) -----------------------------------------

KINDS = ("- stream string code cfunction type stack thread class anchor call "
         "line object alloc sample heap snapshot mark gc loss live "
         "end").split()
NUMBER = {name: i for i, name in enumerate(KINDS)}
OPS = "free malloc calloc realloc_free realloc realloc_undo".split()
DOMAINS = "raw mem obj native".split()
SIZED = ("malloc", "calloc", "realloc")
FREES = ("free", "realloc_free", "destroy")
CAUSES = "full reentrant memory io torn damaged".split()


class Stream:
    """Writes chunks of one stream, and the lines that they print as.

    Each method adds one chunk. `codec` gives codecs by column number; `body`
    and `env` replace or add keys (None takes one away). `drop` columns are
    left out and print as such.
    """

    def __init__(self, trace, seed=1, tick_ns=1, rss_unit=None, labels=True):
        self.trace = trace
        self.uuid = hashlib.sha256(b"vector %d" % seed).digest()[:16]
        self.key = int.from_bytes(self.uuid[:8], "big")
        self.name = "%016x" % self.key
        self.tick_ns = tick_ns
        self.rss_unit = rss_unit
        self.labels = labels
        self.seq = self.epoch = self.lost = self.records = 0
        self.ordinals = {}
        self.strings = {}
        self.classes = {}

    # -- one chunk --

    def chunk(self, kind, count, t0, t1, body, codec=None, env=None,
              change=None, lines=(), content=None, bad=None, data=None,
              label=None, wrong=None):
        """Adds a chunk, returns the offset of its data frame.

        bad: "chunk" (it is dropped), "label" (it is used, but reported).
        """
        number = NUMBER.get(kind, kind)
        envelope = {0: number, 1: self.key, 2: self.seq, 3: count, 4: t0,
                    5: t1, 7: self.epoch, 9: self.lost}
        if 10 <= number <= 20:
            first = self.ordinals.get(number, 0)
            envelope[8] = first
            self.ordinals[number] = first + count
            self.records += count
        items = {}
        for key, value in body.items():
            if isinstance(value, Values):
                how = (codec or {}).get(key, "uleb")
                if how == "drop":
                    continue
                value = column(value, how)
            items[key] = value
        for key, value in (change or {}).items():
            items.pop(key, None)
            if value is not None:
                items[key] = value
        known = dict(envelope)
        for key, value in (env or {}).items():
            envelope.pop(key, None)
            if value is not None:
                envelope[key] = value
                if key in known:
                    known[key] = value
        if content is None:
            item = dict(envelope)
            item[15] = items
            content = cbor(Tag(55799, item) if number == 1 else item)
        elif callable(content):
            content = content(envelope, items)
        self.seq += 1
        if label is None:
            label = self.labels
        at = self.trace.add(known, content, data, label, wrong)
        if bad:
            self.trace.broken(offset=at - 72 if bad == "label" else at)
        if bad != "chunk":
            self.trace.expect(*lines)
        return at

    def print(self, kind, **fields):
        """A line: keys in the order given."""
        return dict({"kind": kind, "stream": self.name}, **fields)

    def text(self, ident):
        return self.strings.get(ident)

    # -- stream and end --

    def open(self, version=(1, 0), producer="make_vectors 1", clock=0,
             process=None, more=None, start=(0, 0, 0), **kw):
        """Section 5.1. `more`: hooks, settings, boot, session, parent."""
        process = process or {}
        more = more or {}
        names = "pid ppid argv executable python host system".split()
        body = {0: list(version), 1: producer,
                2: {0: clock, 1: self.tick_ns},
                3: {i: process[n] for i, n in enumerate(names)
                    if n in process},
                9: self.uuid, 10: list(start)}
        if self.rss_unit is not None:
            body[2][2] = self.rss_unit
        for key, name in ((4, "boot"), (5, "hooks"), (6, "settings"),
                          (7, "session"), (8, "parent")):
            if name in more:
                body[key] = more[name]

        def shown(name):
            value = more.get(name)
            return value.hex() if isinstance(value, bytes) else value
        line = self.print("stream", version=list(version), producer=producer,
                          tick_ns=self.tick_ns, clock=clock,
                          rss_unit=4096 if self.rss_unit is None
                          else self.rss_unit)
        line.update((n, process.get(n)) for n in names)
        line.update((n, shown(n)) for n in
                    ("boot", "hooks", "settings", "session", "parent"))
        if line["settings"] is not None:    # in the file's order
            line["settings"] = dict(sorted(line["settings"].items(),
                                           key=lambda kv: cbor(kv[0])))
        line.update(uuid=self.uuid.hex(), start=list(start))
        kw.setdefault("lines", [line])
        return self.chunk("stream", 0, 0, 0, body, **kw)

    def end(self, t=0, clean=1, **kw):
        line = self.print("end", chunks=self.seq, records=self.records,
                          lost=self.lost, clean=clean == 1)
        kw.setdefault("lines", [line])
        return self.chunk("end", 0, t, t, {
            0: self.seq, 1: self.records, 2: self.lost, 3: clean}, **kw)

    # -- tables --

    def table(self, kind, rows, keys, show, kw):
        """rows: (id, value of column 1, 2, ...)."""
        rows = [list(r) for r in rows]
        columns = list(zip(*rows)) if rows else [()] * (1 + len(keys))
        body = {0: Values(deltas(list(columns[0])))}
        stored = [list(c) for c in columns]
        if kind == "stack":
            stored[1] = [i - p for i, p in zip(stored[0], stored[1])]
        for i in range(1, len(columns)):
            body[i] = Values(stored[i])
        lines = []
        for row in rows:
            line = self.print(kind, id=row[0])
            for key, value in zip(keys, row[1:]):
                line[key] = self.text(value) if key in show else value
            lines.append(line)
        kw.setdefault("lines", lines)
        return self.chunk(kind, len(rows), 0, 0, body, **kw)

    def string(self, rows, **kw):
        """rows: {id: text}."""
        self.strings.update(rows)
        kw.setdefault("lines", [])
        return self.chunk("string", len(rows), 0, 0, {
            0: Values(deltas(list(rows))), 1: list(rows.values())}, **kw)

    def code(self, *rows, **kw):
        return self.table("code", rows, ("file", "function", "first_line"),
                          ("file", "function"), kw)

    def cfunction(self, *rows, **kw):
        return self.table("cfunction", rows, ("name", "module"),
                          ("name", "module"), kw)

    def type(self, *rows, **kw):
        return self.table("type", rows, ("name", "basic_size", "item_size"),
                          ("name",), kw)

    def stack(self, *rows, **kw):
        return self.table("stack", rows, ("parent", "code", "line"), (), kw)

    def thread(self, *rows, **kw):
        return self.table("thread", rows, ("native_id", "ident", "name"),
                          ("name",), kw)

    def class_(self, *rows, **kw):
        self.classes.update((row[0], row[1:]) for row in rows)
        return self.table("class", rows, ("of", "what", "stack", "type",
                                          "cfunction"), (), kw)

    def anchor(self, *rows, **kw):
        """rows: (tick, mono_ns, real_ns, uncertainty_ns)."""
        ticks, mono, real, unsure = map(list, zip(*rows))
        kw.setdefault("lines", [
            self.print("anchor", time_ns=t * self.tick_ns & M64, mono_ns=m,
                       real_ns=r, uncertainty_ns=u) for t, m, r, u in rows])
        return self.chunk("anchor", len(rows), min(ticks), max(ticks), {
            1: Values(deltas(ticks)), 32: Values(deltas(mono)),
            33: Values(zigzags(real)), 34: Values(unsure)}, **kw)

    # -- records --

    def records_chunk(self, kind, rows, body, kw, moment=None):
        """Adds time, ordinal and span; rows have `t` and `line`, a dict."""
        times = [r["t"] for r in rows]
        t0 = kw.pop("t0", min(times) if times else 0)
        t1 = kw.pop("t1", max(times) if times else t0)
        if moment is None:
            body = dict(body)
            body[1] = Values(deltas(times, t0))
        first = self.ordinals.get(NUMBER[kind], 0)
        if (kw.get("env") or {}).get(8) is not None:
            first = kw["env"][8]
        lines = []
        for i, r in enumerate(rows):
            line = self.print(kind, ordinal=first + i & M64,
                              time_ns=r["t"] * self.tick_ns & M64)
            line.update(r["line"])
            lines.append(line)
        kw.setdefault("lines", lines)
        return self.chunk(kind, len(rows), t0, t1, body, **kw)

    def optional(self, rows, fields, body):
        """Columns that rows have; all rows have the same ones."""
        for key, number in fields:
            if rows and key in rows[0]:
                body[number] = Values([r[key] for r in rows])

    def rss_column(self, rows, body, kw):
        base = (kw.get("env") or {}).get(10, 0)
        if rows and "rss" in rows[0]:
            body[3] = Values(zigzags([r["rss"] for r in rows], base))

    def rss_bytes(self, r):
        return r["rss"] * (self.rss_unit or 4096) & M64

    def call(self, rows, kind="call", **kw):
        """rows: t, class; may: thread, rss, gap, offset, rss_read."""
        body = {0: Values([r["class"] for r in rows])}
        self.optional(rows, (("thread", 2), ("gap", 4), ("offset", 5),
                             ("rss_read", 11)), body)
        self.rss_column(rows, body, kw)
        dropped = [k for k, c in (kw.get("codec") or {}).items()
                   if c in ("drop", "later")]
        for r in rows:
            line = r["line"] = {}
            for key, number in (("thread", 2), ("class", 0), ("rss", 3),
                                ("gap", 4), ("offset", 5), ("rss_read", 11)):
                if key in r and number not in dropped:
                    line[key] = self.rss_bytes(r) if key == "rss" else r[key]
        return self.records_chunk(kind, rows, body, kw)

    def line(self, rows, **kw):
        return self.call(rows, "line", **kw)

    def address_columns(self, rows, align=0, classes=None):
        """Columns 8, 9, 10 (section 7.2). classes: model 1."""
        latest = {}         # address: record
        release, acquire, explicit = [], [], []
        free = {}           # size class: records given back
        reused = set()
        previous = 0
        for k, r in enumerate(rows, 1):
            address = r["address"]
            before = latest.get(address)
            latest[address] = k
            releasing = r["op"] in FREES
            out = release if releasing else acquire
            if classes is not None and not releasing:
                c = classes[k - 1]
                top = [n for n in free.get(c, ()) if n not in reused]
                # what is reused and lies on top is gone for good
                stack = free.get(c, [])
                if c is not None and top and (
                        rows[top[-1] - 1]["address"] == address):
                    out.append(1)
                    while stack[-1] in reused:
                        stack.pop()
                    stack.pop()
                    continue
            if before is None:
                out.append(0)
                step = signed(address - previous)
                assert step % (1 << align) == 0
                explicit.append(zigzag(step >> align))
                previous = address
                continue
            if releasing or classes is None:
                out.append(k - before)
            else:
                out.append(k - before + 1)
                reused.add(before)
            if releasing and classes is not None:
                c = classes[before - 1]
                if c is not None:
                    free.setdefault(c, []).append(k)
        return {8: Values(release), 9: Values(acquire), 10: Values(explicit)}

    def object(self, rows, **kw):
        """rows: t, class, address; may: thread, rss, gap, size, rss_read."""
        for r in rows:
            r["op"] = ("create", "destroy")[self.classes[r["class"]][1]]
        align = (kw.get("env") or {}).get(11, 0)
        body = {0: Values([r["class"] for r in rows])}
        body.update(self.address_columns(rows, align))
        self.optional(rows, (("thread", 2), ("gap", 4), ("size", 6),
                             ("rss_read", 11)), body)
        self.rss_column(rows, body, kw)
        for r in rows:
            _, _, stack, type_, _ = self.classes[r["class"]]
            line = r["line"] = {"thread": r.get("thread", 0), "op": r["op"],
                                "type": type_, "stack": stack,
                                "address": hex(r["address"])}
            for key in ("rss", "gap", "size", "rss_read"):
                if key in r:
                    line[key] = self.rss_bytes(r) if key == "rss" else r[key]
        return self.records_chunk("object", rows, body, kw)

    def alloc(self, rows, model=0, **kw):
        """rows: t, op, address; may: domain, size, stack, thread, gap."""
        env = kw["env"] = dict(kw.get("env") or {})
        if model:
            env[12] = 1
        classes = None
        if model:
            classes = [size_class(r["size"], r.get("domain", "raw"))
                       if r["op"] in SIZED else None for r in rows]
        body = {14: Values([OPS.index(r["op"]) << 2
                            | DOMAINS.index(r.get("domain", "raw"))
                            for r in rows])}
        body.update(self.address_columns(rows, env.get(11, 0), classes))
        if any("size" in r for r in rows):
            body[6] = Values([r["size"] for r in rows if r["op"] in SIZED])
        self.optional(rows, (("thread", 2), ("gap", 4), ("stack", 7)), body)
        dropped = [k for k, c in (kw.get("codec") or {}).items()
                   if c in ("drop", "later")]
        for r in rows:
            size = None
            if r["op"] in SIZED:
                size = 0 if 6 in dropped else r.get("size", 0)
            r["line"] = {"thread": 0 if 2 in dropped else r.get("thread", 0),
                         "op": r["op"], "domain": r.get("domain", "raw"),
                         "address": hex(r["address"]), "size": size,
                         "stack": 0 if 7 in dropped else r.get("stack", 0)}
            if "gap" in r and 4 not in dropped:
                r["line"]["gap"] = r["gap"]
        return self.records_chunk("alloc", rows, body, kw)

    def sample(self, figures, rows, kind="sample", **kw):
        """figures: [name, unit, sort]; rows: t, values; may: thread, pid."""
        body = {16: [list(f) for f in figures]}
        for i, f in enumerate(figures):
            if rows and f[0] in rows[0]["values"]:
                body[32 + i] = Values(zigzags([r["values"][f[0]]
                                               for r in rows]))
        self.optional(rows, (("thread", 2), ("pid", 15)), body)
        for r in rows:
            line = r["line"] = {k: r[k] for k in ("thread", "pid") if k in r}
            line["values"] = {f[0]: r["values"][f[0]] for f in figures
                              if f[0] in r["values"]}
        return self.records_chunk(kind, rows, body, kw)

    def heap(self, figures, rows, **kw):
        return self.sample(figures, rows, "heap", **kw)

    def snapshot(self, t, name, rows, values=None, **kw):
        """rows: stack, blocks, size; may: type, domain."""
        body = {16: name}
        if values is not None:
            body[17] = [list(v) for v in values]
        self.optional(rows, (("stack", 7), ("blocks", 18), ("size", 6),
                             ("type", 12)), body)
        if rows and "domain" in rows[0]:
            body[13] = Values([number(DOMAINS, r["domain"]) for r in rows])
        for r in rows:
            r["t"] = t
            line = r["line"] = {"name": name,
                                "values": [list(v) for v in values or []]}
            for key in ("stack", "blocks", "size", "type", "domain"):
                if key in r:
                    line[key] = r[key]
        kw.setdefault("t0", t)
        return self.records_chunk("snapshot", rows, body, kw, t)

    def mark(self, rows, **kw):
        """rows: t, text; may: thread."""
        body = {16: [r["text"] for r in rows]}
        self.optional(rows, (("thread", 2),), body)
        for r in rows:
            r["line"] = {"thread": r.get("thread", 0), "text": r["text"]}
        return self.records_chunk("mark", rows, body, kw)

    def gc(self, rows, **kw):
        """rows: t, op, generation; may: thread, collected, ..."""
        body = {14: Values([("start", "stop").index(r["op"])
                            for r in rows])}
        self.optional(rows, (("generation", 19), ("thread", 2),
                             ("collected", 20), ("uncollectable", 21),
                             ("duration_ns", 22)), body)
        for r in rows:
            line = r["line"] = {"thread": r.get("thread", 0), "op": r["op"]}
            for key in ("generation", "collected", "uncollectable",
                        "duration_ns"):
                line[key] = r.get(key, 0)
        return self.records_chunk("gc", rows, body, kw)

    def loss(self, rows, **kw):
        """rows: t, cause (name or number), events."""
        body = {14: Values([number(CAUSES, r["cause"]) for r in rows]),
                23: Values([r["events"] for r in rows])}
        for r in rows:
            r["line"] = {"cause": r["cause"], "events": r["events"]}
        return self.records_chunk("loss", rows, body, kw)

    def live(self, t, of, part, parts, rows, **kw):
        """rows, by rising address: address, stack; may: thread, size, type,
        domain, age (ticks)."""
        body = {16: of, 17: part, 18: parts,
                24: Values(deltas([r["address"] for r in rows]))}
        self.optional(rows, (("stack", 7), ("size", 6), ("type", 12),
                             ("thread", 2), ("age", 25)), body)
        if rows and "domain" in rows[0]:
            body[13] = Values([number(DOMAINS, r["domain"]) for r in rows])
        for r in rows:
            r["t"] = t
            line = r["line"] = {"of": of, "part": part, "parts": parts,
                                "address": hex(r["address"])}
            for key in ("size", "stack", "type", "thread", "domain"):
                if key in r:
                    line[key] = r[key]
            if "age" in r:
                line["age_ns"] = r["age"] * self.tick_ns & M64
        kw.setdefault("t0", t)
        return self.records_chunk("live", rows, body, kw, t)


class Values(list):
    """Values of a column, to be encoded."""


def number(names, value):
    return value if isinstance(value, int) else names.index(value)


def size_class(size, domain):
    """Section 7.2."""
    u = max(-(-size // 16), 1)
    c = u if u < 256 else 256 + u % 256
    small = domain in ("mem", "obj") and size <= 512
    return c if small else c + 512


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
             (4, 11, 0, 3, 0, 0), (5, 12, 0, 2, 1, 0), (6, 12, 1, 2, 1, 0),
             (7, 12, 0, 3, 2, 0), (8, 12, 1, 3, 2, 0))


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
    rows = [(5, 0x7F0000010000), (7, 0x7F0000010040), (6, 0x7F0000010000),
            (5, 0x7F0000010000), (8, 0x7F0000010040), (8, 0x7F00FFFF0000)]
    return [{"t": 200 + 2 * i, "class": c, "address": a, "thread": 1}
            for i, (c, a) in enumerate(rows)]


# ---- valid ---------------------------------------------------------------

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
    s.class_((1, 12, 0, 0, 0, 0), (2, 12, 1, 0, 0, 0),
             codec={3: "drop", 4: "drop", 5: "drop"})
    s.anchor((5, 6, 7, 0), codec={34: "drop"})
    s.call([{"t": 10, "class": 9}])
    s.object([{"t": 11, "class": 1, "address": 16},
              {"t": 12, "class": 2, "address": 16}])
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
def unknown_kind():
    """Kinds 0, 22 and 32767 are skipped and counted."""
    trace, s = begin()
    for n in (0, 22, 32767):
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
                       M64: Tag(60, 7)})
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


@vector("valid")
def two_files():
    """Two traces, one after the other."""
    trace = Trace()
    whole(trace, 1, "first")
    whole(trace, 2, "second")
    return trace


@vector("valid")
def same_file_twice():
    """A trace concatenated with itself: the stream starts again."""
    trace = Trace()
    whole(trace, 1, "again")
    whole(trace, 1, "again")
    return trace


@vector("valid")
def index_after_none():
    """A trace without an index before one that has one."""
    trace = Trace()
    whole(trace, 1, "without", index=False)
    whole(trace, 2, "with")
    return trace


@vector("valid")
def two_streams():
    """Chunks of two streams of different ticks, interleaved."""
    trace = Trace()
    a = Stream(trace, 1, tick_ns=1)
    b = Stream(trace, 2, tick_ns=1000000000)
    a.open()
    b.open()
    a.string({1: "of a"})
    b.string({1: "of b"})
    for i in range(3):
        marks(a, "a%d" % i, t=10 * i)
        a.code((i + 1, 1, 0, i))
        marks(b, "b%d" % i, t=i)
        b.code((i + 1, 1, 0, i))
    b.end(t=9)
    a.end(t=90)
    trace.index()
    return trace


@vector("valid")
def no_index():
    """Labels, no index."""
    trace = Trace()
    whole(trace, 1, "no index", index=False)
    return trace


@vector("valid")
def no_labels():
    """Data frames only."""
    trace = Trace()
    whole(trace, 1, "no labels", index=False, labels=False)
    return trace


@vector("valid")
def several_regions():
    """One stream over three regions, one of them empty; entries of 80."""
    trace, s = begin()
    trace.index()
    trace.index()
    marks(s, "one")
    trace.index(entry_size=80)
    s.end(t=20)
    trace.index()
    return trace


@vector("valid")
def foreign_frames():
    """Skippable frames of others, anywhere but first; in a region too."""
    trace, s = begin()
    trace.data += skippable(0, b"pzstd?")
    trace.data += skippable(14, b"")
    marks(s, "one")
    trace.data += skippable(10, b"PMT")
    trace.data += skippable(15, b"x" * 300 + b"PMTINDEX?")
    s.end(t=20)
    trace.index()
    trace.data += skippable(13, b"behind the index")
    return trace


@vector("valid")
def label_of_later_version():
    """A label of version 2 is not understood; the index lists it still."""
    trace, s = begin()
    marks(s, "one", wrong={"version": 2, "frame_size": 1 << 31,
                           "count": 1000, "kind": 99})
    marks(s, "two", wrong={"flags": 255})
    s.end(t=20)
    trace.index()
    return trace


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


@vector("valid")
def cut_in_frame():
    """Killed while it wrote a data frame."""
    trace, at = cut_trace()
    return cut(trace, len(trace.data) - 5, at - 72)


@vector("valid")
def cut_in_frame_magic():
    """Killed behind the first two bytes of a data frame."""
    trace, at = cut_trace()
    return cut(trace, at + 2, at - 72)


@vector("valid")
def cut_behind_label():
    """Killed between a label and its data frame."""
    trace, at = cut_trace()
    return cut(trace, at, at - 72)


@vector("valid")
def cut_in_label():
    """Killed in a label's body."""
    trace, at = cut_trace()
    return cut(trace, at - 20, at - 72)


@vector("valid")
def cut_in_label_head():
    """Killed in a label's first 8 bytes."""
    trace, at = cut_trace()
    return cut(trace, at - 67, at - 72)


@vector("valid")
def cut_in_magic():
    """Killed behind the first byte of a frame."""
    trace, at = cut_trace()
    return cut(trace, at - 71, at - 72)


@vector("valid")
def cut_in_bare_frame():
    """A data frame without a label is cut in its content."""
    trace, at = cut_trace(labels=False)
    return cut(trace, len(trace.data) - 5, at)


@vector("valid")
def cut_in_bare_head():
    """A data frame without a label is cut in its header."""
    trace, at = cut_trace(labels=False)
    return cut(trace, at + 5, at)


@vector("valid")
def cut_in_index():
    """Killed while it wrote the index."""
    trace, s = begin()
    s.end()
    at = len(trace.data)
    trace.index()
    return cut(trace, len(trace.data) - 40, at)


@vector("valid")
def cut_in_index_head():
    """Killed in the first 8 bytes of the index."""
    trace, s = begin()
    s.end()
    at = len(trace.data)
    trace.index()
    return cut(trace, at + 6, at)


@vector("valid")
def cut_in_foreign_frame():
    """The file ends inside a skippable frame of another."""
    trace, s = begin()
    at = len(trace.data)
    trace.data += skippable(3, b"abc", size=1 << 31)
    return cut(trace, at + 11, at)


@vector("valid")
def cut_to_1_byte():
    """One byte of a label is a truncated trace."""
    trace, s = begin()
    del trace.lines[1:]
    return cut(trace, 1, 0)


@vector("valid")
def cut_at_frame():
    """Killed between two chunks: whole, but the stream has no end."""
    trace, s = begin()
    marks(s, "last")
    return trace


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
           change={11: "new", 99: [1], 3: {9: "new", 0: 5}}, lines=[])
    line = s.print("stream", version=[1, 7], producer="make_vectors 1",
                   tick_ns=1, clock=17, rss_unit=4096, pid=5)
    line.update(dict.fromkeys("ppid argv executable python host system boot "
                              "hooks settings session parent".split()))
    line.update(uuid=s.uuid.hex(), start=[0, 0, 0])
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
    s.class_((1, 12, 0, 0, 7, 0))
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
                              for v in (M64, 0, 1 << 63)])
    s.end(t=M64)
    trace.index()
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


# ---- invalid: the file ---------------------------------------------------

def no_trace(data):
    trace = Trace()
    trace.data += data
    trace.lines = []
    return trace


@vector("invalid")
def empty():
    """An empty file."""
    return no_trace(b"")


@vector("invalid")
def text_file():
    """A text file."""
    return no_trace(b"127.0.0.1 - - [21/Nov/2026] \"GET / HTTP/1.1\" 200\n" * 99)


@vector("invalid")
def random_bytes():
    """Bytes of no meaning."""
    return no_trace(b"".join(hashlib.sha256(b"%d" % i).digest()
                             for i in range(200)))


@vector("invalid")
def zeros():
    """A file of zero bytes."""
    return no_trace(bytes(5000))


@vector("invalid")
def only_an_index():
    """An index of nothing is no trace."""
    trace = no_trace(b"")
    trace.index()
    return trace


@vector("invalid")
def major_version_2():
    """A stream of major version 2 is refused, with its chunks."""
    trace = Trace()
    s = Stream(trace, 1)
    s.open(version=(2, 3), change={2: "changed", 9: None}, lines=[
        {"kind": "refused", "stream": s.name, "version": [2, 3]}])
    marks(s, "not seen", lines=[])
    s.chunk("alloc", 5, 1, 2, {}, lines=[])
    s.end(lines=[])
    trace.index()
    trace.refused = True
    return trace


@vector("invalid")
def major_version_2_among_others():
    """One stream is refused, another is read; labels of the first differ."""
    trace = Trace()
    a = Stream(trace, 1)
    b = Stream(trace, 2)
    a.open()
    b.open(version=(2, 0), lines=[
        {"kind": "refused", "stream": b.name, "version": [2, 0]}])
    marks(a, "seen")
    marks(b, "not seen", lines=[], wrong={"count": 77})
    a.end()
    b.end(lines=[])
    trace.index()
    trace.refused = True
    return trace


@vector("invalid")
def garbage_before():
    """Bytes before the first label."""
    trace = Trace()
    trace.data += b"#!/bin/sh\nexec pmt\n"
    trace.broken(offset=0)
    trace.new_region()
    whole(trace, 1, "found")
    return trace


@vector("invalid")
def index_first():
    """A trace behind the index of nothing."""
    trace = Trace()
    trace.index()
    trace.broken(offset=0)
    whole(trace, 1, "found")
    return trace


@vector("invalid")
def first_bit():
    """The first bit of the file is flipped."""
    trace, s = begin()
    marks(s, "one")
    s.end()
    trace.index()
    trace.data[0] ^= 0x80
    trace.broken(offset=0)
    trace.lines.insert(1, trace.lines.pop())
    return trace


@vector("invalid")
def garbage_between():
    """Bytes between two frames."""
    trace, s = begin()
    trace.broken()
    trace.data += b"what is this, [\x5b\x2a\x4d\x18\x28\xb5\x2f\xfd\x24"
    marks(s, "behind")
    s.end()
    return trace


@vector("invalid")
def garbage_behind():
    """Bytes behind the last frame."""
    trace, s = begin()
    s.end()
    trace.index()
    trace.broken()
    trace.data += b"\n"
    return trace


@vector("invalid")
def overwritten_by_zeros():
    """A label, its data frame and the next label are zeros."""
    trace, s = begin()
    start = len(trace.data)
    lines = len(trace.lines)
    marks(s, "lost")
    at = marks(s, "lost its label")
    del trace.lines[lines]
    trace.data[start:at] = bytes(at - start)
    trace.lines.insert(lines, None)
    line = trace.lines.pop()
    trace.lines.pop()
    trace.broken(offset=start)
    trace.expect(line)
    s.end()
    trace.index()
    return trace


def killed_then_whole(keep, offset):
    """A trace cut at keep(at, end) and a whole one; corrupt at offset(at)."""
    trace, at = cut_trace()
    del trace.data[keep(at, len(trace.data)):]
    trace.broken(offset=offset(at))
    trace.new_region()
    whole(trace, 2, "whole")
    return trace


@vector("invalid")
def killed_in_frame_then_whole():
    """A trace cut in a data frame, then a whole one."""
    return killed_then_whole(lambda at, end: end - 9, lambda at: at)


@vector("invalid")
def killed_behind_label_then_whole():
    """A trace cut behind a label, then a whole one."""
    return killed_then_whole(lambda at, end: at, lambda at: at - 72)


@vector("invalid")
def killed_in_label_then_whole():
    """A trace cut in a label, then a whole one."""
    trace, at = cut_trace()
    del trace.data[at - 30:]
    trace.broken(offset=at - 72)    # the label: its crc is wrong
    trace.broken(offset=at)         # 72 bytes behind it no frame begins; the
    trace.new_region()              # search finds the next data frame
    whole(trace, 2, "whole")
    return trace


@vector("invalid")
def killed_in_index_then_whole():
    """A trace cut in its index, then a whole one."""
    trace = Trace()
    whole(trace, 1, "first", index=False)
    trace.broken()
    trace.data += skippable(12, b"\0" * 50, size=72 * 900 + 32)
    trace.new_region()
    whole(trace, 2, "second")
    return trace


@vector("invalid")
def killed_in_bare_frame_then_whole():
    """A data frame without label is cut, then a whole trace."""
    trace, at = cut_trace(labels=False)
    del trace.data[-9:]
    trace.broken(offset=at)
    whole(trace, 2, "whole", index=False, labels=False)
    return trace


# ---- invalid: labels -----------------------------------------------------

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


def label_is(name, doc, **wrong):
    """The label of a sound chunk is wrong."""
    invalid("label-" + name, doc, lambda trace, s: marks(
        s, "has a wrong label", bad="label", wrong=wrong))


label_is("crc", "A label's crc is wrong.", crc=0x12345678)
label_is("magic", "A label's magic is not PMTL.", magic=b"PMTl")
label_is("kind-differs", "A label gives another kind.", kind=14)
label_is("stream-differs", "A label gives another stream.", stream=5)
label_is("seq-differs", "A label gives another seq.", seq=4444)
label_is("count-differs", "A label gives another count.", count=2)
label_is("t0-differs", "A label gives another t0.", t0=9)
label_is("t1-differs", "A label gives another t1.", t1=11)
label_is("content-size-differs", "A label gives another content_size.",
         content_size=7)
label_is("epoch-differs", "A label gives another epoch.", epoch=1)
label_is("lost-differs", "A label gives another lost.", lost=1)
label_is("frame-size-over-limit", "A label gives 17 MiB and 1.",
         frame_size=(17 << 20) + 1)
label_is("content-size-over-limit", "A label gives 16 MiB and 1.",
         content_size=(1 << 24) + 1)


def flipped(find, byte, bit, bad, count=1):
    """An act: adds marks, flips a bit, reports at `bad` (label or chunk)."""
    def act(trace, s):
        lines = len(trace.lines)
        at = marks(s, *["flipped %d" % i for i in range(count)])
        start = at if find == "chunk" else at - 72
        trace.data[start + byte] ^= bit
        used = trace.lines[lines:]
        del trace.lines[lines:]
        trace.broken(offset=at if bad == "chunk" else at - 72)
        if bad == "label":
            trace.expect(*used)
    return act


invalid("label-magic-nibble", "5B of a label's frame became 5A.",
        flipped("label", 0, 1, "label"))
invalid("label-magic-bit", "5B of a label's frame became DB.",
        flipped("label", 0, 128, "label"))
invalid("label-size-65", "A label's frame is 65 bytes long.",
        flipped("label", 4, 1, "label"))
invalid("label-size-2-31", "A label's frame passes the end of the file.",
        flipped("label", 7, 128, "label"))
invalid("label-flags-bit", "A bit of a label's flags is flipped.",
        flipped("label", 13, 4, "label"))
invalid("label-version-bit", "A bit of a label's version is flipped.",
        flipped("label", 12, 2, "label"))
invalid("label-crc-bit", "A bit of a label's crc is flipped.",
        flipped("label", 71, 16, "label"))


@vector("invalid")
def label_without_frame():
    """A label followed by a label; one at the end by an index."""
    trace, s = begin()
    body = trace.labels[0][1]
    trace.broken()
    trace.data += skippable(11, body)
    marks(s, "behind")
    s.end()
    trace.broken()
    trace.data += skippable(11, body)
    trace.index()
    return trace


@vector("valid")
def label_behind_index():
    """A label is the last frame, behind the index: truncated."""
    trace, s = begin()
    body = trace.labels[0][1]
    s.end()
    trace.index()
    trace.broken("truncated")
    trace.data += skippable(11, body)
    return trace


def frame_is(name, doc, how, label=True, **wrong):
    """A data frame is wrong in itself; its label is right about it."""
    def act(trace, s):
        content = {}

        def keep(envelope, items):
            item = dict(envelope)
            item[15] = items
            content["is"] = cbor(item)
            return content["is"]
        made = len(trace.data), len(trace.labels), len(trace.lines)
        saved = dict(s.ordinals), s.records, s.seq
        marks(s, "in a wrong frame", content=keep)
        del trace.data[made[0]:], trace.labels[made[1]:], trace.lines[made[2]:]
        s.ordinals, s.records, s.seq = saved
        marks(s, "in a wrong frame", data=how(content["is"]), bad="chunk",
              label=label, wrong=wrong)
    invalid("frame-" + name, doc, act, index=label)


frame_is("crc", "frame_crc is wrong, the frame is sound.",
         how=frame, frame_crc=0)
frame_is("size-short", "frame_size is one too small.", how=frame, frame_size=40)
frame_is("checksum", "The content checksum is wrong.",
         how=lambda c: frame(c, checksum=1))
frame_is("checksum-bare", "The same without a label.",
         how=lambda c: frame(c, checksum=1), label=False)
frame_is("without-checksum", "Content_Checksum_flag is 0.",
         how=lambda c: frame(c, descriptor=4)[:-4])
frame_is("without-checksum-bare", "The same without a label.",
         how=lambda c: frame(c, descriptor=4)[:-4], label=False)
frame_is("unused-bit", "The unused bit of the descriptor is set.",
         how=lambda c: frame(c, descriptor=0x10))
frame_is("unused-bit-bare", "The same without a label.",
         how=lambda c: frame(c, descriptor=0x10), label=False)
frame_is("reserved-bit", "The reserved bit of the descriptor is set.",
         how=lambda c: frame(c, descriptor=8))
frame_is("dictionary", "The frame names a dictionary.",
         how=lambda c: frame(c, descriptor=1)[:5] + b"\0" + frame(c)[5:])
frame_is("window", "The frame has a window descriptor.",
         how=lambda c: frame(c, descriptor=0x20)[:5] + b"\x50"
         + frame(c)[5:])
frame_is("window-bare", "The same without a label.",
         how=lambda c: frame(c, descriptor=0x20)[:5] + b"\x50"
         + frame(c)[5:], label=False)
frame_is("without-content-size", "Frame_Content_Size is absent.",
         how=lambda c: b"\x28\xb5\x2f\xfd\x04\x50" + frame(c)[6:])
frame_is("content-size-small", "Frame_Content_Size is one too small.",
         how=lambda c: frame(c, fcs=len(c) - 1))
frame_is("content-size-large", "Frame_Content_Size is one too large.",
         how=lambda c: frame(c, fcs=len(c) + 1))
frame_is("content-size-over-limit", "Frame_Content_Size is 2^24 + 1.",
         how=lambda c: frame(c, fcs=(1 << 24) + 1))
frame_is("content-size-2-40", "Frame_Content_Size is 2^40.",
         how=lambda c: frame(c, fcs=1 << 40))
frame_is("content-size-2-40-bare", "The same without a label.",
         how=lambda c: frame(c, fcs=1 << 40), label=False)
BOMB = [(1, 1 << 17, b"\0")] * 5000
frame_is("bomb", "2^24 bytes are declared, 655 million are made.",
         how=lambda c: frame(b"", fcs=1 << 24, parts=BOMB))
frame_is("bomb-small", "100 bytes are declared, 655 million are made.",
         how=lambda c: frame(b"", fcs=100, parts=BOMB))
frame_is("bomb-bare", "2^24 bytes are declared; without a label.",
         how=lambda c: frame(b"", fcs=1 << 24, parts=BOMB), label=False)
frame_is("block-type-3", "A block has the reserved type.",
         how=lambda c: frame(c, parts=[(3, len(c), c)]))
frame_is("block-type-3-bare", "The same without a label.",
         how=lambda c: frame(c, parts=[(3, len(c), c)]), label=False)
frame_is("without-content", "The frame has no content.",
         how=lambda c: frame(b""))
frame_is("without-content-bare", "The same without a label.",
         how=lambda c: frame(b""), label=False)
frame_is("not-cbor-bare", "The frame is sound, its content is none; bare.",
         how=lambda c: frame(b"\xff not CBOR"), label=False)

invalid("frame-magic-bit", "A bit of a data frame's magic is flipped.",
        flipped("chunk", 2, 1, "chunk"))
invalid("frame-content-bit", "A bit of a data frame's content is flipped.",
        flipped("chunk", 30, 1, "chunk"))
invalid("frame-block-size-bit", "A bit of a block's size is flipped.",
        flipped("chunk", 8, 128, "chunk"))
invalid("frame-descriptor-bit", "A bit of the descriptor is flipped.",
        flipped("chunk", 4, 16, "chunk"))


@vector("invalid")
def frame_magic_bit_bare():
    """A data frame without a label has a damaged magic."""
    trace, s = begin(labels=False)
    at = marks(s, "lost", bad="chunk")
    trace.data[at] ^= 1
    s.end()
    return trace


@vector("invalid")
def frame_block_size_bit_bare():
    """A block's size makes a frame without a label pass the end."""
    trace, s = begin(labels=False)
    at = marks(s, "lost", bad="chunk")
    trace.data[at + 8] ^= 128
    s.end()
    return trace


@vector("invalid")
def frame_size_past_end():
    """A sound label gives a frame_size that passes the end of the file."""
    trace, s = begin()
    marks(s, "lost", bad="chunk", wrong={"frame_size": 1 << 20})
    marks(s, "found")
    s.end()
    trace.index()
    return trace


# ---- invalid: the index --------------------------------------------------

def index_is(name, doc, make):
    """The index of the first of two traces is wrong."""
    def function():
        trace = Trace()
        whole(trace, 1, "first", index=False)
        trace.start = 0
        trace.labels = labels_of(trace)
        trace.broken()
        make(trace)
        trace.new_region()
        whole(trace, 2, "second")
        return trace
    VECTORS.append(("invalid", "index-" + name, doc, function))


def labels_of(trace):
    """The labels of a trace that holds nothing but labelled frames."""
    found = []
    at = 0
    while at < len(trace.data):
        body = bytes(trace.data[at + 8:at + 72])
        found.append((at, body))
        at += 72 + LABEL.unpack(body)[10]
    return found


def with_entries(change):
    def make(trace):
        entries = list(trace.labels)
        change(entries)
        trace.index(entries=entries)
    return make


def index_flip(byte, bit):
    """Of the index's frame; negative: from its end."""
    def make(trace):
        at = len(trace.data)
        trace.index()
        trace.data[byte if byte < 0 else at + byte] ^= bit
    return make


def wrong_label(entries):
    offset, body = entries[1]
    body = body[:20] + b"\x09" + body[21:60]
    entries[1] = offset, body + struct.pack("<I", crc32c(body))


index_is("crc", "The index's crc is wrong.", lambda t: t.index(crc=1))
index_is("magic", "The index's trailer has another magic.",
         lambda t: t.index(magic=b"PMTINDEx"))
index_is("reserved", "A bit of the trailer's reserved field is set.",
         index_flip(-10, 64))
index_is("frame-magic-nibble", "5C of the index's frame became 5D.",
         index_flip(0, 1))
index_is("frame-magic-bit", "5C of the index's frame became 1C.",
         index_flip(0, 64))
index_is("size-bit", "The index's frame is 1 byte longer than it is.",
         index_flip(4, 1))
index_is("size-2-31", "The index's frame is over 64 MiB.", index_flip(7, 128))
index_is("size-2-20", "The index's frame passes the end of the file.",
         index_flip(6, 16))
index_is("size-8", "The index's frame has 8 bytes.",
         lambda t: t.data.extend(skippable(12, b"PMTINDEX")))
index_is("count", "The index's count is one too great.",
         lambda t: t.index(count=len(t.labels) + 1))
index_is("entry-size", "The index's entry_size is 71.",
         lambda t: index_71(t))
index_is("offset", "An offset in the index is wrong.", with_entries(
    lambda e: e.__setitem__(1, (e[1][0] + 1, e[1][1]))))
index_is("label", "A label in the index differs from the one in the file.",
         with_entries(wrong_label))
index_is("entry-missing", "The index does not list a data frame.",
         with_entries(lambda e: e.pop(1)))
index_is("entry-twice", "The index lists a data frame twice.",
         with_entries(lambda e: e.insert(1, e[1])))
index_is("region-too-long", "The region begins before the file.",
         lambda t: t.index(region=len(t.data) + 1))
index_is("region-at-no-frame", "The region begins inside a frame.",
         lambda t: t.index(region=len(t.data) - 1))


def index_71(trace):
    """72 entries of 71 bytes."""
    body = bytes(72 * 71) + struct.pack("<QII", len(trace.data), 72, 71)
    trace.data += skippable(12, body + struct.pack(
        "<II8s", crc32c(body), 0, b"PMTINDEX"))


@vector("invalid")
def index_over_index():
    """A region that holds another index."""
    trace, s = begin()
    trace.index()
    marks(s, "more")
    s.end()
    trace.broken()
    trace.start = 0
    trace.index(entries=[])
    return trace


@vector("invalid")
def index_of_bare_frame():
    """A region that holds a data frame without a label."""
    trace, s = begin()
    marks(s, "bare", label=False)
    s.end()
    trace.broken()
    trace.index()
    return trace


@vector("invalid")
def index_passes_the_end():
    """The last index's size is wrong, but the file ends as it must."""
    trace, s = begin()
    s.end()
    at = len(trace.data)
    trace.index()
    trace.data[at + 5] ^= 64
    trace.broken(offset=at)
    return trace


@vector("invalid")
def index_and_damage():
    """A sound index is not compared where its region is damaged."""
    trace, s = begin()
    marks(s, "lost", bad="chunk", wrong={"frame_crc": 0})
    s.end()
    trace.index(entries=[])
    return trace


# ---- invalid: CBOR -------------------------------------------------------

def content_is(name, doc, make):
    """The content of a frame: make(item), where item is a sound chunk."""
    def act(trace, s):
        def content(envelope, items):
            item = dict(envelope)
            item[15] = items
            return make(item)
        marks(s, "wrong", content=content, bad="chunk")
    invalid("cbor-" + name, doc, act)


def with_key(value, key=100):
    """A sound chunk but for the item at an unknown key."""
    def make(item):
        item[key] = Raw(value)
        return cbor(item)
    return make


content_is("two-items", "Two items in a frame.", lambda i: cbor(i) + cbor(i))
content_is("byte-behind", "A byte behind the item.", lambda i: cbor(i) + b"\0")
content_is("cut", "The item ends early.", lambda i: cbor(i)[:-1])
content_is("cut-head", "The item ends in a head.",
           lambda i: b"\xb8")
content_is("array", "The chunk is an array.", lambda i: cbor([i]))
content_is("integer", "The chunk is an integer.", lambda i: cbor(7))
content_is("tagged", "A mark chunk in tag 55799.",
           lambda i: cbor(Tag(55799, i)))
content_is("other-tag", "A chunk in another tag.",
           lambda i: cbor(Tag(55798, i)))
content_is("indefinite-map", "A map of indefinite length.",
           lambda i: b"\xbf" + cbor(i)[1:] + b"\xff")
content_is("indefinite-array", "An array of indefinite length.",
           with_key(b"\x9f\x00\xff"))
content_is("indefinite-bytes", "A byte string of indefinite length.",
           with_key(b"\x5f\x41\x00\xff"))
content_is("indefinite-text", "A text string of indefinite length.",
           with_key(b"\x7f\x61\x61\xff"))
content_is("break", "A break on its own.", with_key(b"\xff"))
for n in (28, 29, 30):
    content_is("head-%d" % n, "A reserved head.", with_key(bytes([n])))
content_is("simple-24", "A simple value below 32 in two bytes.",
           with_key(b"\xf8\x14"))
content_is("nesting-9", "Nine levels.", with_key(b"\x81" * 8 + b"\x00"))
content_is("nesting-9-empty", "The ninth level is an empty map.",
           with_key(b"\x81" * 7 + b"\xa0"))
content_is("nesting-9-tags", "Nine levels of tags.",
           with_key(b"\xd8\x3c" * 8 + b"\x00"))
content_is("nesting-10000", "Ten thousand levels.",
           with_key(b"\x81" * 10000 + b"\x00"))
content_is("items-over-limit", "2^20 and 1 items.", with_key(
    cbor_head(4, (1 << 20) - 27) + bytes((1 << 20) - 27)))
content_is("string-10-GB", "A byte string that claims 10 GB.",
           with_key(cbor_head(2, 10 ** 10)))
content_is("text-2-64", "A text string that claims 2^64 - 1 bytes.",
           with_key(cbor_head(3, M64)))
content_is("array-2-60", "An array that claims 2^60 items.",
           with_key(cbor_head(4, 1 << 60)))
content_is("map-2-63", "A map that claims 2^63 pairs.",
           with_key(cbor_head(5, 1 << 63)))
content_is("tag-of-nothing", "A tag at the end of the chunk.",
           lambda i: cbor_head(5, 1) + b"\x00\xd9\xd9\xf7")
content_is("not-utf-8", "A text string that is not UTF-8, in an unknown key.",
           with_key(b"\x62\xc3\x28"))
content_is("surrogate", "A surrogate in a text string.",
           with_key(b"\x63\xed\xa0\x80"))
content_is("over-long-utf-8", "An over-long form in a text string.",
           with_key(b"\x62\xc0\x80"))
content_is("text-over-limit", "A text string of 65537 bytes.",
           with_key(cbor("x" * 65537)))


@vector("invalid")
def cbor_stream_without_tag():
    """A stream chunk without its tag."""
    trace = Trace()
    s = Stream(trace, 1)

    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        return cbor(item)
    s.open(content=content, bad="chunk")
    marks(s, "used")
    s.end()
    return trace


# ---- invalid: the envelope -----------------------------------------------

def envelope_is(name, doc, **kw):
    invalid("envelope-" + name, doc,
            lambda trace, s: marks(s, "wrong", bad="chunk", **kw))


for key in (0, 1, 2, 3, 4, 5, 7, 8, 9):
    envelope_is("key-%d-missing" % key, "Envelope key %d is missing." % key,
                env={key: None})


def key_is(key, value):
    """content: the envelope's key replaced (the label keeps the right one)."""
    def content(envelope, items):
        item = dict(envelope)
        item[15] = items
        item[key] = value
        return cbor(item)
    return content


for key, value in ((0, "17"), (1, -1), (2, b"\1"), (3, [1]), (4, True),
                   (5, Tag(2, b"\x20")), (7, Raw(b"\xf9\x3c\x00")),
                   (8, {1: 1}), (9, None), (10, -5), (11, "4"), (12, -1),
                   (13, 1), (15, [])):
    envelope_is("key-%d-type" % key, "Envelope key %d has a wrong type." % key,
                content=key_is(key, value))
envelope_is("key-15-missing", "There is no body.",
            content=lambda e, i: cbor(e))
envelope_is("key-twice", "Envelope key 2 stands twice.",
            content=lambda e, i: cbor_head(5, len(e) + 2) + cbor(e)[1:]
            + cbor(15) + cbor(i) + b"\x02\x02")
envelope_is("body-twice", "Two bodies.",
            content=lambda e, i: cbor_head(5, len(e) + 2) + cbor(e)[1:]
            + (cbor(15) + cbor(i)) * 2)
envelope_is("count-over-limit", "A count of 65537.",
            content=key_is(3, 65537))
envelope_is("count-2-60", "A claim of 2^60 records.",
            content=key_is(3, 1 << 60))
envelope_is("count-too-great", "A count of one more than there are.",
            content=key_is(3, 2))
envelope_is("t1-before-t0", "t1 is earlier than t0.", content=key_is(5, 9))
envelope_is("kind-2-32", "A kind of 2^32.", content=key_is(0, 1 << 32))
envelope_is("align-5", "align is 5.", content=key_is(11, 5))
envelope_is("model-2", "model is 2.", content=key_is(12, 2))
envelope_is("model-1-in-mark", "model is 1 in another kind than alloc.",
            content=key_is(12, 1))
envelope_is("features-empty", "features is an empty array.",
            content=key_is(13, []))
envelope_is("features-type", "A feature is a text.",
            content=key_is(13, ["x"]))
invalid("envelope-unknown-kind-body", "An unknown kind's body is no map.",
        lambda trace, s: s.chunk(22, 1, 1, 1, {}, bad="chunk",
                                 content=key_is(15, 7)))
invalid("envelope-unknown-kind-t1", "An unknown kind's t1 < t0.",
        lambda trace, s: s.chunk(22, 1, 2, 1, {}, bad="chunk"))
invalid("envelope-object-model-1", "model is 1 in object.",
        lambda trace, s: s.object(object_rows(), env={12: 1}, bad="chunk"),
        full=True)
invalid("envelope-end-count", "The count of an end chunk is 1.",
        lambda trace, s: s.end(content=key_is(3, 1), bad="chunk"))


# ---- invalid: columns ----------------------------------------------------

def column_is(name, doc, item, key=4):
    """Column `key` of a line chunk of 4 rows."""
    invalid("column-" + name, doc, lambda trace, s: s.line(
        [{"t": 50 + i, "class": 4, "gap": 0} for i in range(4)],
        change={key: item}, bad="chunk"))


column_is("text", "A column is a text string.", "abcd")
column_is("negative", "A constant is negative.", -1)
column_is("float", "A constant is a float.", Raw(b"\xf9\x3c\x00"))
column_is("true", "A constant is true.", True)
column_is("null", "A column is null.", Raw(b"\xf6"))
column_is("big-integer", "A constant is a big integer (tag 2).",
          Tag(2, b"\1" + bytes(8)))
column_is("map", "A column is a map.", {})
column_is("uleb-short", "ULEB128: a value is missing.", b"\1\2\3")
column_is("uleb-long", "ULEB128: a value is left.", b"\1\2\3\4\5")
column_is("uleb-cut", "ULEB128: the last value ends early.", b"\1\2\3\x84")
column_is("uleb-11-bytes", "ULEB128 of 11 bytes.",
          b"\1\2\3" + b"\x80" * 10 + b"\0")
column_is("uleb-2-64", "ULEB128 of 2^64.",
          b"\1\2\3" + b"\x80" * 9 + b"\x02")
column_is("u8-short", "u8: a byte is missing.", Tag(64, b"abc"))
column_is("u8-long", "u8: a byte is left.", Tag(64, b"abcde"))
column_is("u16-odd", "u16: 7 bytes for 4 rows.", Tag(69, b"abcdefg"))
column_is("u64-short", "u64: 3 values for 4 rows.", Tag(71, bytes(24)))
column_is("u16-big-endian", "Tag 65: big-endian is no codec.",
          Tag(65, bytes(8)))
column_is("s16", "Tag 77: signed is no codec.", Tag(77, bytes(8)))
column_is("fixed-of-text", "Tag 64 on a text string.", Tag(64, "abcd"))
column_is("planes-9", "Planes of width 9.", [3, bytes(36)])
column_is("planes-0", "Planes of width 0.", [3, b""])
column_is("planes-uneven", "Planes: no multiple of the rows.", [3, bytes(7)])
column_is("planes-alone", "Planes without bytes.", [3])
column_is("planes-and-more", "Planes with a third item.", [3, bytes(4), 0])
column_is("planes-of-text", "Planes of a text string.", [3, "abcd"])
column_is("runs-short", "Runs that sum to 3.", [4, b"\2\0"])
column_is("runs-long", "Runs that sum to 5.", [4, b"\4\0"])
column_is("runs-odd", "A run without a value.", [4, b"\3\0\0"])
column_is("runs-2-64", "A run of 2^64 rows.",
          [4, b"\xff" * 9 + b"\1\0" + b"\3\0"])
column_is("runs-none", "Runs for no row.", [4, b""])
column_is("codec-2", "An array of codec 2.", [2, bytes(4)])
column_is("codec-0", "An array of codec 0.", [0, 1])
column_is("codec-negative", "An array of codec -5.", [-5, 1])
column_is("codec-text", "An array of codec \"5\".", ["5", 1])
column_is("empty-array", "An empty array.", [])
column_is("missing", "Column 0 is missing.", None, key=0)
column_is("time-missing", "Column 1 is missing.", None, key=1)
column_is("after-t1", "A tick is later than t1.", b"\0\1\1\2", key=1)
column_is("time-2-64", "The ticks pass 2^64.",
          [3, b"\xff" * 32], key=1)
column_is("u8-empty", "u8: no bytes for 4 rows.", Tag(64, b""))
invalid("column-twice", "A column stands twice.",
        lambda trace, s: s.line(
            [{"t": 50, "class": 4}], bad="chunk",
            content=lambda e, i: cbor_head(5, len(e) + 1) + cbor(e)[1:]
            + cbor(15) + cbor_head(5, len(i) + 1) + cbor(i)[1:] + b"\x01\x00"))
invalid("column-0-rows", "A byte in a column of no rows.",
        lambda trace, s: s.chunk("gc", 0, 5, 5, {14: b"\0"}, bad="chunk"))
invalid("column-0-rows-planes", "Planes of a byte for no rows.",
        lambda trace, s: s.chunk("gc", 0, 5, 5, {14: [3, b"\0"]},
                                 bad="chunk"))


# ---- invalid: tables and records -----------------------------------------

def bad(name, doc, method, *rows, **kw):
    """A chunk of a kind is wrong: Stream.method(*rows, **kw)."""
    def act(trace, s):
        strings, classes = dict(s.strings), dict(s.classes)
        made = [r() if callable(r) else r for r in rows]
        getattr(s, method)(*made, bad="chunk", **dict(kw))
        s.strings, s.classes = strings, classes
    invalid(name, doc, act, full=method in ("object", "code"))


bad("string-count-short", "A string is missing.", "string", {50: "a", 51: "b"},
    change={1: ["a"]})
bad("string-count-long", "A string is left.", "string", {50: "a"},
    change={1: ["a", "b"]})
bad("string-not-text", "A string is a number.", "string", {50: "a"},
    change={1: [7]})
bad("string-tagged", "A string is in a tag.", "string", {50: "a"},
    change={1: [Tag(32, "a")]})
bad("string-no-array", "The strings are no array.", "string", {50: "a"},
    change={1: "a"})
bad("string-missing", "There are no strings.", "string", {50: "a"},
    change={1: None})
bad("string-over-limit", "A byte string for a text of 65537 bytes.", "string",
    {50: "\udcff" * 65537})
bad("id-0", "An id of 0.", "code", (0, 1, 1, 1))
bad("id-twice", "An id twice in a chunk.", "code", (3, 1, 1, 1), (3, 1, 1, 1))
bad("id-missing", "A table without ids.", "code", (3, 1, 1, 1),
    codec={0: "drop"})
bad("id-over-limit", "An id of 2^24.", "code", (1 << 24, 1, 1, 1))
bad("id-2-64", "Ids that pass 2^64.", "code", (3, 1, 1, 1), (2, 1, 1, 1))
bad("stack-parent-is-itself", "id - parent is 0.", "stack", (9, 9, 1, 1))
bad("stack-parent-below-0", "id - parent is more than the id.", "stack",
    (9, -1, 1, 1))
bad("stack-parent-missing", "A stack table without parents.", "stack",
    (9, 1, 1, 1), codec={1: "drop"})
bad("anchor-without-clock", "An anchor without monotonic time.", "anchor",
    (5, 6, 7, 8), codec={32: "drop"})
bad("anchor-after-t1", "An anchor behind t1.", "anchor", (5, 6, 7, 8),
    change={1: 6})
bad("anchor-before-t0", "An anchor before t0.", "anchor", (5, 6, 7, 8),
    change={1: 4})


for name, method, row, key in (
        ("code", "code", (1, 1, 1, 1), 2), ("type", "type", (1, 1, 1, 1), 1),
        ("cfunction", "cfunction", (1, 1, 1), 2),
        ("stack", "stack", (1, 0, 1, 1), 2),
        ("thread", "thread", (1, 1, 1, 1), 3),
        ("class-stack", "class_", (60, 12, 0, 1, 1, 1), 3),
        ("class-type", "class_", (60, 12, 0, 1, 1, 1), 4),
        ("class-cfunction", "class_", (60, 12, 0, 1, 1, 1), 5)):
    bad("refers-over-limit-" + name, "A table refers to id 2^24.", method,
        row, change={key: 1 << 24})
bad("refers-over-limit-call-class", "A class of 2^24.", "call", call_rows,
    change={0: 1 << 24})
bad("refers-over-limit-call-thread", "A thread of 2^24.", "call", call_rows,
    change={2: M64})
bad("refers-over-limit-alloc-stack", "A stack of 2^24.", "alloc", alloc_rows,
    change={7: 1 << 24})
bad("refers-over-limit-alloc-thread", "A thread of 2^32.", "alloc",
    alloc_rows, change={2: 1 << 32})


def alloc_is(name, doc, rows=None, **kw):
    bad("alloc-" + name, doc, "alloc", rows or alloc_rows, **kw)


def pairs():
    """Made, given back, made: in model 1 predicted."""
    return [{"t": 1, "op": op, "address": 64, "size": 10, "domain": "obj"}
            for op in ("malloc", "free", "malloc")]


alloc_is("op-6", "Op 6.", change={14: b"\4" * 11 + b"\x18"})
alloc_is("op-8", "Column 14 is 32.", change={14: b"\4" * 11 + b"\x20"})
alloc_is("op-constant", "Column 14 is a constant of 2^64 - 1.",
         change={14: M64})
alloc_is("op-missing", "Column 14 is missing.", change={14: None})
alloc_is("release-missing", "Column 8 is missing.", change={8: None})
alloc_is("acquire-missing", "Column 9 is missing.", change={9: None})
alloc_is("explicit-missing", "Column 10 is missing.", change={10: None})
alloc_is("explicit-short", "An explicit address is missing.", pairs,
         change={10: b""})
alloc_is("explicit-long", "An explicit address is left.", pairs,
         change={10: b"\1\1"})
alloc_is("size-short", "A size is missing.", pairs, change={6: b"\1"})
alloc_is("size-long", "A size for a record that has none.", pairs,
         change={6: b"\1\1\1"})
alloc_is("before-record-1", "A reference to record 0.", pairs,
         change={8: b"\2"})
alloc_is("before-record-1-far", "A reference of 2^64 - 1.", pairs,
         change={8: M64})
alloc_is("before-record-1-first", "Record 1 refers.", pairs,
         change={9: b"\1\1", 10: None})
alloc_is("before-record-1-model-1", "Record 3 refers to record 0.", pairs,
         model=1, change={9: b"\0\4"})
alloc_is("before-record-1-released-model-1", "Record 2 refers to record 0.",
         pairs, model=1, change={8: b"\2"})
alloc_is("empty-stack", "The prediction is from an empty stack.", pairs,
         model=1, change={9: b"\1\2", 10: None})
alloc_is("other-stack", "The prediction is of another size class.",
         lambda: [dict(r, size=10 if i < 2 else 17)
                  for i, r in enumerate(pairs())],
         model=1, change={9: b"\0\1"})
alloc_is("reused", "What would be predicted was marked as reused.",
         lambda: pairs() + pairs()[2:], model=1, change={9: b"\0\2\1"})
alloc_is("predicted-without-size", "A realloc_undo is predicted.",
         lambda: [dict(r, op=op) for r, op in zip(
             pairs(), ("malloc", "realloc_free", "realloc_undo"))],
         model=1, change={9: b"\0\1"})
alloc_is("model-1-without-sizes", "Model 1 without column 6.", pairs,
         model=1, change={6: None})
alloc_is("without-ordinal", "Envelope key 8 is missing.", pairs,
         env={8: None})
bad("object-class-not-stated", "A class that is not stated.", "object",
    object_rows, change={0: [3, b"\5\7\6\5\x08\x63"]})
bad("object-class-of-call", "A class of another kind.", "object",
    object_rows, change={0: [3, b"\5\7\6\5\x08\1"]})
bad("object-before-record-1", "A reference to before record 1.", "object",
    object_rows, change={8: b"\7\1\0"})


@vector("invalid")
def object_class_what_2():
    """A class of object whose `what` is neither create nor destroy."""
    def act(trace, s):
        s.class_((50, 12, 2, 0, 0, 0))
        s.chunk("object", 1, 5, 5, {0: 50, 1: 0, 8: b"", 9: b"\0",
                                    10: b"\2"}, bad="chunk")
    return around(act)


@vector("invalid")
def object_class_dropped():
    """The class chunk is damaged, so the objects are not readable."""
    trace, s = begin()
    s.class_((5, 12, 0, 0, 0, 0), bad="chunk", wrong={"frame_crc": 1})
    s.object([{"t": 1, "class": 5, "address": 16}], bad="chunk")
    s.end()
    return trace


bad("call-class-missing", "A call chunk without column 0.", "call",
    call_rows, codec={0: "drop"})
bad("mark-text-missing", "A mark's text is missing.", "mark",
    lambda: [{"t": 1, "text": "a"}, {"t": 2, "text": "b"}],
    change={16: ["a"]})
bad("mark-text-left", "A text without a mark.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: ["a", "b"]})
bad("mark-no-texts", "A mark chunk without texts.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: None})
bad("mark-text-type", "A mark's text is a number.", "mark",
    lambda: [{"t": 1, "text": "a"}], change={16: [1]})
bad("gc-op-2", "Op 2.", "gc",
    lambda: [{"t": 1, "op": "stop", "generation": 1}], change={14: 2})
bad("gc-generation-missing", "A gc chunk without column 19.", "gc",
    lambda: [{"t": 1, "op": "stop", "generation": 1}], codec={19: "drop"})
bad("loss-cause-missing", "A loss chunk without column 14.", "loss",
    lambda: [{"t": 1, "cause": "io", "events": 1}], codec={14: "drop"})

FIGURES = ([["a", "", 0], ["b", "", 1]],
           lambda: [{"t": 1, "values": {"a": 1, "b": 2}}])
bad("sample-without-figures", "Body key 16 is missing.", "sample", *FIGURES,
    change={16: None})
bad("sample-figure-twice", "Two figures of one name.", "sample", *FIGURES,
    change={16: [["a", "", 0], ["a", "x", 0]]})
bad("sample-figure-of-2", "A figure without its sort.", "sample", *FIGURES,
    change={16: [["a", ""], ["b", "", 0]]})
bad("sample-figure-type", "A figure's sort is a text.", "sample", *FIGURES,
    change={16: [["a", "", "0"], ["b", "", 0]]})
bad("sample-figures-over-limit", "1025 figures.", "sample", *FIGURES,
    change={16: [["f%d" % i, "", 0] for i in range(1025)]})
bad("heap-values-over-limit", "17 figures of 65536 records.", "chunk", "heap",
    65536, 5, 5, {1: 0, 16: [["f%d" % i, "", 0] for i in range(17)]})
SNAP = (5, "name", lambda: [{"stack": 1, "blocks": 1, "size": 1}])
bad("snapshot-t0-is-not-t1", "t0 and t1 differ.", "snapshot", *SNAP, t1=6)
bad("snapshot-without-name", "There is no name.", "snapshot", *SNAP,
    change={16: None})
bad("snapshot-without-blocks", "Column 18 is missing.", "snapshot", *SNAP,
    change={18: None})
bad("snapshot-value-over-limit", "A value of 2^63.", "snapshot", *SNAP,
    change={17: [["a", "", 1 << 63]]})
bad("snapshot-value-under-limit", "A value of -2^63 - 1.", "snapshot", *SNAP,
    change={17: [["a", "", -1 - (1 << 63)]]})
bad("snapshot-values-over-limit", "1025 values.", "snapshot", *SNAP,
    change={17: [["a", "", 1]] * 1025})
LIVES = (5, 13, 0, 1, lambda: [{"address": 1, "stack": 1}])
bad("live-t0-is-not-t1", "t0 and t1 differ.", "live", *LIVES, t1=6)
bad("live-without-part", "Body key 17 is missing.", "live", *LIVES,
    change={17: None})
bad("live-without-address", "Column 24 is missing.", "live", *LIVES,
    change={24: None})
for n in range(4):
    bad("end-without-%d" % n, "Body key %d of end is missing." % n, "end",
        change={n: None})


def stream_is(name, doc, change):
    """The header of a second stream is wrong; its chunks are used."""
    def act(trace, s):
        other = Stream(trace, 2, tick_ns=3)
        other.open(change=change, bad="chunk")
        other.tick_ns = 1
        marks(other, "used")
        other.end(t=30)
    invalid("stream-" + name, doc, act)


stream_is("without-version", "Body key 0 is missing.", {0: None})
stream_is("version-of-1", "The version is one number.", {0: [1]})
stream_is("version-text", "The version is a text.", {0: "1.0"})
stream_is("without-producer", "Body key 1 is missing.", {1: None})
stream_is("without-clock", "Body key 2 is missing.", {2: None})
stream_is("clock-without-tick", "The clock has no tick_ns.", {2: {0: 0}})
stream_is("tick-0", "tick_ns is 0.", {2: {0: 0, 1: 0}})
stream_is("tick-over-limit", "tick_ns is 10^9 + 1.",
          {2: {0: 0, 1: 10 ** 9 + 1}})
stream_is("rss-unit-0", "rss_unit is 0.", {2: {0: 0, 1: 1, 2: 0}})
stream_is("without-process", "Body key 3 is missing.", {3: None})
stream_is("pid-text", "The pid is a text.", {3: {0: "1"}})
stream_is("argv-number", "argv holds a number.", {3: {2: ["a", 1]}})
stream_is("boot-15", "The boot id has 15 bytes.", {4: bytes(15)})
stream_is("hooks-text", "hooks is a text.", {5: "alloc:raw"})
stream_is("settings-number", "A setting is a number.", {6: {"a": 1}})
stream_is("settings-twice", "A setting stands twice.",
          {6: Raw(b"\xa2\x61a\x61b\x61a\x61c")})
stream_is("session-text", "The session is a text.", {7: "s" * 16})
stream_is("without-uuid", "Body key 9 is missing.", {9: None})
stream_is("uuid-of-another", "The UUID's first bytes are not key 1.",
          {9: bytes(16)})
stream_is("without-start", "Body key 10 is missing.", {10: None})
stream_is("start-of-2", "start has two numbers.", {10: [1, 2]})
stream_is("start-2-63", "The real time at the start is 2^63.",
          {10: [1, 1 << 63, 3]})
stream_is("start-negative", "The monotonic time is negative.",
          {10: [-1, 2, 3]})


# ---- the annex of trace-format.md ----------------------------------------

ENVELOPE = {0: "kind", 1: "stream", 2: "seq", 3: "count", 4: "t0", 5: "t1",
            7: "epoch", 8: "ordinal", 9: "lost", 10: "rss0", 11: "align",
            12: "model", 13: "features"}
BODY = {
    "stream": {0: "version", 1: "producer", 2: "clock", 3: "process",
               5: "hooks", 9: "uuid", 10: "start"},
    "string": {0: "ids, each as difference: 1, 2", 1: "the strings"},
    "code": {0: "id 1", 1: "file: string 1", 2: "function: string 2",
             3: "first line"},
    "stack": {0: "ids 1, 2", 1: "id - parent: 1 has none, 2 has 1",
              2: "code ids", 3: "lines"},
    "thread": {0: "id 1", 1: "native id", 2: "ident", 3: "no name"},
    "alloc": {1: "time: since t0, then since the record before",
              2: "thread, constant: 1 in all records",
              6: "size of records 1, 2 and 4: 56, 300, 64",
              7: "stack, u8: of each record",
              8: "release, record 3: d = 2, the address of record 1",
              9: "acquire, records 1, 2, 4: explicit, explicit, predicted "
                 "(class 4)",
              10: "explicit: 0x7f5512340010, + 0x10000; zigzag, >> 4",
              14: "op, runs: 2 of malloc obj, 1 of free obj, 1 of malloc "
                  "obj"},
    "end": {0: "chunks before this one", 1: "records", 2: "lost",
            3: "stopped as meant"},
}


def item_end(data, at):
    """End of the CBOR item at `at`."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        size = 1 << info - 24
        info = int.from_bytes(data[at:at + size], "big")
        at += size
    if major in (2, 3):
        return at + info
    for _ in range({4: info, 5: 2 * info, 6: 1}.get(major, 0)):
        at = item_end(data, at)
    return at


def plain_value(data):
    """A short item as people write it."""
    major, info = data[0] >> 5, data[0] & 31
    at = 1
    if info >= 24:
        size = 1 << info - 24
        info = int.from_bytes(data[1:1 + size], "big")
        at += size
    if major == 0:
        return "%d" % info
    if major == 3:
        return '"%s"' % data[at:].decode()
    return {2: "%d bytes" % info, 4: "array of %d" % info,
            5: "map of %d" % info, 6: "tag %d" % info}[major]


class Listing:
    """Lines of offset, bytes and what they are."""

    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0
        self.lines = []

    def take(self, size, what):
        while size:
            part = self.data[self.at:self.at + min(size, 12)]
            self.lines.append(("%04x  %-36s %s" % (
                self.at, part.hex(" "), what)).rstrip())
            self.at += len(part)
            size -= len(part)
            what = ""

    def number(self, size):
        return int.from_bytes(self.data[self.at:self.at + size], "little")

    def label(self):
        for name, form in zip(LABEL_NAMES, LABEL.format[1:].replace(
                "4s", "s")):
            size = {"s": 4, "B": 1, "H": 2, "I": 4, "Q": 8}[form]
            value = self.number(size)
            shown = ('"PMTL"' if form == "s" else "%x" % value
                     if name in ("stream", "frame_crc", "crc")
                     else "%d" % value)
            self.take(size, "  %s %s" % (name, shown))

    def pairs(self, names, indent, kind=None):
        """The pairs of a map whose head is taken."""
        key = self.data[self.at]
        end = item_end(self.data, self.at + 1)
        value = self.data[self.at + 1:end]
        if kind and key == 15:
            count = value[0] & 31
            self.take(2, indent + "15 body: map of %d" % count)
            for _ in range(count):
                self.pairs(BODY[kind], indent + "  ")
            return
        self.take(end - self.at, "%s%d %s%s" % (
            indent, key, names.get(key, "?"), self.shown(key, names, value)))

    def shown(self, key, names, value):
        if names is ENVELOPE:
            if key == 0:
                return " %d: %s" % (value[0], KINDS[value[0]])
            if key == 1:
                return " %x" % int.from_bytes(value[1:], "big")
        if names is BODY["stream"]:
            return {0: ": 1.0", 2: ": 0 monotonic, tick_ns 16",
                    3: ": 0 pid 42", 5: ': "alloc:obj", "stack:2"',
                    10: ": monotonic, real, uncertainty in ns"}.get(
                        key, " " + plain_value(value))
        if names is BODY["string"] and key == 1:
            return ': "a.py", "f"'
        if value[0] >> 5 in (0, 3) and names is not BODY["alloc"]:
            return " " + plain_value(value)
        return ""

    def chunk(self, end):
        if self.data[self.at] >> 5 == 6:
            self.take(3, "    tag 55799")
        count = self.data[self.at] & 31
        kind = KINDS[self.data[self.at + 2]]
        self.take(1, "    map of %d" % count)
        for _ in range(count):
            self.pairs(ENVELOPE, "      ", kind)
        assert self.at == end, (self.at, end)

    def frame(self):
        self.take(4, "data frame")
        self.take(1, "  descriptor: single segment, checksum, "
                     "content size in %d" % (1 << (self.data[self.at] >> 6)))
        if self.data[self.at - 1] >> 6:
            size = self.number(2) + 256
            self.take(2, "  content size %d - 256" % size)
        else:
            size = self.number(1)
            self.take(1, "  content size %d" % size)
        block = self.number(3)
        assert block & 7 == 1 and block >> 3 == size
        self.take(3, "  last block, raw, of %d bytes" % size)
        self.chunk(self.at + size)
        self.take(4, "  checksum: low half of the content's XXH64")

    def index(self):
        self.take(4, "index")
        size = self.number(4)
        self.take(4, "  of %d bytes" % size)
        for i in range((size - 32) // 72):
            self.take(8, "  entry %d: offset 0x%x" % (i, self.number(8)))
            self.take(64, "    the label again")
        self.take(8, "  region_length %d" % self.number(8))
        self.take(4, "  count %d" % self.number(4))
        self.take(4, "  entry_size %d" % self.number(4))
        self.take(4, "  crc %x" % self.number(4))
        self.take(4, "  reserved")
        self.take(8, '  magic "PMTINDEX"')

    def all(self):
        while self.at < len(self.data):
            first = self.data[self.at]
            if first == 0x5B:
                self.take(4, "label")
                self.take(4, "  of 64 bytes")
                self.label()
            elif first == 0x28:
                self.frame()
            else:
                self.index()
        return self.lines


def example():
    """The annex of trace-format.md."""
    trace = worked_example()
    return "\n".join(
        ["```", *Listing(trace.data).all(), "```", "",
         "It prints as", "", "```"]
        + [dumps(line) for line in trace.lines] + ["```"])


# ---- the files -----------------------------------------------------------

LONG = 1 << 16      # a longer .json is left out


def dumps(line):
    return json.dumps(line, separators=(",", ":"))


def outcome(folder, doc, trace):
    """(text of .json, object of .expect)"""
    text = "".join(dumps(line) + "\n" for line in trace.lines)
    if not trace.lines:
        status = "not a trace"
    elif trace.refused:
        status = "refused"
    elif any(status == "corrupt" for status, _ in trace.damage):
        status = "corrupt"
    elif trace.damage:
        status = "truncated"
    else:
        status = "whole"
    expect = {
        "shows": doc, "status": status,
        "offset": trace.damage[0][1] if trace.damage else None,
        "damage": len(trace.damage),
        "exit": {"not a trace": 2, "refused": 2, "corrupt": 1}.get(status, 0),
        "lines": len(trace.lines),
        "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert (status in ("whole", "truncated")) == (folder == "valid"), doc
    return text, expect


def make(directory):
    """Writes all vectors; returns their number."""
    names = set()
    for folder, name, doc, function in VECTORS:
        assert (folder, name) not in names, name
        names.add((folder, name))
        trace = function()
        text, expect = outcome(folder, doc, trace)
        base = os.path.join(directory, folder, name)
        os.makedirs(os.path.dirname(base), exist_ok=True)
        with open(base + ".pmt", "wb") as file:
            file.write(trace.data)
        if len(text) <= LONG:
            with open(base + ".json", "w", encoding="ascii") as file:
                file.write(text)
        with open(base + ".expect", "w", encoding="ascii") as file:
            file.write(json.dumps(expect, indent=1) + "\n")
    return len(names)


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    if argv[1:] == ["--example"]:
        print(example())
        return 0
    if len(argv) > 2:
        sys.stderr.write(__doc__)
        return 2
    print("%d vectors" % make(argv[1] if len(argv) == 2 else
                              os.path.join(here, "vectors")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
