# LEAKS: an index of all request ids by prefix, as nested dicts.
# TYPES: dict, str
import random

import pmtrace


def insert(tree, word):
    for letter in word:
        tree = tree.setdefault(letter, {})  # LEAK
    tree["end"] = True  # LEAK


def main():
    rng = random.Random(25)
    tree = {}
    total = 0
    for number in range(1800):
        if number == 350:
            pmtrace.mark("early")
        insert(tree, "%06x" % rng.getrandbits(24))
        total += sum(rng.randrange(5) for _ in range(10))
    pmtrace.mark("late")
    print(total, len(tree))


main()
