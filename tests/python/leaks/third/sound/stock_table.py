# SOUND: a table in sqlite's memory whose rows are changed, and read in lists.
import random
import sqlite3

import pmtrace


def main():
    rng = random.Random(9)
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE stock (item INTEGER PRIMARY KEY, count INT)")
    db.executemany("INSERT INTO stock VALUES (?, ?)",
                   [(i, 10) for i in range(300)])
    low = 0
    for number in range(2500):
        if number == 500:
            pmtrace.mark("early")
        db.execute("UPDATE stock SET count = count + ? WHERE item = ?",
                   (rng.randrange(-3, 4), rng.randrange(300)))
        rows = db.execute("SELECT item FROM stock WHERE count < ?",
                          (number % 9,)).fetchall()
        low += len(rows)
    pmtrace.mark("late")
    db.close()
    print(low)


main()
