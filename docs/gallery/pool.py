#!/usr/bin/env python3
"""Workers that count words, for docs/gallery.md: a tree of processes.

Each of three workers takes its share of ten tasks; they need from a few to
some tens of MB.
"""

import multiprocessing
import time


def count(task):
    """Count words of a text that is made up."""
    words = ["%d-%d" % (task, i % (20000 * task)) for i in range(60000 * task)]
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    time.sleep(0.1)
    return len(counts)


def main():
    text = "x" * 30000000  # the parent has its own
    time.sleep(0.3)
    with multiprocessing.Pool(3, maxtasksperchild=4) as pool:
        found = pool.map(count, range(1, 11), chunksize=1)
    time.sleep(0.3)
    print(len(text), sum(found))


if __name__ == "__main__":
    main()
