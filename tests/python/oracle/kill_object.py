"""kill_object.py PAGE: makes objects of one class, and after each writes
its address into the shared file PAGE and then how many there are; until it is
killed or the page is full."""

import mmap
import struct
import sys


class Known:
    pass


def main():
    with open(sys.argv[1], "r+b") as file:
        page = mmap.mmap(file.fileno(), 0)
    put = struct.Struct("=Q").pack_into
    kept = []
    n = 0
    while 8 * n + 16 <= len(page):
        kept.append(Known())
        put(page, 8 * n + 8, id(kept[-1]))
        n += 1
        put(page, 0, n)
        kept[:-100] = []
        # Others, between them, to fill buffers.
        [[i] for i in range(n % 20)]
    while True:
        pass


main()
