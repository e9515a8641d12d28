"""Functions that hold what they were made with."""
import functools


def counter(start):
    count = [start] * 10

    def more(step=1):
        count[0] += step
        return count[0]
    return more


@functools.lru_cache(maxsize=200)
def square(number):
    return [number] * (number % 30)


def run():
    counters = [counter(number * 1000) for number in range(150)]
    yield
    for number in range(400):
        square(number)
    partial = [functools.partial(max, number, key=counter(number))
               for number in range(50)]
    yield
    del counters[40:]
    square.cache_clear()
    yield partial
    partial = None
