"""A database in memory: what Python holds of it."""
import sqlite3


def fill(base, first, last):
    base.executemany("insert into t values (?, ?, ?)",
                     [(number, "name %d" % number, number / 3)
                      for number in range(first, last)])


def run():
    base = sqlite3.connect(":memory:")
    base.execute("create table t (id integer, name text, part real)")
    fill(base, 0, 300)
    rows = base.execute("select * from t where id < 150").fetchall()
    yield
    base.row_factory = sqlite3.Row
    named = base.execute("select name, part from t where id % 7 = 0").fetchall()
    rows = rows[100:]
    yield
    fill(base, 300, 400)
    named += base.execute("select id, name from t where id > 350")
    yield rows
    base.close()
