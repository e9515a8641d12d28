"""One array of numbers that only grows."""
import array
import math

samples = array.array("d")


def measure(number):
    value = math.sin(number / 100.0)
    samples.append(value)  # LEAK
    return value


def work(number):
    return "%.3f" % measure(number)


for number in range(12000):
    work(number)
