#!/usr/bin/env python3
"""decode.py - prints a pmtrace trace as JSON lines.

A reader written from trace-format.md alone; the section signs below refer to
it.  It shares no code with libpmt, so that the two check each other.

    usage: decode.py [--digest] FILE        ("-": standard input)

With --digest it prints the content digest of each stream instead (annex B).

It is one file, so that it can be taken along and read from top to bottom.

Needs Python 3.8 or later and the libraries cbor2 and zstandard (Debian:
python3-cbor2, python3-zstandard).

Exit status: 0 whole, or truncated (with a warning); 1 corrupt somewhere;
2 not a trace, a stream of a later major version, or no such file.
"""

import hashlib
import json
import mmap
import re
import struct
import sys
from itertools import accumulate
from json.encoder import encode_basestring_ascii as quote

import cbor2
import zstandard

M64 = (1 << 64) - 1

# §10 limits
MAX_CONTENT = 1 << 24
MAX_FRAME = 17 << 20
MAX_INDEX = 64 << 20
MAX_COUNT = 65536
MAX_LEVELS = 8
MAX_ITEMS = 1 << 20
MAX_TEXT = 65536
MAX_TEXTS = 1 << 28
MAX_ID = (1 << 24) - 1
MAX_FIGURES = 1024
MAX_FIGURE_VALUES = 1 << 20

# §2.1 what frames start with
DATA = b"\x28\xb5\x2f\xfd"
LABEL = b"\x5b\x2a\x4d\x18"
INDEX = b"\x5c\x2a\x4d\x18"
LABEL_MARK = LABEL + b"\x40\0\0\0PMTL"

# §5 kinds
(STREAM, STRING, CODE, CFUNCTION, TYPE, STACK, THREAD, CLASS, ANCHOR, CALL,
 LINE, OBJECT, ALLOC, SAMPLE, HEAP, SNAPSHOT, MARK, GC, LOSS, LIVE,
 END, PROCESS) = range(1, 23)
NAMES = [None, "stream", "string", "code", "cfunction", "type", "stack",
         "thread", "class", "anchor", "call", "line", "object", "alloc",
         "sample", "heap", "snapshot", "mark", "gc", "loss", "live", "end",
         "process"]

# §6, §7: columns that must be there, and 8, 9, 10 of alloc and object, which
# count as such where §4.3 says what is unreadable
MUST = {
    STRING: (0,), CODE: (0,), CFUNCTION: (0,), TYPE: (0,), STACK: (0, 1),
    THREAD: (0,), CLASS: (0,), ANCHOR: (1, 32, 33), CALL: (0, 1),
    LINE: (0, 1), OBJECT: (0, 1), ALLOC: (14, 1), SAMPLE: (1,), HEAP: (1,),
    SNAPSHOT: (7, 18, 6), MARK: (1,), GC: (1, 14, 19), LOSS: (1, 14, 23),
    LIVE: (24, 7), PROCESS: (1, 14, 15),
}

OPS = ("free", "malloc", "calloc", "realloc_free", "realloc", "realloc_undo")
RELEASES = (True, False, False, True, False, False)
HAS_SIZE = (False, True, True, False, True, False)
DOMAINS = {0: "raw", 1: "mem", 2: "obj", 3: "native"}
CAUSES = {0: "full", 1: "reentrant", 2: "memory", 3: "io", 4: "torn",
          5: "damaged"}
PROCESS_OPS = dict(enumerate(("found", "started", "exec", "exited",
                              "vanished", "denied", "left")))
HOWS = dict(enumerate(("look", "event", "children", "wait", "named",
                       "descriptor")))
# Kinds of the class "records"
RECORDS = (*range(CALL, END), PROCESS)


class Corrupt(Exception):
    """Something breaks the text (§9.2)."""


class Unreadable(Exception):
    """A column that must be there has a later codec (§4.3)."""


# ---- CRC-32C (§1) --------------------------------------------------------

def _crc_tables():
    one = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        one.append(i)
    two = [0] * 65536       # two bytes at a step
    for i in range(65536):
        low = one[i & 255]
        two[i] = one[(low ^ (i >> 8)) & 255] ^ (low >> 8)
    return one, two


CRC_ONE, CRC_TWO = _crc_tables()


