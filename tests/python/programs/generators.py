"""Generators that wait half way."""
import itertools


def numbers(start):
    seen = {}
    for number in itertools.count(start):
        seen[number] = str(number) * 5
        yield seen[number]


def pairs(left, right):
    for one, other in zip(left, right):
        yield one + other


def run():
    waiting = [numbers(start * 1000) for start in range(40)]
    taken = [next(each) for each in waiting]
    yield
    both = [pairs(one, other) for one, other in zip(waiting[::2],
                                                    waiting[1::2])]
    taken += [next(each) for each in both for _ in range(7)]
    yield
    for each in both[::2]:
        each.close()
    del taken[:50]
    groups = [list(group) for _, group in itertools.groupby(taken, len)]
    yield groups
