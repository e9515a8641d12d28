# SOUND: a full cache throws out any entry for a new one.
import random

import pmtrace


def main():
    rng = random.Random(4)
    cache = {}
    keys = []
    hits = 0
    for number in range(14000):
        if number == 2800:
            pmtrace.mark("early")
        key = int(rng.paretovariate(0.4)) % 100000
        if key in cache:
            hits += 1
            continue
        if len(keys) < 900:
            keys.append(key)
        else:
            place = rng.randrange(900)
            del cache[keys[place]]
            keys[place] = key
        cache[key] = [key, "answer to %d" % key, key % 17 / 3]
    pmtrace.mark("late")
    print(hits)


main()
