#!/usr/bin/env python3
"""Rewrites PNG files, as gnuplot draws them, with a palette of 256 colours.

A chart has few colours of its own; the rest are edges of letters. They are
rounded, and those that are rare become the nearest common one.

    shrink.py FILE.png...
"""

import collections
import struct
import sys
import zlib


def chunks(data):
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def unfilter(kind, line, above, step):
    """One line of pixels as it was before PNG's filter, in place."""
    for i, value in enumerate(line):
        left = line[i - step] if i >= step else 0
        up = above[i]
        corner = above[i - step] if i >= step else 0
        line[i] = value + (0, left, up, (left + up) // 2,
                           paeth(left, up, corner))[kind] & 255
    return line


def read(data):
    """Width, height and lines of (r, g, b)."""
    parts = list(chunks(data))
    width, height, depth, colour, _, _, lace = struct.unpack(
        ">IIBBBBB", parts[0][1])
    if (depth, lace) != (8, 0) or colour not in (2, 6):
        raise ValueError("not a picture of gnuplot's pngcairo")
    step = 3 if colour == 2 else 4
    raw = zlib.decompress(b"".join(d for k, d in parts if k == b"IDAT"))
    above, lines, size = bytearray(width * step), [], width * step + 1
    for y in range(height):
        line = bytearray(raw[y * size + 1:(y + 1) * size])
        above = unfilter(raw[y * size], line, above, step)
        lines.append(list(zip(above[0::step], above[1::step],
                              above[2::step])))
    return width, height, lines


def rounded(colour):
    return tuple(min(255, (c + 8) // 17 * 17) for c in colour)


def palette_of(lines):
    """The place of each colour in a palette, and the palette."""
    counts = collections.Counter(c for line in lines for c in line)
    exact = [c for c, _ in counts.most_common(48)]
    rest = collections.Counter()
    for colour, n in counts.items():
        rest[rounded(colour)] += n
    palette = list(dict.fromkeys(
        exact + [c for c, _ in rest.most_common(200)]))[:256]
    known = {c: i for i, c in enumerate(palette)}
    places = {}
    for colour in counts:
        place = known.get(colour, known.get(rounded(colour)))
        if place is None:
            place = min(range(len(palette)), key=lambda i: sum(
                (a - b) ** 2 for a, b in zip(palette[i], colour)))
        places[colour] = place
    return places, palette


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


def shrink(path):
    with open(path, "rb") as file:
        width, height, lines = read(file.read())
    places, palette = palette_of(lines)
    raw = b"".join(b"\0" + bytes(places[c] for c in line) for line in lines)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3,
                                              0, 0, 0)) +
                   chunk(b"PLTE", b"".join(bytes(c) for c in palette)) +
                   chunk(b"IDAT", zlib.compress(raw, 9)) +
                   chunk(b"IEND", b""))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        shrink(name)
