# SOUND: lru_cache with a bound fills and then forgets.
import functools
import random

import pmtrace


@functools.lru_cache(maxsize=700)
def page(number):
    return "<html>%s</html>" % ("<p>%d</p>" % number * 20)


def main():
    rng = random.Random(1)
    size = 0
    for number in range(8000):
        if number == 1500:
            pmtrace.mark("early")
        size += len(page(int(rng.expovariate(1 / 700))))
    pmtrace.mark("late")
    print(size, page.cache_info().currsize)


main()
