"""The annex of trace-format.md: the worked example, byte by byte."""

from .encode import LABEL, LABEL_NAMES, dumps
from .stream import KINDS
from .valid_chunks import worked_example


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
