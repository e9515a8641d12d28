"""Events by hour, of which the hours never end."""
import collections

events = collections.defaultdict(list)


def note(number):
    hour = number // 20
    events[hour].append("event number %d happened" % number)  # LEAK
    return hour


def work(number):
    return [note(number), "%x" % number]


for number in range(6000):
    work(number)
