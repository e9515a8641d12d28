# LEAKS: a session is made by looking it up in a defaultdict, also for robots
# that never come back.
# TYPES: Session, dict, list, str
import collections
import hashlib
import random

import pmtrace


class Session:
    def __init__(self):
        self.basket = []  # LEAK
        self.seen = {}  # LEAK


sessions = collections.defaultdict(Session)


def handle(rng, number):
    if rng.random() < 0.5:
        visitor = "user%d" % rng.randrange(100)
    else:
        visitor = "robot-" + hashlib.md5(b"%d" % number).hexdigest()  # LEAK
    session = sessions[visitor]  # LEAK
    session.seen["/page/%d" % rng.randrange(6)] = True  # LEAK
    return len(session.seen)


def main():
    rng = random.Random(12)
    pages = 0
    for number in range(6000):
        if number == 1500:
            pmtrace.mark("early")
        pages += handle(rng, number)
    pmtrace.mark("late")
    print(pages, len(sessions))


main()
