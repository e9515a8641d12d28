"""One batch after the other, each let go before the next."""
def batch(number):
    rows = []
    for n in range(1500):
        rows.append({"n": n, "text": "row %d of %d" % (n, number)})
    return sum(row["n"] for row in rows)


for number in range(12):
    batch(number)
