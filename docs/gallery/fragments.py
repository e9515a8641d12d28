#!/usr/bin/env python3
"""A heap with holes, for docs/gallery.md.

Four times as many records are made, each time of another size; all but every
fortieth are then let go of. The few that stay keep nearly every arena of
Python's allocator from being given back.
"""

import time

try:
    from pmtrace import mark
except ImportError:

    def mark(text):
        """Without pmtrace there is no trace to leave a mark in."""


def load(size, count):
    """Records of so many bytes each."""
    return [bytes(size) for _ in range(count)]


def rest():
    """Stays as it is for a while."""
    for _ in range(40):
        time.sleep(0.01)


def main():
    kept = []
    for size in (40, 100, 180, 300):
        mark("load %d B" % size)
        records = load(size, 12000000 // size)
        rest()
        kept += records[::40]
        mark("drop most")
        del records
        rest()
    mark("drop all")
    kept.clear()
    rest()


if __name__ == "__main__":
    main()
