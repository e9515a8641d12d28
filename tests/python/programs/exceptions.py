"""Exceptions that are kept, with the frames they hold."""
import traceback


def fail(depth, load):
    if depth == 0:
        raise ValueError("nothing at %d" % len(load))
    fail(depth - 1, load + [depth] * 10)


def caught(depth):
    try:
        fail(depth, [])
    except ValueError as error:
        return error


def run():
    kept = [caught(number % 12) for number in range(40)]
    yield
    texts = ["".join(traceback.format_exception(type(each), each,
                                                each.__traceback__))
             for each in kept[:10]]
    kept = kept[15:]
    yield
    for each in kept[::2]:
        each.__traceback__ = None
    texts = [text.splitlines() for text in texts]
    yield
