"""Names are interned, and a table keeps them."""
import sys

names = set()


def name(number):
    text = sys.intern("the-long-name-of-a-thing-that-is-kept-for-good-by-interning-%d" % number)  # LEAK
    names.add(text)
    return text


for number in range(6000):
    name(number).split("-")
