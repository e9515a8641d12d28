"""All rows that were ever read are kept."""
import sqlite3

base = sqlite3.connect(":memory:")
base.execute("create table thing (id integer, name text)")
base.executemany("insert into thing values (?, ?)",
                 [(n, "thing %d" % n) for n in range(50)])
seen = []


def query(low):
    cursor = base.execute("select id, name from thing where id >= ?", (low,))
    rows = cursor.fetchall()  # LEAK
    seen.append(rows)
    return len(rows)


for number in range(600):
    query(number % 40)
