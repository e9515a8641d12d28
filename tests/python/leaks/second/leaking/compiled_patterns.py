# LEAKS: the search keeps the compiled pattern of each query it was asked.
# TYPES: Pattern, re.Pattern, dict, str, tuple, list, int
import random
import re

import pmtrace

WORDS = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do".split()
patterns = {}


def search(query, documents):
    if query not in patterns:
        patterns[query] = re.compile(query)  # LEAK
    return sum(1 for text in documents if patterns[query].search(text))


def main():
    rng = random.Random(21)
    documents = [" ".join(rng.choice(WORDS) for _ in range(20))
                 for _ in range(10)]
    found = 0
    for number in range(900):
        if number == 200:
            pmtrace.mark("early")
        query = "%s.*(%s|q%d)" % (rng.choice(WORDS), rng.choice(WORDS), number)  # LEAK
        found += search(query, documents)
    pmtrace.mark("late")
    print(found)


main()
