"""Patterns compiled, and what they find."""
import re


def words(count):
    return " ".join("name%d=value%d" % (number, number * 7)
                    for number in range(count))


def run():
    text = words(150)
    pattern = re.compile(r"(?P<key>[a-z]+\d+)=(?P<value>\w+)")
    found = [match.groupdict() for match in pattern.finditer(text)]
    yield
    matches = list(pattern.finditer(words(60)))
    patterns = [re.compile("x{%d}y[%d-9]" % (number, number % 8))
                for number in range(1, 12)]
    found = found[:20]
    yield
    parts = re.split(r"[= ]", text)
    patterns = patterns[::2]
    re.purge()
    yield parts, matches
