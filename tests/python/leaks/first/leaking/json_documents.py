"""Every document that was parsed is remembered."""
import json

archive = []


def accept(number):
    text = '{"id": %d, "tags": ["a%d", "b%d"], "size": 1.5}' % (
        number, number, number)
    archive.append(json.loads(text))  # LEAK
    return archive[-1]["id"]


for number in range(1500):
    accept(number)
