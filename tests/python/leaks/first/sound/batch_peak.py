"""A batch reads all, adds it up, and lets it go."""
def read():
    return [{"n": n, "text": "row %d" % n} for n in range(8000)]


def add_up(rows):
    return sum(row["n"] for row in rows)


def report(total):
    return ["%d" % (total + n) for n in range(100)]


total = add_up(read())
for _ in range(150):
    report(total)
