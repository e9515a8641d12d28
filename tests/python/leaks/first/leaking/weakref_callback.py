"""Weak references are kept when what they are of has gone."""
import weakref

watched = []


class Document:
    def __init__(self, text):
        self.text = text


def gone(reference):
    pass


def work(number):
    document = Document("text %d" % number)
    watched.append(weakref.ref(document, gone))  # LEAK
    return document.text.split()


for number in range(4000):
    work(number)
