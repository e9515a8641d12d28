"""Streams of values, none of them kept."""
def numbers(count):
    for number in range(count):
        yield {"number": number, "text": str(number)}


def even(items):
    return (item for item in items if item["number"] % 2 == 0)


for _ in range(60):
    sum(len(item["text"]) for item in even(numbers(200)))