def crc32c(data):
    """CRC-32C of a bytes-like object."""
    crc = 0xFFFFFFFF
    table = CRC_TWO
    even = len(data) & ~1
    for (pair,) in struct.iter_unpack("<H", data[:even]):
        crc = table[(crc ^ pair) & 0xFFFF] ^ (crc >> 16)
    if len(data) != even:
        crc = CRC_ONE[(crc ^ data[even]) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


# ---- CBOR: the form, before any value is made (§4.1, §10) ----------------

def head(buf, at):
    """Major type, argument and end of the head at `at`."""
    first = buf[at]
    info = first & 31
    if info < 24:
        return first >> 5, info, at + 1
    if info > 27:           # 28-30 reserved, 31 indefinite length or break
        raise Corrupt("CBOR: reserved head or indefinite length")
    width = 1 << (info - 24)
    if at + 1 + width > len(buf):
        raise Corrupt("CBOR: item ends early")
    return (first >> 5, int.from_bytes(buf[at + 1:at + 1 + width], "big"),
            at + 1 + width)


def skip(buf, at, check=False):
    """End of the item at `at`. With `check`, all of §4.1 and §10 is checked."""
    todo = [1]              # items still to come, by level
    items = 0
    size = len(buf)
    while todo:
        if not todo[-1]:
            todo.pop()
            continue
        todo[-1] -= 1
        items += 1
        if items > MAX_ITEMS:
            raise Corrupt("CBOR: more than 2^20 items")
        if at >= size:
            raise Corrupt("CBOR: item ends early")
        major, n, end = head(buf, at)
        if major <= 1:
            pass
        elif major <= 3:
            if n > size - end:
                raise Corrupt("CBOR: string passes the end of the chunk")
            if major == 3 and check:
                if n > MAX_TEXT:
                    raise Corrupt("text of more than 65536 bytes")
                try:
                    str(buf[end:end + n], "utf-8")
                except UnicodeDecodeError:
                    raise Corrupt("text string is not UTF-8") from None
            end += n
        elif major <= 6:
            if major == 5:
                n *= 2
            elif major == 6:
                n = 1
            if n > size - end:
                raise Corrupt("CBOR: count passes the end of the chunk")
            if len(todo) > MAX_LEVELS:
                raise Corrupt("CBOR: nested deeper than 8 levels")
            todo.append(n)
        elif buf[at] & 31 < 20 or buf[at] & 31 == 24:
            raise Corrupt("CBOR: simple value that is not used")
        at = end
    return at


def entries(buf, at):
    """The map at `at`: a list of (key or None, start, end of the value).

    Keys are integers; None stands for a key of another type.
    """
    major, n, at = head(buf, at)
    if major != 5:
        raise Corrupt("map expected")
    found = []
    for _ in range(n):
        major, value, _ = head(buf, at)
        key = value if major == 0 else -1 - value if major == 1 else None
        at = skip(buf, at)
        end = skip(buf, at)
        found.append((key, at, end))
        at = end
    return found


def known(pairs, keys):
    """{key: (start, end)} of the known keys; twice is corrupt (§4.1)."""
    found = {}
    for key, start, end in pairs:
        if key in keys:
            if key in found:
                raise Corrupt("key %d twice" % key)
            found[key] = (start, end)
    return found


def uint(buf, span, low=0, high=M64):
    major, value, _ = head(buf, span[0])
    if major != 0 or not low <= value <= high:
        raise Corrupt("unsigned integer from %d to %d expected" % (low, high))
    return value


def int64(buf, span):
    major, value, _ = head(buf, span[0])
    if major > 1 or value >> 63:
        raise Corrupt("integer of 64 bits expected")
    return value if major == 0 else -1 - value


def text(buf, span):
    """§1: a text string, or a byte string where the bytes are not UTF-8."""
    if buf[span[0]] >> 5 not in (2, 3):
        raise Corrupt("text expected")
    value = cbor2.loads(buf[span[0]:span[1]])
    if isinstance(value, bytes):
        if len(value) > MAX_TEXT:
            raise Corrupt("text of more than 65536 bytes")
        value = value.decode("utf-8", "surrogateescape")
    return value


def array(buf, span, length=None):
    """The spans of an array's items."""
    major, n, at = head(buf, span[0])
    if major != 4 or length not in (None, n):
        raise Corrupt("array%s expected"
                      % ("" if length is None else " of %d" % length))
    found = []
    for _ in range(n):
        end = skip(buf, at)
        found.append((at, end))
        at = end
    return found


def texts(buf, span, length=None):
    return [text(buf, item) for item in array(buf, span, length)]


def octets(buf, span, length):
    if buf[span[0]] >> 5 == 2:
        value = cbor2.loads(buf[span[0]:span[1]])
        if len(value) == length:
            return value
    raise Corrupt("%d bytes expected" % length)


# ---- columns (§4.3) ------------------------------------------------------

FIXED = {64: 1, 69: 2, 70: 4, 71: 8}        # bytes of a value, by tag


def is_later(buf, span):
    """True for a codec of a later version: [n >= 5, ...]."""
    major, n, at = head(buf, span[0])
    if major != 4 or not n:
        return False
    major, codec, _ = head(buf, at)
    return major == 0 and codec >= 5


def check_form(buf, span):
    """That an item is one of the codecs; its bytes are not looked at."""
    major, value, at = head(buf, span[0])
    if major in (0, 2) or is_later(buf, span):
        return
    if major == 4 and value == 2:
        codec, data = array(buf, span)
        if (head(buf, codec[0])[:2] in ((0, 3), (0, 4))
                and buf[data[0]] >> 5 == 2):
            return
    if major == 6 and value in FIXED and buf[at] >> 5 == 2:
        return
    raise Corrupt("column: not a codec")


def uleb(data):
    """All ULEB128 values of a byte string."""
    if not data or max(data) < 128:
        return list(data)
    values = []
    value = shift = 0
    for byte in data:
        if byte < 128:
            if shift:
                value |= byte << shift
                if shift > 63 or value > M64:
                    raise Corrupt("ULEB128 of 2^64 or more, or too long")
                values.append(value)
                value = shift = 0
            else:
                values.append(byte)
        else:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                if shift > 70 or value > M64:
                    raise Corrupt("ULEB128 of 2^64 or more, or too long")
    if shift:
        raise Corrupt("ULEB128 ends early")
    return values


UNPACK = {1: "B", 2: "H", 4: "I", 8: "Q"}


def unpack(data, width):
    return list(struct.unpack("<%d%s" % (len(data) // width, UNPACK[width]),
                              data))


def planes(data, rows):
    if not rows:
        if data:
            raise Corrupt("planes: bytes without rows")
        return []
    width, left = divmod(len(data), rows)
    if left or not 1 <= width <= 8:
        raise Corrupt("planes: width is not 1 to 8")
    wide = 1 << (width - 1).bit_length()
    mixed = bytearray(rows * wide)
    for j in range(width):
        mixed[j::wide] = data[j * rows:(j + 1) * rows]
    return unpack(bytes(mixed), wide)


def runs(data, rows):
    numbers = uleb(data)
    if len(numbers) & 1:
        raise Corrupt("runs: a run without value")
    values = []
    left = rows
    for i in range(0, len(numbers), 2):
        length = numbers[i] + 1
        if length > left:
            raise Corrupt("runs: more than the rows")
        left -= length
        values += [numbers[i + 1]] * length
    if left:
        raise Corrupt("runs: fewer than the rows")
    return values


def column(buf, span, rows):
    """The values of a column, `rows` of them; its form has been checked."""
    first = buf[span[0]] >> 5
    if first == 0:                                          # constant
        return [uint(buf, span)] * rows
    if first == 2:                                          # uleb
        values = uleb(cbor2.loads(buf[span[0]:span[1]]))
    elif first == 4:                                        # planes, runs
        codec, data = array(buf, span)
        codec = uint(buf, codec)
        data = cbor2.loads(buf[data[0]:data[1]])
        values = planes(data, rows) if codec == 3 else runs(data, rows)
    else:                                                   # fixed
        _, tag, at = head(buf, span[0])
        width = FIXED[tag]
        data = cbor2.loads(buf[at:span[1]])
        if len(data) != rows * width:
            raise Corrupt("column: too short or too long")
        values = unpack(data, width)
    if len(values) != rows:
        raise Corrupt("column: too short or too long")
    return values


# ---- transforms (§4.4) ---------------------------------------------------

def zigzag(v):
    return (v >> 1) ^ -(v & 1)


def zigzag_sums(values, base):
    sums = accumulate([base] + [zigzag(v) for v in values])
    next(sums)
    return [x & M64 for x in sums]


def signed(v):
    return v - (1 << 64) if v >> 63 else v


# ---- a stream's tables (§6) ----------------------------------------------

class Stream:
    """What a reader knows of a stream."""

    def __init__(self, key):
        self.name = "%016x" % key
        self.tick_ns = 1
        self.rss_unit = 4096
        self.part = 0
        self.filtered = False       # §5.4
        self.refused = False
        self.next_seq = None
        self.strings = {}
        self.text_bytes = 0
        self.classes = {}

    def go_on(self, header):
        """§5.3: a later part begins, with what its header says."""
        self.tick_ns = header.tick_ns
        self.rss_unit = header.rss_unit
        self.part = header.part
        self.filtered = header.filtered

    def string(self, ident):
        found = self.strings.get(ident)
        return "null" if found is None else quote(found)


class Chunk:
    """One chunk: its envelope, and its body's columns on demand."""

    ENVELOPE = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15)

    def __init__(self, buf):
        self.buf = buf
        # §9.5 1: form
        if not buf:
            raise Corrupt("empty chunk")
        if skip(buf, 0, check=True) != len(buf):
            raise Corrupt("more than one item in a frame")
        # §9.5 2: envelope
        major, tag, at = head(buf, 0)
        tagged = major == 6
        if tagged and tag != 55799:
            raise Corrupt("chunk in tag %d" % tag)
        keys = known(entries(buf, at if tagged else 0), self.ENVELOPE)
        for key in (0, 1, 2, 3, 4, 5, 7, 9, 15):
            if key not in keys:
                raise Corrupt("envelope: key %d is missing" % key)
        self.kind = uint(buf, keys[0], 0, 0xFFFFFFFF)
        self.key = uint(buf, keys[1])
        self.seq = uint(buf, keys[2])
        self.count = uint(buf, keys[3], 0, MAX_COUNT)
        self.t0 = uint(buf, keys[4])
        self.t1 = uint(buf, keys[5])
        self.epoch = uint(buf, keys[7])
        self.ordinal = uint(buf, keys[8]) if 8 in keys else None
        self.lost = uint(buf, keys[9])
        self.rss0 = uint(buf, keys[10]) if 10 in keys else 0
        self.align = uint(buf, keys[11], 0, 4) if 11 in keys else 0
        self.model = uint(buf, keys[12], 0, 1) if 12 in keys else 0
        self.features = None
        if 13 in keys:
            self.features = [uint(buf, i) for i in array(buf, keys[13])]
            if not self.features:
                raise Corrupt("features: empty")
        if self.ordinal is None and self.kind in RECORDS:
            raise Corrupt("envelope: key 8 is missing")
        if self.t1 < self.t0:
            raise Corrupt("t1 is earlier than t0")
        if tagged != (self.kind == STREAM):
            raise Corrupt("tag 55799 belongs on kind stream only")
        if self.model and self.kind in DECODE and self.kind != ALLOC:
            raise Corrupt("model 1 in another kind than alloc")
        self.body = entries(buf, keys[15][0])

    def open(self, columns, others=()):
        """Takes the body's known keys: columns, and what is none."""
        self.keys = known(self.body, set(columns).union(others))
        for number in self.keys:
            if number not in others:
                check_form(self.buf, self.keys[number])

    def readable(self, *others):
        """That the columns that must be there are, and the other keys.

        What is there and is no column has been checked before (§9.5).
        """
        self.columns_readable()
        for key in others:
            self.span(key)

    def columns_readable(self):
        if not self.count:
            return
        must = MUST[self.kind]
        if self.kind in (ALLOC, OBJECT):
            must += (8, 9, 10)
        if self.kind == ALLOC and self.model:
            must += (6,)
        for number in must:
            if number in self.keys and is_later(self.buf, self.keys[number]):
                raise Unreadable()
        for number in MUST[self.kind]:
            if number not in self.keys:
                raise Corrupt("column %d is missing" % number)

    def span(self, key):
        if key not in self.keys:
            raise Corrupt("body: key %d is missing" % key)
        return self.keys[key]

    def if_there(self, key, take, *more):
        """What `take` makes of the value of a key, if it is there."""
        if key not in self.keys:
            return None
        return take(self.buf, self.keys[key], *more)

    def has(self, number):
        """True when the column is there and its codec is known."""
        return number in self.keys and not is_later(self.buf,
                                                    self.keys[number])

    def plain(self, number, rows=None):
        """Values of a column; all 0 when it is absent."""
        if rows is None:
            rows = self.count
        if not self.has(number):
            return [0] * rows
        return column(self.buf, self.keys[number], rows)

    def refers(self, number, rows=None):
        """A column of ids of another table (§10)."""
        values = self.plain(number, rows)
        if values and max(values) > MAX_ID:
            raise Corrupt("column %d: an id over 2^24 - 1" % number)
        return values

    def ticks(self, base):
        """Column 1: delta from `base`, in t0 to t1 (§4.2, §4.4)."""
        values = self.plain(1)
        if values:
            values[0] += base
        values = list(accumulate(values))
        if values and not self.t0 <= values[0] <= values[-1] <= self.t1:
            raise Corrupt("a tick is not in t0 to t1")
        return values

    def ids(self):
        """Column 0 of a table: delta from 0, rising (§6.2)."""
        values = self.plain(0)
        if values and not min(values):
            raise Corrupt("ids don't rise")
        values = list(accumulate(values))
        if values and values[-1] > MAX_ID:
            raise Corrupt("id over 2^24 - 1")
        return values


# ---- kinds: each gives the chunk's JSON lines (§12) ----------------------

def null_or(value, make):
    return "null" if value is None else make(value)


def list_of(items):
    return "[" + ",".join(items) + "]"


def decode_stream(chunk, stream):
    """§5.1. `stream` is fresh; it is taken in when this returns."""
    buf = chunk.buf
    chunk.keys = known(chunk.body, range(15))
    if chunk.count:
        raise Corrupt("count of a stream chunk is not 0")
    version = [uint(buf, i) for i in array(buf, chunk.span(0), 2)]
    producer = text(buf, chunk.span(1))
    clock = known(entries(buf, chunk.span(2)[0]), (0, 1, 2))
    if 0 not in clock or 1 not in clock:
        raise Corrupt("clock without id or tick_ns")
    clock_id = uint(buf, clock[0])
    stream.tick_ns = uint(buf, clock[1], 1, 10 ** 9)
    if 2 in clock:
        stream.rss_unit = uint(buf, clock[2], 1)
    process = known(entries(buf, chunk.span(3)[0]), range(7))
    for key in process:
        if key < 2:
            process[key] = str(uint(buf, process[key]))
        elif key == 2:
            process[key] = list_of(map(quote, texts(buf, process[key])))
        else:
            process[key] = quote(text(buf, process[key]))
    more = {}
    for key in chunk.keys:
        if key in (4, 7, 8):
            more[key] = '"%s"' % octets(buf, chunk.keys[key], 16).hex()
    if 5 in chunk.keys:
        more[5] = list_of(map(quote, texts(buf, chunk.keys[5])))
    if 6 in chunk.keys:
        more[6] = settings(buf, chunk.keys[6])
    uuid = octets(buf, chunk.span(9), 16)
    if int.from_bytes(uuid[:8], "big") != chunk.key:
        raise Corrupt("the stream's key is not of its UUID")
    start = array(buf, chunk.span(10), 3)
    start = (uint(buf, start[0]), int64(buf, start[1]), uint(buf, start[2]))
    stream.part = chunk.if_there(11, uint, 0, 0xFFFFFFFF) or 0
    counts = chunk.if_there(12, before)
    fields = [("version", "[%d,%d]" % tuple(version)),
              ("producer", quote(producer)), ("tick_ns", stream.tick_ns),
              ("clock", clock_id), ("rss_unit", stream.rss_unit)]
    for name, key in (("pid", 0), ("ppid", 1), ("argv", 2), ("executable", 3),
                      ("python", 4), ("host", 5), ("system", 6)):
        fields.append((name, process.get(key, "null")))
    for name, key in (("boot", 4), ("hooks", 5), ("settings", 6),
                      ("session", 7), ("parent", 8)):
        fields.append((name, more.get(key, "null")))
    fields.append(("uuid", '"%s"' % uuid.hex()))
    fields.append(("start", "[%d,%d,%d]" % start))
    fields.append(("part", stream.part))
    fields.append(("before", counts or "null"))
    stream.filtered = 13 in chunk.keys
    if stream.filtered:
        fields.append(("filter",
                       list_of(map(quote, texts(buf, chunk.keys[13])))))
    if 14 in chunk.keys:
        archive = known(entries(buf, chunk.keys[14][0]), (0, 1, 2))
        if 0 not in archive or 1 not in archive:
            raise Corrupt("archive without digest or records a chunk")
        fields.append(("archive", '["%s",%s]' % (
            octets(buf, archive[0], 32).hex(),
            ",".join("%d" % uint(buf, archive[k])
                     for k in (1, 2) if k in archive))))
    return ['{"kind":"stream","stream":"%s",%s}'
            % (stream.name, ",".join('"%s":%s' % f for f in fields))]


def before(buf, span):
    """§5.1: records by kind, those of kinds that are known."""
    found = known(entries(buf, span[0]), RECORDS)
    return "{%s}" % ",".join('"%s":%d' % (NAMES[kind], uint(buf, found[kind]))
                             for kind in sorted(found))


def settings(buf, span):
    """{* text => text}, in the file's order."""
    major, n, at = head(buf, span[0])
    if major != 5:
        raise Corrupt("settings: map expected")
    found = {}
    for _ in range(n):
        middle = skip(buf, at)
        end = skip(buf, middle)
        name = text(buf, (at, middle))
        if name in found:
            raise Corrupt("a setting twice")
        found[name] = text(buf, (middle, end))
        at = end
    return "{%s}" % ",".join("%s:%s" % (quote(k), quote(v))
                             for k, v in found.items())


def decode_end(chunk, stream):
    """§5.2"""
    chunk.keys = known(chunk.body, range(4))
    if chunk.count:
        raise Corrupt("count of an end chunk is not 0")
    chunks, records, lost = [uint(chunk.buf, chunk.span(i))
                             for i in range(3)]
    clean = uint(chunk.buf, chunk.span(3), 0, 2)
    return ['{"kind":"end","stream":"%s","chunks":%d,"records":%d,"lost":%d,'
            '"clean":%s%s}' % (stream.name, chunks, records, lost,
                               "true" if clean == 1 else "false",
                               ',"dump":true' if clean == 2 else "")]


def decode_string(chunk, stream):
    """§6.2; no lines: strings are put in place."""
    chunk.open((0,), (1,))
    values = chunk.if_there(1, texts, chunk.count)
    chunk.readable(1)
    ids = chunk.ids()
    new = {ident: value for ident, value in zip(ids, values)
           if ident not in stream.strings}          # the first stands, §6.1
    size = stream.text_bytes + sum(
        len(value.encode("utf-8", "surrogateescape"))
        for value in new.values())
    if size > MAX_TEXTS:
        raise Corrupt("texts of more than 2^28 bytes in a stream")
    stream.text_bytes = size
    stream.strings.update(new)
    return []


def decode_table(chunk, stream):
    """§6.2, all tables but `string`."""
    kind = chunk.kind
    width = {CODE: 4, CFUNCTION: 3, TYPE: 4, STACK: 4, THREAD: 4, CLASS: 6}
    chunk.open(range(width[kind]))
    chunk.readable()
    ids = chunk.ids()
    refer = {CODE: (1, 2), CFUNCTION: (1, 2), TYPE: (1,), STACK: (2,),
             THREAD: (3,), CLASS: (3, 4, 5)}[kind]
    rows = list(zip(ids, *[(chunk.refers if i in refer else chunk.plain)(i)
                           for i in range(1, width[kind])]))
    name = stream.string
    start = '{"kind":"%s","stream":"%s",' % (NAMES[kind], stream.name)
    if kind == CODE:
        return [start + '"id":%d,"file":%s,"function":%s,"first_line":%d}'
                % (i, name(a), name(b), c) for i, a, b, c in rows]
    if kind == CFUNCTION:
        return [start + '"id":%d,"name":%s,"module":%s}'
                % (i, name(a), name(b)) for i, a, b in rows]
    if kind == TYPE:
        return [start + '"id":%d,"name":%s,"basic_size":%d,"item_size":%d}'
                % (i, name(a), b, c) for i, a, b, c in rows]
    if kind == STACK:
        for i, up, _, _ in rows:
            if not 1 <= up <= i:
                raise Corrupt("stack: parent is not smaller than its id")
        return [start + '"id":%d,"parent":%d,"code":%d,"line":%d}'
                % (i, i - up, a, b) for i, up, a, b in rows]
    if kind == THREAD:
        return [start + '"id":%d,"native_id":%d,"ident":%d,"name":%s}'
                % (i, a, b, name(c)) for i, a, b, c in rows]
    for row in rows:
        if row[1] == OBJECT and row[2] != row[0] & 1:   # §7.4
            raise Corrupt("class: the id does not tell the op")
    for row in rows:
        stream.classes.setdefault(row[0], row[1:])  # the first stands, §6.1
    return [start + '"id":%d,"of":%d,"what":%d,"stack":%d,"type":%d,'
            '"cfunction":%d}' % row for row in rows]


def decode_anchor(chunk, stream):
    """§6.3"""
    chunk.open((1, 32, 33, 34))
    chunk.readable()
    mono = [x & M64 for x in accumulate(chunk.plain(32))]
    real = [signed(x) for x in zigzag_sums(chunk.plain(33), 0)]
    tick_ns = stream.tick_ns
    return ['{"kind":"anchor","stream":"%s","time_ns":%d,"mono_ns":%d,'
            '"real_ns":%d,"uncertainty_ns":%d}'
            % (stream.name, t * tick_ns & M64, m, r, u)
            for t, m, r, u in zip(chunk.ticks(0), mono, real, chunk.plain(34))]


def lines_of(chunk, stream, fields, moment=None):
    """Record lines: ordinal and time_ns, then `fields` (format, values)."""
    tick_ns = stream.tick_ns
    count = chunk.count
    if moment is None:
        times = [t * tick_ns & M64 for t in chunk.ticks(chunk.t0)]
    else:
        times = [moment * tick_ns & M64] * count
    ordinals = range(chunk.ordinal, chunk.ordinal + count)
    if chunk.ordinal + count > M64:
        ordinals = [n & M64 for n in ordinals]
    form = ('{"kind":"%s","stream":"%s","ordinal":%%d,"time_ns":%%d%s}'
            % (NAMES[chunk.kind], stream.name,
               "".join("," + f[0] for f in fields)))
    return [form % row
            for row in zip(ordinals, times, *[f[1] for f in fields])]


def thread(chunk):
    return ('"thread":%d', chunk.refers(2))


def if_there(chunk, *columns):
    """Fields that are left out when the chunk has no such column."""
    return [('"%s":%%d' % name, chunk.refers(number)
             if number in (2, 12) else chunk.plain(number))
            for name, number in columns if chunk.has(number)]


def rss(chunk, stream):
    """Column 3 in bytes, when the chunk has it."""
    if not chunk.has(3):
        return []
    return [('"rss":%d', [x * stream.rss_unit & M64 for x in
                          zigzag_sums(chunk.plain(3), chunk.rss0)])]


def by_name(names, values):
    return ['"%s"' % names[v] if v in names else str(v) for v in values]


def decode_call(chunk, stream):
    """§7.3 call and line."""
    line = chunk.kind == LINE
    chunk.open((0, 1, 2, 3, 4, 11) + ((5,) if line else ()))
    chunk.readable()
    return lines_of(
        chunk, stream,
        if_there(chunk, ("thread", 2)) + [('"class":%d', chunk.refers(0))] +
        rss(chunk, stream) + if_there(chunk, ("gap", 4), ("offset", 5),
                                      ("rss_read", 11)))


def explicit_addresses(chunk, deltas):
    """Column 10: an iterator over the explicit addresses (§7.2)."""
    rows = sum(d.count(0) for d in deltas)
    if rows and not chunk.has(10):
        raise Corrupt("column 10 is missing")
    align = chunk.align
    previous = 0
    values = []
    for v in chunk.plain(10, rows):
        previous = (previous + (zigzag(v) << align)) & M64
        values.append(previous)
    return iter(values)


def references(chunk, number, rows):
    if rows and not chunk.has(number):
        raise Corrupt("column %d is missing" % number)
    return chunk.plain(number, rows)


def addresses(chunk, releases, size_class=None):
    """The address of each record (§7.2).

    releases[i] tells whether record i + 1 releases its address; size_class,
    for model 1, gives its size class, None where it has no size.
    """
    count = chunk.count
    released = sum(releases)
    release = references(chunk, 8, released)
    acquire = references(chunk, 9, count - released)
    explicit = explicit_addresses(chunk, (release, acquire))
    release = iter(release)
    acquire = iter(acquire)
    found = [None]          # records are numbered from 1
    free = {}               # model 1: stacks of records, by size class
    reused = set()
    for k in range(1, count + 1):
        d = next(release) if releases[k - 1] else next(acquire)
        if d == 0:
            found.append(next(explicit))
            continue
        if size_class is not None:
            if releases[k - 1]:
                c = size_class[k - d - 1] if d < k else None
                if c is not None:
                    free.setdefault(c, []).append(k)
            elif d >= 2:
                d -= 1
                reused.add(k - d)
            else:
                stack = free.get(size_class[k - 1], ())
                while stack and stack[-1] in reused:
                    stack.pop()
                if not stack or size_class[k - 1] is None:
                    raise Corrupt("address predicted from an empty stack")
                found.append(found[stack.pop()])
                continue
        if d >= k:
            raise Corrupt("address refers to before the first record")
        found.append(found[k - d])
    return found[1:]


def class_of(size, domain):
    """§7.2 size class."""
    u = (size >> 4) + (1 if size & 15 else 0) or 1
    c = u if u < 256 else 256 + (u & 255)
    return c if domain in (1, 2) and size <= 512 else c + 512


def decode_object(chunk, stream):
    """§7.4"""
    chunk.open((0, 1, 2, 3, 4, 6, 8, 9, 10, 11))
    chunk.readable()
    classes = chunk.refers(0)
    none = (OBJECT, 0, 0, 0, 0)
    rows = [stream.classes.get(c, none) for c in classes]
    rows = [row if row[0] == OBJECT else none for row in rows]
    where = addresses(chunk, [c & 1 == 1 for c in classes])
    fields = [thread(chunk),
              ('"op":"%s"', [("create", "destroy")[c & 1] for c in classes]),
              ('"type":%d', [r[3] for r in rows]),
              ('"stack":%d', [r[2] for r in rows]),
              ('"address":"0x%x"', where)]
    return lines_of(chunk, stream, fields + rss(chunk, stream) +
                    if_there(chunk, ("gap", 4), ("size", 6),
                             ("rss_read", 11)))


def decode_alloc(chunk, stream):
    """§7.5"""
    chunk.open((1, 2, 4, 6, 7, 8, 9, 10, 14))
    chunk.readable()
    values = chunk.plain(14)
    if values and max(values) >= 24:
        raise Corrupt("op is not one of alloc")
    ops = [v >> 2 for v in values]
    domains = [v & 3 for v in values]
    if (chunk.model and any(HAS_SIZE[op] for op in ops) and
            not chunk.has(6)):
        raise Corrupt("column 6 is missing")
    given = iter(chunk.plain(6, sum(HAS_SIZE[op] for op in ops)))
    sizes = [next(given) if HAS_SIZE[op] else None for op in ops]
    classes = None
    if chunk.model:
        classes = [None if s is None else class_of(s, domain)
                   for s, domain in zip(sizes, domains)]
    where = addresses(chunk, [RELEASES[op] for op in ops], classes)
    fields = [thread(chunk),
              ('"op":"%s"', [OPS[op] for op in ops]),
              ('"domain":"%s"', [DOMAINS[d] for d in domains]),
              ('"address":"0x%x"', where),
              ('"size":%s', ["null" if s is None else s for s in sizes]),
              ('"stack":%d', chunk.refers(7))]
    return lines_of(chunk, stream, fields + if_there(chunk, ("gap", 4)))


def decode_sample(chunk, stream):
    """§7.6 sample and heap."""
    buf = chunk.buf
    chunk.open({1, 2, 15}.union(range(32, 32 + MAX_FIGURES)), (16,))
    names = []
    figures = chunk.if_there(16, array) or []
    if (len(figures) > MAX_FIGURES
            or len(figures) * chunk.count > MAX_FIGURE_VALUES):
        raise Corrupt("too many figures")
    for item in figures:
        name, unit, sort = array(buf, item, 3)
        text(buf, unit)
        uint(buf, sort, 0, 1)
        names.append(text(buf, name))
    if len(set(names)) != len(names):
        raise Corrupt("a figure's name twice")
    chunk.readable(16)
    form = []
    columns = []
    for i, name in enumerate(names):
        if chunk.has(32 + i):
            form.append(quote(name).replace("%", "%%") + ":%d")
            columns.append([signed(x) for x in
                            zigzag_sums(chunk.plain(32 + i), 0)])
    form = "{" + ",".join(form) + "}"
    values = ([form % row for row in zip(*columns)] if columns
              else ["{}"] * chunk.count)
    return lines_of(chunk, stream,
                    if_there(chunk, ("thread", 2), ("pid", 15)) +
                    [('"values":%s', values)])


def decode_snapshot(chunk, stream):
    """§7.7"""
    buf = chunk.buf
    chunk.open((6, 7, 12, 13, 18), (16, 17))
    name = chunk.if_there(16, text)
    values = []
    if 17 in chunk.keys:
        for item in array(buf, chunk.keys[17]):
            title, unit, number = array(buf, item, 3)
            values.append("[%s,%s,%d]" % (quote(text(buf, title)),
                                          quote(text(buf, unit)),
                                          int64(buf, number)))
        if len(values) > MAX_FIGURES:
            raise Corrupt("too many values")
    chunk.readable(16)
    name = quote(name)
    if chunk.t0 != chunk.t1:
        raise Corrupt("t0 and t1 of a snapshot differ")
    fields = [('"name":%s', [name] * chunk.count),
              ('"values":%s', [list_of(values)] * chunk.count),
              ('"stack":%d', chunk.refers(7)),
              ('"blocks":%d', chunk.plain(18)),
              ('"size":%d', chunk.plain(6))]
    fields += if_there(chunk, ("type", 12))
    if chunk.has(13):
        fields.append(('"domain":%s', by_name(DOMAINS, chunk.plain(13))))
    return lines_of(chunk, stream, fields, chunk.t0)


def decode_mark(chunk, stream):
    """§7.8"""
    chunk.open((1, 2), (16,))
    messages = chunk.if_there(16, texts, chunk.count)
    chunk.readable(16)
    return lines_of(chunk, stream, [thread(chunk),
                                    ('"text":%s', map(quote, messages))])


def decode_gc(chunk, stream):
    """§7.9"""
    chunk.open((1, 2, 14, 19, 20, 21, 22))
    chunk.readable()
    ops = chunk.plain(14)
    if ops and max(ops) > 1:
        raise Corrupt("op is not one of gc")
    return lines_of(chunk, stream, [
        thread(chunk), ('"op":"%s"', [("start", "stop")[op] for op in ops]),
        ('"generation":%d', chunk.plain(19)),
        ('"collected":%d', chunk.plain(20)),
        ('"uncollectable":%d', chunk.plain(21)),
        ('"duration_ns":%d', chunk.plain(22))])


def decode_loss(chunk, stream):
    """§7.10"""
    chunk.open((1, 14, 23))
    chunk.readable()
    return lines_of(chunk, stream, [
        ('"cause":%s', by_name(CAUSES, chunk.plain(14))),
        ('"events":%d', chunk.plain(23))])


def decode_live(chunk, stream):
    """§7.11"""
    chunk.open((2, 6, 7, 12, 13, 24, 25), (16, 17, 18))
    of, part, parts = [chunk.if_there(i, uint) for i in (16, 17, 18)]
    chunk.readable(16, 17, 18)
    if of not in (OBJECT, ALLOC) or part >= parts:
        raise Corrupt("a live set of no kind, or no such part")
    if chunk.t0 != chunk.t1:
        raise Corrupt("t0 and t1 of a live set differ")
    count = chunk.count
    where = [x & M64 for x in accumulate(chunk.plain(24))]
    fields = [('"of":%d', [of] * count), ('"part":%d', [part] * count),
              ('"parts":%d', [parts] * count), ('"address":"0x%x"', where)]
    fields += if_there(chunk, ("size", 6))
    fields.append(('"stack":%d', chunk.refers(7)))
    fields += if_there(chunk, ("type", 12), ("thread", 2))
    if chunk.has(13):
        fields.append(('"domain":%s', by_name(DOMAINS, chunk.plain(13))))
    if chunk.has(25):
        fields.append(('"age_ns":%d', [a * stream.tick_ns & M64
                                       for a in chunk.plain(25)]))
    return lines_of(chunk, stream, fields, chunk.t0)



def argument_lists(buf, span, length):
    return [texts(buf, item) for item in array(buf, span, length)]


def decode_process(chunk, stream):
    """§7.12"""
    chunk.open((1, 14, 15, 26, 27, 28, 29), (16, 17, 18, 19))
    count = chunk.count
    listed = {key: chunk.if_there(key, texts, count) or [""] * count
              for key in (16, 18, 19)}
    argv = chunk.if_there(17, argument_lists, count) or [[]] * count
    chunk.readable()
    status = chunk.plain(28)

    def known_or_null(values):
        return [v or "null" for v in values]

    def quoted(key):
        return [quote(t) if t else "null" for t in listed[key]]

    return lines_of(chunk, stream, [
        ('"op":%s', by_name(PROCESS_OPS, chunk.plain(14))),
        ('"how":%s', by_name(HOWS, chunk.plain(29))),
        ('"pid":%d', chunk.plain(15)),
        ('"ppid":%s', known_or_null(chunk.plain(26))),
        ('"started_ns":%s', known_or_null(chunk.plain(27))),
        ('"exit":%s', [s - 1 if 1 <= s <= 256 else "null" for s in status]),
        ('"signal":%s', [s - 256 if s > 256 else "null" for s in status]),
        ('"executable":%s', quoted(16)),
        ('"argv":%s', [list_of(map(quote, a)) if a else "null"
                       for a in argv]),
        ('"name":%s', quoted(18)), ('"note":%s', quoted(19))])


DECODE = {
    STREAM: decode_stream, STRING: decode_string, CODE: decode_table,
    CFUNCTION: decode_table, TYPE: decode_table, STACK: decode_table,
    THREAD: decode_table, CLASS: decode_table, ANCHOR: decode_anchor,
    CALL: decode_call, LINE: decode_call, OBJECT: decode_object,
    ALLOC: decode_alloc, SAMPLE: decode_sample, HEAP: decode_sample,
    SNAPSHOT: decode_snapshot, MARK: decode_mark, GC: decode_gc,
    LOSS: decode_loss, LIVE: decode_live, END: decode_end,
    PROCESS: decode_process,
}


# ---- frames (§2.3, §3, §9) -----------------------------------------------

class Frame:
    """What the header of a data frame says (RFC 8878, section 3.1.1)."""

    def __init__(self, data, at, end):
        """Raises Corrupt; `length` is None when it passes `end`."""
        self.length = None
        if at + 5 > end:
            return
        descriptor = data[at + 4]
        # §2.3
        if descriptor & 0x18:
            raise Corrupt("frame: unused or reserved bit is set")
        if descriptor & 3:
            raise Corrupt("frame: has a dictionary")
        if not descriptor & 0x20:
            raise Corrupt("frame: not a single segment")
        if not descriptor & 4:
            raise Corrupt("frame: no content checksum")
        width = (1, 2, 4, 8)[descriptor >> 6]
        if at + 5 + width > end:
            return
        size = int.from_bytes(data[at + 5:at + 5 + width], "little")
        if width == 2:
            size += 256
        # §10
        if size > MAX_CONTENT:
            raise Corrupt("frame: claims %d bytes" % size)
        self.content_size = size
        pos = at + 5 + width
        while True:
            if pos - at > MAX_FRAME:
                raise Corrupt("frame: longer than 17 MiB")
            if pos + 3 > end:
                return
            block = int.from_bytes(data[pos:pos + 3], "little")
            kind = block >> 1 & 3
            if kind == 3:
                raise Corrupt("frame: block of the reserved type")
            pos += 3 + (1 if kind == 1 else block >> 3)
            if block & 1:
                break
        pos += 4
        if pos - at > MAX_FRAME:
            raise Corrupt("frame: longer than 17 MiB")
        if pos <= end:
            self.length = pos - at


ZSTD = zstandard.ZstdDecompressor(max_window_size=MAX_CONTENT)


def decompress(data, frame):
    """The content of a whole frame. Never makes more than it declares."""
    size = frame.content_size
    try:
        if size:
            content = ZSTD.decompress(data, max_output_size=size)
        else:           # one shot doesn't look at the checksum then
            content = ZSTD.decompressobj().decompress(data)
    except zstandard.ZstdError as error:
        raise Corrupt("frame: %s" % error) from None
    if len(content) != size:
        raise Corrupt("frame: not of the declared size")
    return content


def begins(data, at, end):
    """What begins at `at`: "data", "skip", "" (end of file), None."""
    some = data[at:min(at + 4, end)]
    if not some:
        return ""
    if DATA.startswith(some):
        return "data"
    if some[0] & 0xF0 == 0x50 and b"\x2a\x4d\x18".startswith(some[1:]):
        return "skip"
    return None


LABEL_FIELDS = struct.Struct("<4sBBHQIIQQIIIIII")


class Label:
    """A label's body (§3.1)."""

    def __init__(self, body):
        self.body = body
        (self.magic, self.version, _, self.kind, self.key, self.seq,
         self.count, self.t0, self.t1, self.content_size, self.frame_size,
         self.epoch, self.frame_crc, self.lost,
         self.crc) = LABEL_FIELDS.unpack(body)
        if self.magic != b"PMTL":
            raise Corrupt("label: magic is wrong")
        if self.crc != crc32c(body[:60]):
            raise Corrupt("label: crc is wrong")
        if self.version == 1 and (self.frame_size > MAX_FRAME
                                  or self.content_size > MAX_CONTENT):
            raise Corrupt("label: sizes over the limit")

    def differs(self, chunk):
        """§3.1: the copy against its chunk."""
        return ((self.kind, self.key, self.seq, self.count, self.t0, self.t1,
                 self.content_size, self.epoch, self.lost)
                != (min(chunk.kind, 0xFFFF), chunk.key,
                    chunk.seq & 0xFFFFFFFF, chunk.count, chunk.t0, chunk.t1,
                    len(chunk.buf), chunk.epoch & 0xFFFFFFFF,
                    min(chunk.lost, 0xFFFFFFFF)))


TRAILER = struct.Struct("<QIIII8s")
SEARCH = re.compile(re.escape(LABEL_MARK) + b"|" + re.escape(INDEX) + b"|"
                    + re.escape(DATA))


class Reader:
    """Walks a trace (§9)."""

    def __init__(self, data, name, out):
        self.data = data
        self.end = len(data)
        self.name = name
        self.out = out
        self.streams = {}
        self.status = 0
        self.refused = False
        self.frames = []    # (offset, label body or None) since the last index
        self.starts = set()     # where frames begin, since the last index
        self.after_index = 0
        self.last_damage = -1

    # -- reports --

    def say(self, what):
        sys.stderr.write("decode.py: %s: %s\n" % (self.name, what))

    def print(self, lines):
        if lines:
            self.out.write("\n".join(lines).encode("ascii") + b"\n")

    def damage(self, offset, why, status="corrupt"):
        self.last_damage = max(self.last_damage, offset)
        if status == "corrupt":
            self.status = 1
        self.say("%s at byte %d: %s" % (status, offset, why))
        self.print(['{"kind":"damage","status":"%s","offset":%d}'
                    % (status, offset)])

    # -- §9.4 --

    def search(self, start):
        """The first offset from `start` where something sound begins."""
        for match in SEARCH.finditer(self.data, start):
            at = match.start()
            try:
                if match.group() == INDEX:
                    if at + 8 <= self.end:
                        self.index_at(at)
                        return at
                elif match.group() == DATA:
                    frame = Frame(self.data, at, self.end)
                    if frame.length:
                        decompress(self.data[at:at + frame.length], frame)
                        return at
                else:
                    return at
            except Corrupt:
                pass
        return None

    def search_or_end(self, start):
        found = self.search(start)
        return self.end if found is None else found

    def resume(self, at, start):
        """`at` if a frame begins there, else by search from `start`."""
        if at <= self.end and begins(self.data, at, self.end) is not None:
            return at
        return self.search_or_end(start)

    # -- §9.1 --

    def run(self):
        """Exit status."""
        at = self.recognise()
        if at is None:
            self.say("not a trace")
            return 2
        self.print(['{"schema":1,"format":"pmt","version":[1,0]}'])
        if at:
            self.damage(0, "a trace does not begin so")
        while at < self.end:
            self.starts.add(at)
            at = self.step(at)
        if self.refused:
            return 2
        return self.status

    def recognise(self):
        """§2.4: where the trace begins, None if it is none."""
        first = self.data[0:4]
        if first and (LABEL.startswith(first) or DATA.startswith(first)):
            return 0
        return self.search(1)

    def step(self, at):
        what = begins(self.data, at, self.end)
        if what is None:
            self.damage(at, "no frame begins here")
            return self.search_or_end(at + 1)
        if what == "data":
            return self.bare_frame(at)
        return self.skippable(at)

    def cut(self, at, label_at, why):
        """§9.2: the frame at `at` passes the end of the file."""
        found = self.search(at + 1)
        if found is not None:
            self.damage(at, why + " passes the end of the file")
            return found
        if (self.data[at:at + 4] == INDEX
                and self.data[max(at, self.end - 8):] == b"PMTINDEX"):
            self.damage(at, why + " passes the end of the file")
        else:
            self.damage(label_at, "the file ends inside " + why, "truncated")
        return self.end

    def skippable(self, at):
        data, end = self.data, self.end
        if at + 8 > end:
            return self.cut(at, at, "a frame")
        size = int.from_bytes(data[at + 4:at + 8], "little")
        magic = data[at:at + 4]
        if magic == LABEL and size != 64:
            self.damage(at, "label of %d bytes" % size)
            return self.search_or_end(at + 1)
        behind = at + 8 + size
        if magic == INDEX and not 32 <= size <= MAX_INDEX:
            self.damage(at, "index of %d bytes" % size)
            return self.resume(behind, at + 1)
        if behind > end:
            return self.cut(at, at, "a label" if magic == LABEL else
                            "an index" if magic == INDEX else "a frame")
        if magic == LABEL:
            return self.label(at)
        if magic == INDEX:
            return self.index(at, behind)
        if size >= 4 and data[at + 8:at + 12] == b"PMTL":
            self.damage(at, "label of another magic")
            return self.resume(behind, at + 1)
        if size >= 8 and data[behind - 8:behind] == b"PMTINDEX":
            self.damage(at, "index of another magic")
            return self.resume(behind, at + 1)
        return behind

    def bare_frame(self, at):
        """A data frame without a label."""
        try:
            frame = Frame(self.data, at, self.end)
            if frame.length is None:
                return self.cut(at, at, "a data frame")
            content = decompress(self.data[at:at + frame.length], frame)
        except Corrupt as error:
            self.damage(at, error)
            return self.search_or_end(at + 1)
        self.frames.append((at, None))
        try:
            self.chunk(content)
        except Corrupt as error:
            self.damage(at, error)
        return at + frame.length

    # -- §9.3 --

    def label(self, at):
        data, end = self.data, self.end
        q = at + 72
        try:
            label = Label(data[at + 8:q])
        except Corrupt as error:
            self.damage(at, error)
            return q
        if label.version != 1:
            self.frames.append((at, label.body))
            if begins(data, q, end) == "data":
                return self.unknown_label_frame(q)
            return q
        behind = q + label.frame_size
        what = begins(data, q, end)
        if what == "":
            self.damage(at, "the file ends behind a label", "truncated")
            return end
        if what == "skip":
            self.damage(at, "label without a data frame")
            return q
        if what is None:
            self.damage(q, "no data frame behind a label")
            return self.resume(behind, q + 1)
        if behind > end:
            return self.cut(q, at, "a data frame")
        try:
            if crc32c(data[q:behind]) != label.frame_crc:
                raise Corrupt("frame_crc is wrong")
            frame = Frame(data, q, behind)
            if frame.length != label.frame_size:
                raise Corrupt("frame_size is wrong")
            content = decompress(data[q:behind], frame)
        except Corrupt as error:
            self.damage(q, error)
            return self.resume(behind, q + 1)
        self.frames.append((at, label.body))
        try:
            self.chunk(content, label, at)
        except Corrupt as error:
            self.damage(q, error)
        return behind

    def unknown_label_frame(self, q):
        """The data frame behind a label of another version."""
        self.starts.add(q)
        before = len(self.frames)
        q = self.bare_frame(q)
        del self.frames[before:]    # the label stands for it
        return q

    # -- §3.2 --

    def index_at(self, at):
        """(region_length, [(offset, label body)]) of a sound index."""
        data = self.data
        size = int.from_bytes(data[at + 4:at + 8], "little")
        behind = at + 8 + size
        if not 32 <= size <= MAX_INDEX or behind > self.end:
            raise Corrupt("index: size is wrong")
        (region, count, entry_size, crc, reserved,
         magic) = TRAILER.unpack(data[behind - 32:behind])
        if magic != b"PMTINDEX":
            raise Corrupt("index: magic is wrong")
        if entry_size < 72 or count * entry_size + 32 != size or reserved:
            raise Corrupt("index: trailer is wrong")
        if crc != crc32c(data[at + 8:behind - 16]):
            raise Corrupt("index: crc is wrong")
        first = at + 8
        return region, [
            (int.from_bytes(data[e:e + 8], "little"), data[e + 8:e + 72])
            for e in range(first, first + count * entry_size, entry_size)]

    def index(self, at, behind):
        try:
            region, listed = self.index_at(at)
            start = at - region
            if start < self.after_index:
                raise Corrupt("index: its region is too long")
            if self.last_damage < start:
                if start not in self.starts:
                    raise Corrupt("index: its region begins at no frame")
                if listed != [(offset - start, body) for offset, body
                              in self.frames if offset >= start]:
                    raise Corrupt("index: differs from the labels")
        except Corrupt as error:
            self.damage(at, error)
            return self.resume(behind, at + 1)
        self.frames = []
        self.starts = set()
        self.after_index = behind
        return behind

    # -- §9.5 --

    def chunk(self, content, label=None, label_at=0):
        chunk = Chunk(content)
        stream = self.streams.get(chunk.key)
        if chunk.kind == STREAM:
            version = self.version(chunk)
        if stream is not None and stream.refused:
            return
        if chunk.kind == STREAM:
            if version[0] > 1:
                stream = self.streams[chunk.key] = Stream(chunk.key)
                stream.refused = self.refused = True
                self.say("stream %s is of version %d.%d, which is not "
                         "understood" % ((stream.name,) + version))
                self.print(['{"kind":"refused","stream":"%s","version":'
                            '[%d,%d]}' % ((stream.name,) + version)])
                return
            before, stream = stream, Stream(chunk.key)
        elif stream is None:
            stream = self.streams[chunk.key] = Stream(chunk.key)
        lines = self.lines(chunk, stream)
        if chunk.kind == STREAM:
            stream = self.take_header(chunk, before, stream)
        if label and label.differs(chunk):
            self.damage(label_at, "label differs from its chunk")
        self.gap(chunk, stream)
        self.print(lines)

    def take_header(self, chunk, before, stream):
        """§5.3: the stream begins, begins again, or goes on."""
        if chunk.features:
            return stream
        if before is not None and stream.part > before.part:
            before.go_on(stream)
            return before
        self.streams[chunk.key] = stream
        return stream

    def version(self, chunk):
        """(major, minor) of a stream chunk."""
        spans = [pair[1:] for pair in chunk.body if pair[0] == 0]
        if not spans:
            raise Corrupt("body: key 0 is missing")
        return tuple(uint(chunk.buf, i)
                     for i in array(chunk.buf, spans[0], 2))

    def lines(self, chunk, stream):
        if chunk.features:
            return ['{"kind":"skipped","stream":"%s","number":%d,"count":%d,'
                    '"features":[%s]}'
                    % (stream.name, chunk.kind, chunk.count,
                       ",".join(map(str, chunk.features)))]
        decode = DECODE.get(chunk.kind)
        if decode is None:
            return ['{"kind":"unknown","stream":"%s","number":%d,"count":%d}'
                    % (stream.name, chunk.kind, chunk.count)]
        try:
            return decode(chunk, stream)
        except Unreadable:
            return ['{"kind":"unreadable","stream":"%s","number":%d,'
                    '"count":%d}' % (stream.name, chunk.kind, chunk.count)]

    def gap(self, chunk, stream):
        """§9.6"""
        if (stream.next_seq is not None and chunk.seq > stream.next_seq
                and not stream.filtered):
            self.say("stream %s: %d chunks are missing before number %d"
                     % (stream.name, chunk.seq - stream.next_seq, chunk.seq))
        stream.next_seq = chunk.seq + 1


# ---- the content digest (annex B) ----------------------------------------

def u64(value):
    return struct.pack("<Q", value & M64)


def blake2b(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def hashed_text(value):
    """A text of a JSON line as it is hashed."""
    if value is None:
        return u64(M64)
    octets = value.encode("utf-8", "surrogateescape")
    return u64(len(octets)) + octets


NO_ENTRY = bytes(32)


class Series:
    """The records of one kind: a hash for each column."""

    def __init__(self, columns):
        self.columns = columns
        self.hashes = [hashlib.blake2b(digest_size=32) for _ in columns]
        self.seen = [{} for _ in columns]
        self.ordinals = hashlib.blake2b(digest_size=32)
        self.extra = hashlib.blake2b(digest_size=32)
        self.count = 0
        self.next_ordinal = 0

    def add(self, row, tables, filtered):
        if not filtered and row.get("ordinal") not in (None,
                                                       self.next_ordinal):
            self.ordinals.update(u64(self.count) + u64(row["ordinal"]))
        self.next_ordinal = row.get("ordinal", 0) + 1 & M64
        self.count += 1
        for (name, table), column, seen in zip(self.columns, self.hashes,
                                               self.seen):
            value = row.get(name) or 0
            if table is None or value == 0:
                column.update(u64(value))
            elif value in seen:
                column.update(u64(seen[value]))
            else:
                seen[value] = len(seen) + 1
                column.update(u64(seen[value])
                              + tables[table].get(value, NO_ENTRY))

    def result(self, extra, ordinals):
        more = [self.extra] * extra + [self.ordinals] * ordinals
        return u64(self.count) + b"".join(h.digest()
                                          for h in self.hashes + more)


THREADS = ("thread", "thread")
SERIES = {
    "anchor": [("time_ns", None), ("mono_ns", None), ("real_ns", None),
               ("uncertainty_ns", None)],
    "call": [("time_ns", None), THREADS, ("class", "class"), ("rss", None),
             ("gap", None), ("offset", None), ("rss_read", None)],
    "object": [("time_ns", None), THREADS, ("op", None), ("type", "type"),
               ("stack", "stack"), ("address", None), ("rss", None),
               ("gap", None), ("size", None), ("rss_read", None)],
    "alloc": [("time_ns", None), THREADS, ("op", None), ("address", None),
              ("size", None), ("stack", "stack"), ("gap", None)],
    "sample": [("time_ns", None), THREADS, ("pid", None)],
    "snapshot": [("time_ns", None), ("stack", "stack"), ("blocks", None),
                 ("size", None), ("type", "type"), ("domain", None)],
    "mark": [("time_ns", None), THREADS],
    "gc": [("time_ns", None), THREADS, ("op", None), ("generation", None),
           ("collected", None), ("uncollectable", None),
           ("duration_ns", None)],
    "loss": [("time_ns", None), ("cause", None), ("events", None)],
    "live": [("address", None), ("size", None), ("stack", "stack"),
             ("type", "type"), THREADS, ("domain", None), ("made", None)],
    "process": [("time_ns", None), ("op", None), ("how", None), ("pid", None),
                ("ppid", None), ("started_ns", None), ("status", None)],
}
SERIES["line"] = SERIES["call"]
SERIES["heap"] = SERIES["sample"]
WITH_EXTRA = ("sample", "heap", "snapshot", "mark", "process")
TABLES = ("code", "cfunction", "type", "stack", "thread", "class")


def numbered(names):
    return {name: number for number, name in dict(names).items()}


DOMAIN_NUMBERS = numbered(DOMAINS)


class Digest:
    """What one stream says, from its JSON lines (section 12)."""

    def __init__(self, header):
        self.header = u64(0)
        self.filtered = False
        self.tables = {name: {} for name in TABLES}
        self.names = {}
        self.series = {}
        self.live = {}
        self.end = u64(0) * 3
        if header is not None:
            upto = list(header)[:list(header).index("part")]
            said = json.dumps({key: header[key] for key in upto},
                              separators=(",", ":"))[:-1].encode()
            filters = header.get("filter")
            self.filtered = filters is not None
            self.header = u64(len(said)) + said + u64(
                M64 if filters is None else len(filters)) + b"".join(
                    map(hashed_text, filters or []))
        else:
            self.header = b""

    def entry(self, kind, row):
        def of(table, key):
            return self.tables[table].get(row[key], NO_ENTRY)

        if kind == "code":
            parts = (hashed_text(row["file"]), hashed_text(row["function"]),
                     u64(row["first_line"]))
        elif kind == "cfunction":
            parts = hashed_text(row["name"]), hashed_text(row["module"])
        elif kind == "type":
            parts = (hashed_text(row["name"]), u64(row["basic_size"]),
                     u64(row["item_size"]))
        elif kind == "stack":
            parts = (of("stack", "parent"), of("code", "code"),
                     u64(row["line"]))
        elif kind == "thread":
            parts = u64(row["native_id"]), u64(row["ident"])
        else:
            parts = (u64(row["of"]), u64(row["what"]), of("stack", "stack"),
                     of("type", "type"), of("cfunction", "cfunction"))
        entry = self.tables[kind].setdefault(
            row["id"], blake2b(kind.encode(), *parts))
        if kind == "thread":
            self.names[row["id"]] = blake2b(b"name", entry,
                                            hashed_text(row["name"]))

    def extra(self, kind, row):
        if kind in ("sample", "heap"):
            return u64(len(row["values"])) + b"".join(
                hashed_text(name) + u64(value)
                for name, value in row["values"].items())
        if kind == "snapshot":
            return blake2b(hashed_text(row["name"]), *[
                hashed_text(title) + hashed_text(unit) + u64(number)
                for title, unit, number in row["values"]])
        if kind == "mark":
            return hashed_text(row["text"])
        argv = row["argv"] or []
        return b"".join([hashed_text(row["executable"] or ""), u64(len(argv)),
                         *map(hashed_text, argv),
                         hashed_text(row["name"] or ""),
                         hashed_text(row["note"] or "")])

    @staticmethod
    def numbers(kind, row):
        """The row with names replaced by their numbers."""
        if "address" in row:
            row["address"] = int(row["address"], 16)
        if row.get("domain") in DOMAIN_NUMBERS:
            row["domain"] = DOMAIN_NUMBERS[row["domain"]]
        if kind == "object":
            row["op"] = int(row["op"] == "destroy")
        elif kind == "alloc":
            row["op"] = OPS.index(row["op"]) << 2 | row["domain"]
        elif kind == "gc":
            row["op"] = int(row["op"] == "stop")
        elif kind == "loss":
            row["cause"] = numbered(CAUSES).get(row["cause"], row["cause"])
        elif kind == "process":
            row["op"] = numbered(PROCESS_OPS).get(row["op"], row["op"])
            row["how"] = numbered(HOWS).get(row["how"], row["how"])
            row["status"] = (row["exit"] + 1 if row["exit"] is not None
                             else (row["signal"] or -256) + 256)
        elif kind == "live":
            row["made"] = row["time_ns"] - row.get("age_ns", 0)
        return row

    def take(self, row):
        kind = row["kind"]
        if kind in TABLES:
            self.entry(kind, row)
        elif kind == "end":
            self.end = u64(1) + u64(row["lost"]) + u64(row["clean"])
        elif kind == "live":
            of = row["of"]
            if NAMES[of] in self.series:
                return
            if row["part"] == 0 and self.live.get(of, (None, 0))[1] != 0:
                del self.live[of]
            series = self.live.setdefault(of, (Series(SERIES[kind]), 0))[0]
            self.live[of] = series, row["part"]
            series.add(self.numbers(kind, row), self.tables, True)
        elif kind in SERIES:
            series = self.series.get(kind)
            if series is None:
                series = self.series[kind] = Series(SERIES[kind])
            if kind in WITH_EXTRA:
                series.extra.update(self.extra(kind, row))
            series.add(self.numbers(kind, row), self.tables, self.filtered)

    def result(self):
        parts = [b"pmt content 1", blake2b(self.header)]
        for kind in sorted(self.series, key=NAMES.index):
            parts += [u64(NAMES.index(kind)), self.series[kind].result(
                kind in WITH_EXTRA, kind != "anchor")]
        for of in sorted(self.live):
            parts += [u64(LIVE), u64(of), self.live[of][0].result(0, 0)]
        for table in TABLES:
            found = sorted(set(self.tables[table].values()))
            parts += [u64(NAMES.index(table)), u64(len(found)),
                      blake2b(*found)]
        found = sorted(set(self.names.values()))
        parts += [u64(len(found)), blake2b(*found), self.end]
        return blake2b(*parts).hex()


class DigestReader(Reader):
    """Takes digests where a Reader prints."""

    def __init__(self, data, name, out):
        super().__init__(data, name, out)
        self.digests = []   # (stream, Digest)
        self.now = {}       # the last of each stream, and its part

    def print(self, lines):
        for line in lines:
            row = json.loads(line)
            if "stream" not in row or row["kind"] == "refused":
                continue
            stream, kind = row["stream"], row["kind"]
            known, part = self.now.get(stream, (None, 0))
            if kind == "stream" and known is not None and row["part"] > part:
                self.now[stream] = known, row["part"]
                continue
            if known is None or kind == "stream":
                header = row if kind == "stream" else None
                known = Digest(header)
                self.now[stream] = known, row["part"] if header else 0
                self.digests.append((stream, known))
            if kind != "stream":
                known.take(row)

    def run(self):
        status = super().run()
        for stream, digest in self.digests:
            super().print(['{"kind":"digest","stream":"%s","digest":"%s"}'
                           % (stream, digest.result())])
        return status


def read_all(path):
    """The bytes of a file, mapped when it can be."""
    if path == "-":
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError):   # empty, or a pipe
            return file.read()


def main(argv):
    digest = argv[1:2] == ["--digest"]
    if len(argv) != 2 + digest or argv[1] in ("-h", "--help"):
        sys.stdout.write(__doc__)
        return 0 if len(argv) == 2 and not digest else 2
    name = argv[-1]
    try:
        data = read_all(name)
    except OSError as error:
        sys.stderr.write("decode.py: %s: %s\n" % (name, error.strerror))
        return 2
    try:
        kind = DigestReader if digest else Reader
        status = kind(data, name, sys.stdout.buffer).run()
        sys.stdout.buffer.flush()
        return status
    except BrokenPipeError:
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
