"""lru_cache(None) on a method keeps every object."""
import functools


class Order:
    def __init__(self, number):
        self.lines = ["line %d.%d" % (number, n) for n in range(5)]  # LEAK

    @functools.lru_cache(None)
    def total(self):
        return sum(len(line) for line in self.lines)


def work(number):
    return Order(number).total()


for number in range(1500):
    work(number)
