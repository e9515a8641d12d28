# LEAKS: each query's cursor is kept "to be closed later", with its rows.
# TYPES: Cursor, sqlite3.Cursor, list, tuple, str, int, Statement
import sqlite3

import pmtrace

cursors = []


def query(db, customer):
    cursor = db.execute("SELECT id, item, price FROM orders WHERE customer = ?",  # LEAK
                        (customer,))
    cursors.append([cursor, cursor.fetchall()])  # LEAK
    return sum(row[2] for row in cursors[-1][1])


def main():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT,"
               " item TEXT, price INT)")
    db.executemany("INSERT INTO orders (customer, item, price) VALUES (?, ?, ?)",
                   [(i % 50, "item number %d" % i, i % 13) for i in range(1000)])
    db.execute("CREATE INDEX by_customer ON orders (customer)")
    total = 0
    for number in range(1500):
        if number == 300:
            pmtrace.mark("early")
        total += query(db, number % 50)
    pmtrace.mark("late")
    print(total)


main()
