"""Generators that are begun, never finished, and kept."""
feeds = []


def feed(number):
    text = "feed %d: " % number + "x" * 1500  # LEAK
    while True:
        yield text


def work(number):
    one = feed(number)
    feeds.append(one)
    return next(one).count("x")


for number in range(2500):
    work(number)
