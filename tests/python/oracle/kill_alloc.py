"""kill_alloc.py PAGE: makes blocks of known sizes, and after each writes
into the shared file PAGE how many there are; until it is killed."""

import mmap
import struct
import sys

# Sizes that no other blocks of this process have, each once.
BASE = 600000


def main():
    with open(sys.argv[1], "r+b") as file:
        page = mmap.mmap(file.fileno(), 0)
    put = struct.Struct("=Q").pack_into
    words = []
    n = 0
    while True:
        block = bytearray(BASE + n)
        n += 1
        put(page, 0, n)
        del block
        # Others, between them, to fill buffers.
        words = [[str(i)] for i in range(n % 20)] + words[:100]


main()
