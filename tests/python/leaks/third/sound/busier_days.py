# SOUND: what a day brought is dropped at its end; each day brings more.
import random

import pmtrace


def day(visitors, rng):
    seen = {}
    for _ in range(visitors):
        who = "visitor %d" % rng.randrange(10 ** 6)
        seen[who] = seen.get(who, 0) + 1
    return len(seen)


def main():
    rng = random.Random(8)
    total = 0
    for number in range(14):
        if number == 3:
            pmtrace.mark("early")
        total += day(200 + number * 120, rng)
    pmtrace.mark("late")
    print(total)


main()
