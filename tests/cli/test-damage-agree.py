#!/usr/bin/env python3
"""Both readers say the same of damaged files.

Valid vectors are damaged as files are (bits flipped, bytes changed, pieces
cut out, put in, doubled or zeroed, ends cut off, traces joined) and read by
decode.py and by `pmt dump --json`: line by line the same, so also the places
of damage. PMT_DAMAGE_ROUNDS is the number of files; PMT_DAMAGE_SEED begins
elsewhere.
"""

import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

common.need_libraries()

ROUNDS = int(os.environ.get("PMT_DAMAGE_ROUNDS", "1000"))
SEED = int(os.environ.get("PMT_DAMAGE_SEED", "1"))
LONGEST = 6000

# What a reader looks for: the beginnings of frames, and what ends an index.
MARKS = (b"\x28\xb5\x2f\xfd", b"\x5b\x2a\x4d\x18\x40\0\0\0PMTL",
         b"\x5c\x2a\x4d\x18", b"\x53\x2a\x4d\x18\x04\0\0\0abcd",
         b"\x5b\x2a\x4d\x18", b"PMTINDEX", b"PMTL", b"\x28\xb5\x2f", b"\x5b")


def place(chance, data):
    """Somewhere, or at a mark."""
    if chance.random() < 0.5:
        at = data.find(chance.choice(MARKS), chance.randrange(len(data) + 1))
        if at >= 0:
            return at
    return chance.randrange(len(data) + 1)


def changed(chance, data, others):
    """A copy with one change."""
    data = bytearray(data)
    at = place(chance, data)
    size = chance.choice((1, 4, 8, 64, 72, 200, 1000))
    how = chance.randrange(9)
    if how <= 1 and at < len(data):
        data[at] ^= 1 << chance.randrange(8)
    elif how == 2 and at < len(data):
        end = min(at + chance.randrange(1, 9), len(data))
        data[at:end] = chance.randbytes(end - at)
    elif how == 3:
        del data[at:]
    elif how == 4:
        del data[at:at + size]
    elif how == 5:
        data[at:at] = chance.choice(
            (chance.choice(MARKS), chance.randbytes(size), bytes(size)))
    elif how == 6:
        other = place(chance, data)
        data[at:at] = data[other:other + size]
    elif how == 7:
        data[at:at + size] = bytes(len(data[at:at + size]))
    else:
        data[at:at] = chance.choice(others)
    return bytes(data)


def main():
    program = common.pmt()
    if not program:
        common.skip("no pmt is built")
    decode = common.load("decode")
    chance = random.Random(SEED)
    vectors = [v.data() for v in common.vectors("valid")]
    vectors = [v for v in vectors if 200 < len(v) <= LONGEST]
    failures = common.Failures()
    told = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "damaged.pmt")
        for i in range(ROUNDS):
            data = chance.choice(vectors)
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                data = changed(chance, data, vectors)
            with open(path, "wb") as file:
                file.write(data)
            _, want, messages = common.decode(decode, data, path)
            status, got, errors = common.dump(program, path)
            told += b'"damage"' in want
            if want != got or status not in (0, 1, 2):
                failures.add("file %d of seed %d, exit status %d: %s\n%s%s" % (
                    i, SEED, status, common.first_difference(want, got),
                    messages, errors))
                keep = os.environ.get("PMT_DAMAGE_KEEP")
                if keep:
                    with open(os.path.join(keep, "%d-%d.pmt" % (SEED, i)),
                              "wb") as file:
                        file.write(data)
    if told < ROUNDS // 4:
        failures.add("only %d of the files are damaged" % told)
    failures.end("%d files, %d with damage" % (ROUNDS, told))


main()
