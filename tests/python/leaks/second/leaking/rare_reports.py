# LEAKS: each hundredth request makes a large report that is kept, beside a
# churn of small things.
# TYPES: bytes, dict, str, list, bytearray
import json
import random
import zlib

import pmtrace

reports = {}


def small(rng):
    event = {"id": rng.randrange(1000), "tags": ["a", "b", str(rng.random())]}
    return len(json.loads(json.dumps(event)))


def report(number, rng):
    raw = bytes(rng.randrange(256) for _ in range(500)) * 80
    return zlib.compress(raw, 1) + raw[:15000]  # LEAK


def main():
    rng = random.Random(31)
    total = 0
    for number in range(5000):
        if number == 900:
            pmtrace.mark("early")
        total += small(rng)
        if number % 100 == 99:
            reports["report %d" % number] = report(number, rng)
    pmtrace.mark("late")
    print(total, len(reports))


main()
