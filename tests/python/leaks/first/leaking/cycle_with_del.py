"""Cycles whose finalizer makes them reachable again."""
import gc

lost = []


class Connection:
    def __init__(self, number):
        self.buffer = bytearray(200)  # LEAK
        self.me = self
        self.number = number

    def __del__(self):
        lost.append(self)


def work(number):
    Connection(number)
    return sorted(str(number * 7919))


for number in range(3000):
    work(number)
    if number % 100 == 0:
        gc.collect()
