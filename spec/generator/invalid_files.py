"""Invalid vectors: the file, labels, frames, the index."""

import hashlib
import struct

from .encode import LABEL, Trace, cbor, crc32c, frame, skippable
from .stream import Stream
from .parts import VECTORS, begin, cut_trace, invalid, marks, vector, whole


# ---- the file ------------------------------------------------------------

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
    return no_trace(b"127.0.0.1 - - [21/Nov/2026] \"GET /\" 200\n" * 99)


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
def major_version_2_then_1():
    """What is refused stays so, also when a header of version 1 follows."""
    trace, s = begin()
    marks(s, "seen")
    s.open(version=(2, 0), lines=[
        {"kind": "refused", "stream": s.name, "version": [2, 0]}])
    marks(s, "not seen", lines=[])
    s.open(lines=[])
    s.open(version=(3, 0), lines=[])
    s.open(change={0: None}, bad="chunk")
    s.end(lines=[])
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


# ---- labels --------------------------------------------------------------


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


# ---- the index -----------------------------------------------------------

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
