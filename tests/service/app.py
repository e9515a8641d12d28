"""A small web application, for recording what its workers do: pages from
templates, JSON, a database, a cache, and a leak that requests ask for.

    /page?n=   a table of n rows, by Jinja2
    /items?n=  rows of a database as JSON, and back
    /cache?k=  a computed text, kept for 200 keys
    /leak?n=   n bytes that are never given back (remember())

Every MARK_EVERY requests of a process it puts a mark into its trace, where it
is recorded, and after that writes the same text to the file in SERVICE_LOG by
one write(2). So each text in that file was in the trace before. Each leak is
written there too.
"""

import collections
import json
import os
import sqlite3
import threading
from urllib.parse import parse_qs

import jinja2

try:
    import pmtrace
except ImportError:  # the application runs without it as well
    pmtrace = None

MARK_EVERY = 20

PAGE = jinja2.Template("""\
<html><head><title>{{ title|e }}</title></head><body><table>
{% for row in rows %}<tr class="{{ loop.cycle('a', 'b') }}"><td>{{ row.id }}\
</td><td>{{ row.name|e }}</td><td>{{ "%.2f"|format(row.price) }}</td></tr>
{% endfor %}</table></body></html>
""")

leaked = []
cache = collections.OrderedDict()
cache_lock = threading.Lock()
local = threading.local()


class Counts:
    """Of this process; begun again in the child of a fork."""

    def __init__(self):
        self.pid = os.getpid()
        self.requests = 0
        self.leaked = 0
        self.lock = threading.Lock()
        name = os.environ.get("SERVICE_LOG", os.devnull)
        self.log = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, *words):
        os.write(self.log, (" ".join(map(str, words)) + "\n").encode())


counts = Counts()


def database():
    """One for each thread, in memory."""
    if not hasattr(local, "database"):
        local.database = sqlite3.connect(":memory:")
        local.database.execute("create table item (id integer primary key,"
                               " name text, price real)")
        local.database.executemany(
            "insert into item (name, price) values (?, ?)",
            [("item <%d>" % i, i * 1.25) for i in range(500)])
    return local.database


def rows(n):
    found = database().execute(
        "select id, name, price from item where id % 7 != ? limit ?",
        (n % 7, n))
    return [{"id": i, "name": name, "price": price}
            for i, name, price in found]


def page(n):
    return "text/html", PAGE.render(title="page %d" % n, rows=rows(n))


def items(n):
    text = json.dumps({"items": rows(n), "count": n}, indent=1)
    return "application/json", json.dumps(json.loads(text)["items"])


def cached(k):
    with cache_lock:
        text = cache.pop(k, None)
    if text is None:
        text = " ".join(str(i * k % 997) for i in range(400))
    with cache_lock:
        cache[k] = text
        while len(cache) > 200:
            cache.popitem(last=False)
    return "text/plain", text


def remember(n):
    leaked.append(bytearray(n))


def leak(n):
    remember(n)
    with counts.lock:
        counts.leaked += n
        counts.write("leaked", os.getpid(), counts.leaked)
    return "text/plain", "%d\n" % counts.leaked


WAYS = {"/page": (page, "n"), "/items": (items, "n"), "/cache": (cached, "k"),
        "/leak": (leak, "n")}


def count_request():
    global counts

    if counts.pid != os.getpid():
        counts = Counts()
    with counts.lock:
        counts.requests += 1
        if counts.requests % MARK_EVERY == 0:
            text = "requests %d %d" % (counts.pid, counts.requests)
            if pmtrace is not None:
                pmtrace.mark(text)
            counts.write(text)


def application(environ, start_response):
    count_request()
    way = WAYS.get(environ["PATH_INFO"])
    if way is None:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such page\n"]
    query = parse_qs(environ.get("QUERY_STRING", ""))
    kind, text = way[0](int(query.get(way[1], ["50"])[0]))
    body = text.encode()
    start_response("200 OK", [("Content-Type", kind),
                              ("Content-Length", str(len(body)))])
    return [body]
