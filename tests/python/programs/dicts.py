"""Dictionaries of all sizes, some of which are resized."""


def index(words):
    found = {}
    for number, word in enumerate(words):
        found.setdefault(len(word), {})[word] = number * 1000
    return found


def run():
    small = [{"key": number * 777} for number in range(100)]
    yield
    big = index("word%d" % number for number in range(1500))
    small = small[:20]
    yield
    for number in range(300):
        big[number * 10000] = [number]
    big.pop(5, None)
    small.clear()
    yield
