"""A cache with a bound that fills half of the time, and then drops."""
import collections

cache = collections.OrderedDict()


def get(number):
    cache[number] = "result %d" % number
    if len(cache) > 3000:
        cache.popitem(last=False)
    return cache[number]


for number in range(6000):
    get(number).split()
