"""A cache without a bound, but of few keys: ever fewer are new."""
import random

cache = {}
random.seed(5)


def render(key):
    return ["<b>%d</b>" % key for _ in range(3)]


def get(key):
    if key not in cache:
        cache[key] = render(key)
    return cache[key]


for number in range(12000):
    "".join(get(random.randrange(1500)))
