"""Text that is cut, joined, formatted and encoded."""
import string
import textwrap


def paragraphs(count):
    template = string.Template("Dear $name, number $number has come. " * 6)
    for number in range(count):
        yield textwrap.fill(template.substitute(name="n%d" % number,
                                                number=number), 40)


def run():
    letters = list(paragraphs(20))
    yield
    words = [word.upper() for letter in letters for word in letter.split()]
    letters[5:] = ["\u20ac%d" % number for number in range(50)]
    yield
    coded = [word.encode("utf-16") for word in words[::3]]
    words = "".join(words)
    yield coded
