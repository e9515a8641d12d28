"""Rows written and read again, sorted and grouped."""
import collections
import csv
import io


def written(rows):
    out = io.StringIO()
    writer = csv.writer(out)
    for number in range(rows):
        writer.writerow([number, "town %d" % (number % 17), number * 1.25])
    return out.getvalue()


def run():
    text = written(200)
    rows = list(csv.reader(io.StringIO(text)))
    yield
    towns = collections.defaultdict(list)
    for row in csv.DictReader(io.StringIO(text), ["id", "town", "sum"]):
        towns[row["town"]].append(row)
    del rows[50:]
    yield
    sums = collections.Counter({town: len(found) * 1000
                                for town, found in towns.items()})
    towns.pop("town 3")
    yield sums
