# SOUND: the last two thousand events, in a deque with a bound.
import collections
import random

import pmtrace


def main():
    rng = random.Random(9)
    events = collections.deque(maxlen=2000)
    for number in range(9000):
        if number == 1200:
            pmtrace.mark("early")
        events.append(("event", number, "source %d" % rng.randrange(50),
                       rng.random()))
    pmtrace.mark("late")
    print(len(events))


main()
