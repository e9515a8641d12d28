#!/usr/bin/env python3
"""Both readers say the same of traces that were changed at random.

The chunks of the valid vectors are changed (bytes, heads, pieces of other
chunks) and packed into sound frames again, so that checksums hide nothing;
and files are changed (cut, joined, frames left out, repeated, overwritten).
What decode.py and `pmt dump --json` print must be the same, line by line.
PMT_SPEC_ROUNDS is the number of files of the first sort, each of some hundred
chunks; there are twice as many of the second. PMT_SPEC_SEED begins elsewhere;
PMT_SPEC_KEEP is a folder for the files that are read differently.
"""

import io
import os
import random
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

common.need_libraries()
decode = common.load("decode")
common.load("make_vectors")         # finds spec/generator
from generator.encode import frame  # noqa: E402

ROUNDS = int(os.environ.get("PMT_SPEC_ROUNDS", "60"))
SEED = int(os.environ.get("PMT_SPEC_SEED", "1"))
LONGEST = 4000                      # longer chunks are left out

# Bytes at which a reader may go wrong: ends of ranges, heads of CBOR.
EDGES = bytes([0, 1, 2, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1F, 0x20, 0x38,
               0x3B, 0x40, 0x41, 0x58, 0x5F, 0x60, 0x61, 0x7F, 0x80, 0x81,
               0x82, 0x83, 0x98, 0x9F, 0xA0, 0xA1, 0xB8, 0xBF, 0xC0, 0xD8,
               0xD9, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFB, 0xFF])


class Chunks(decode.Reader):
    """Collects the contents of data frames."""

    def say(self, what):
        pass

    def chunk(self, content, *label):
        self.contents.append(bytes(content))


def contents(data):
    reader = Chunks(data, "-", io.BytesIO())
    reader.contents = []
    reader.run()
    return [c for c in reader.contents if 0 < len(c) <= LONGEST]


def changed(chance, content, others):
    """A copy with one or two small changes."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2))):
        at = chance.randrange(len(data)) if data else 0
        how = chance.randrange(8)
        if not data or how == 0:
            data[at:at] = bytes([chance.choice(EDGES)])
        elif how == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif how in (2, 3):
            data[at] = chance.choice(EDGES)
        elif how == 4:
            data[at] = (data[at] + chance.choice((1, 255))) & 255
        elif how == 5:
            del data[at:at + chance.choice((1, 1, 2, 9))]
        elif how == 6:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            piece = other[start:start + chance.choice((1, 2, 4, 9))]
            data[at:at + len(piece)] = piece
        else:
            piece = data[at:at + chance.choice((1, 2, 5))]
            data[at:at] = piece
    return bytes(data)


def one_round(chance, vectors, others):
    """A file: the chunks of some vectors, each followed by changed ones."""
    out = bytearray()
    for vector in chance.sample(vectors, 6):
        for content in vector:
            out += frame(content)
            for _ in range(3):
                out += frame(changed(chance, content, others))
    return bytes(out)


MARK = re.compile(b"[\x28\x50-\x5f][\xb5\x2a][\x2f\x4d][\xfd\x18]")


def changed_file(chance, files):
    """Some files joined, changed in one to four places."""
    data = bytearray()
    for _ in range(chance.choice((1, 1, 2, 3))):
        data += chance.choice(files)
    for _ in range(chance.choice((1, 1, 2, 4))):
        if not data:
            break
        begins = [m.start() for m in MARK.finditer(bytes(data))]
        at = chance.choice(begins) if begins and chance.randrange(2) else (
            chance.randrange(len(data)))
        end = chance.choice(begins) if begins and chance.randrange(2) else (
            at + chance.choice((1, 2, 8, 72, 100, 1000)))
        end = max(end, at)
        how = chance.randrange(8)
        if how == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            data[at:end] = bytes(min(end, len(data)) - at)
        elif how == 2:
            del data[at:end]
        elif how == 3:
            data[at:at] = data[at:end]
        elif how == 4:
            del data[at:]
        elif how == 5:
            data[at:end] = bytes(chance.randrange(256)
                                 for _ in range(min(end - at, 300)))
        elif how == 6:
            other = chance.choice(files)
            start = chance.randrange(len(other))
            data[at:at] = other[start:start + end - at]
        else:
            data[at] = chance.randrange(256)
    return bytes(data)


class Pair:
    """Both readers, on files in turn."""

    def __init__(self, program):
        self.program = program
        self.failures = common.Failures()
        self.files = self.lines = 0

    def read(self, data, name):
        _, want, _ = common.decode(decode, data, "-")
        self.files += 1
        self.lines += want.count(b"\n")
        with tempfile.NamedTemporaryFile(suffix=".pmt") as file:
            file.write(data)
            file.flush()
            status, got, _ = common.dump(self.program, file.name)
        if got == want and status in (0, 1, 2):
            return
        self.failures.add("%s: status %d: %s" % (
            name, status, common.first_difference(want, got)))
        keep = os.environ.get("PMT_SPEC_KEEP")
        if keep:
            with open(os.path.join(keep, name + ".pmt"), "wb") as kept:
                kept.write(data)


def main():
    program = common.pmt()
    if not program:
        common.skip("no pmt is built")
    pair = Pair(program)
    files = [v.data() for v in common.vectors()]
    files = [data for data in files if 0 < len(data) < LONGEST]
    vectors = [c for c in (contents(v.data()) for v in
                           common.vectors("valid")) if c]
    others = [c for vector in vectors for c in vector]
    frames = 0
    for n in range(SEED, SEED + ROUNDS):
        data = one_round(random.Random(n), vectors, others)
        frames += data.count(decode.DATA)
        pair.read(data, "chunks-%d" % n)
    for n in range(2 * SEED, 2 * (SEED + ROUNDS)):
        pair.read(changed_file(random.Random(n), files), "file-%d" % n)
    pair.failures.end("%d files, %d chunks and %d lines" % (
        pair.files, frames, pair.lines))


main()
