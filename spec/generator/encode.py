"""Bytes of a trace: checksums, CBOR, frames, columns (sections 1 to 4)."""

import json
import struct


M64 = (1 << 64) - 1


def dumps(line):
    """A line of JSON (section 12)."""
    return json.dumps(line, separators=(",", ":"))


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
