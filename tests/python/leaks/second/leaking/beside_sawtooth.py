# LEAKS: a little for each request, beside a cache of pages that is emptied
# whenever it holds a thousand.
# TYPES: Visit, tuple, float, str, dict, int
import random
import time

import pmtrace

pages = {}
visits = []


class Visit:
    __slots__ = ("when", "who")

    def __init__(self, who):
        self.when = time.time()  # LEAK
        self.who = who


def page(number):
    if number not in pages:
        if len(pages) >= 1000:
            pages.clear()
        pages[number] = "<html>" + "<p>%d</p>" % number * 250 + "</html>"
    return pages[number]


def main():
    rng = random.Random(14)
    size = 0
    for number in range(12000):
        if number == 2500:
            pmtrace.mark("early")
        visits.append(Visit("u%d" % rng.randrange(10000)))  # LEAK
        size += len(page(rng.randrange(4000)))
    pmtrace.mark("late")
    print(size)


main()
