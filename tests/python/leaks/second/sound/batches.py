# SOUND: rows are gathered and written out by the thousand.
import csv
import io

import pmtrace


class Batch:
    def __init__(self, size):
        self.size = size
        self.rows = []
        self.written = 0

    def add(self, row):
        self.rows.append(row)
        if len(self.rows) >= self.size:
            self.flush()

    def flush(self):
        out = io.StringIO()
        csv.writer(out).writerows(self.rows)
        self.written += out.tell()
        self.rows = []


def main():
    batch = Batch(1000)
    for number in range(12700):
        if number == 2600:
            pmtrace.mark("early")
        batch.add(("row %d" % number, number * 3, number / 7))
    pmtrace.mark("late")
    print(batch.written)


main()
