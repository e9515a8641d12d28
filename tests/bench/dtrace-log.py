#!/usr/bin/env python3
"""Writes a long log from the lines of a real one: dtrace-log.py LOG LINES.

The lines are repeated with other addresses each time, 64 sets of them in turn,
so what is live stays within bounds. A log with times gets later ones.
"""
import re
import sys

SETS = 64


def shifted(lines, k):
    """The lines with every address moved by k * 16 MiB."""
    return [re.sub(rb"0x([0-9a-f]+)", lambda m: b"0x%x" % (
        int(m.group(1), 16) and int(m.group(1), 16) + (k << 24)), line)
        for line in lines]


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    with open(path, "rb") as file:
        lines = file.read().splitlines(True)
    head = [line for line in lines if line.startswith((b"#", b"dtrace:::B"))]
    body = [line for line in lines if line[:1] in b" 0123456789"
            and line.endswith(b"\n") and line.strip()]
    out = sys.stdout.buffer
    out.write(b"".join(head))
    times = body[0].split(b"\t")[0] if b"\t" in body[0] else None
    sets = [shifted(body, k) for k in range(SETS)]
    if not times:
        whole = [b"".join(lines) for lines in sets]
        for i in range(count // len(body)):
            out.write(whole[i % SETS])
        return
    first = int(times)
    split = [[line.split(b"\t", 1) for line in lines] for lines in sets]
    span = int(body[-1].split(b"\t")[0]) - first + 1000
    for i in range(count // len(body)):
        out.write(b"".join([b"%d\t%s" % (int(t) + i * span, rest)
                            for t, rest in split[i % SETS]]))


main()
