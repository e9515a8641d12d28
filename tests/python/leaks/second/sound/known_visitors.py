# SOUND: a session for each of two thousand people, made when first seen.
import random

import pmtrace

sessions = {}


class Session:
    def __init__(self, who):
        self.who = who
        self.pages = 0
        self.settings = {"language": "en", "size": who % 3}


def main():
    rng = random.Random(14)
    total = 0
    for number in range(12000):
        if number == 2400:
            pmtrace.mark("early")
        who = rng.randrange(2000)
        if who not in sessions:
            sessions[who] = Session(who)
        sessions[who].pages += 1
        total += len("visit of %d, page %d" % (who, sessions[who].pages))
    pmtrace.mark("late")
    print(total)


main()
