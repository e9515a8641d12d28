"""The last 300 values, of any number."""
import collections

window = collections.deque(maxlen=300)


def note(number):
    window.append({"time": number, "value": number * 0.5})
    return sum(entry["value"] for entry in list(window)[:10])


for number in range(6000):
    note(number)
