"""Cycles and weak references, with collections in between."""
import gc
import weakref


class Thing:
    def __init__(self, number):
        self.number = number
        self.other = None


def rings(count, known):
    for number in range(count):
        one, other = Thing(number), Thing(number + 1000)
        one.other, other.other = other, one
        known[number] = one
        yield one


def run():
    known = weakref.WeakValueDictionary()
    kept = list(rings(120, known))
    yield
    del kept[30:]
    gc.collect()
    finalizers = [weakref.finalize(each, int, each.number) for each in kept]
    yield
    refs = [weakref.ref(each) for each in kept]
    kept = kept[::3]
    gc.collect()
    for each in finalizers:
        each.detach()
    yield refs
