"""A cache of 500 results, full long before the end."""
import functools


@functools.lru_cache(maxsize=500)
def result(number):
    return [number] * 20


for number in range(12000):
    result(number)
