# SOUND: words of a fixed vocabulary, common and rare, are interned and counted.
import collections
import random
import sys

import pmtrace


def main():
    rng = random.Random(21)
    counts = collections.Counter()
    for number in range(40000):
        if number == 8000:
            pmtrace.mark("early")
        rank = int(3000 ** rng.random())
        counts[sys.intern("word-%05d" % rank)] += 1
    pmtrace.mark("late")
    print(len(counts))


main()
