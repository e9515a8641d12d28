"""Rows of a report that are kept, though only their sum is needed."""
import csv
import io

kept = []


def parse(text):
    total = 0
    for row in csv.reader(io.StringIO(text)):
        kept.append({"item": row[0].upper(), "price": row[1] * 2})  # LEAK
        total += float(row[1])
    return total


for day in range(400):
    text = "".join("item%d,%d.5\n" % (i, i + day) for i in range(10))
    parse(text)
