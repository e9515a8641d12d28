"""A database in a bounded table: rows come and go."""
import sqlite3

base = sqlite3.connect(":memory:")
base.execute("create table job (id integer primary key, text text)")
for number in range(1500):
    base.execute("insert or replace into job values (?, ?)",
                 (number % 100, "job %d" % number))
    base.execute("select text from job where id < 5").fetchall()
