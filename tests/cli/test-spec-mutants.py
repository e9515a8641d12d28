#!/usr/bin/env python3
"""Both readers say the same of chunks that were changed at random.

The chunks of the valid vectors are changed (bytes, heads, pieces of other
chunks), packed into sound frames again, so that checksums hide nothing, and
read by decode.py and by `pmt dump --json`: line by line the same.
PMT_SPEC_ROUNDS is the number of files, each of some hundred chunks;
PMT_SPEC_SEED begins elsewhere.
"""

import io
import os
import random
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


def main():
    failures = common.Failures()
    program = common.pmt()
    if not program:
        common.skip("no pmt is built")
    vectors = [c for c in (contents(v.data()) for v in
                           common.vectors("valid")) if c]
    others = [c for vector in vectors for c in vector]
    frames = sound = 0
    for n in range(ROUNDS):
        chance = random.Random(SEED + n)
        data = one_round(chance, vectors, others)
        _, want, _ = common.decode(decode, data, "-")
        frames += data.count(decode.DATA)
        sound += want.count(b"\n")
        with tempfile.NamedTemporaryFile(suffix=".pmt") as file:
            file.write(data)
            file.flush()
            _, got, _ = common.dump(program, file.name)
            if got != want:
                failures.add("round %d: %s" % (
                    SEED + n, common.first_difference(want, got)))
                keep = os.environ.get("PMT_SPEC_KEEP")
                if keep:
                    with open(os.path.join(keep, "%d.pmt" % (SEED + n)),
                              "wb") as kept:
                        kept.write(data)
    failures.end("%d files of %d frames, %d lines" % (ROUNDS, frames, sound))


main()
