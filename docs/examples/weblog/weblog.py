#!/usr/bin/env python3
"""A small web-log analyser: who came, what they looked at, what was slow.

    weblog.py [--requests N] [--days N] [--fixed] [-o report.html]

Reads the access logs of a few days, one file a day, groups the requests into
visits and writes one HTML page.  The logs are made up first (generate.py).

It has two mistakes of the kind that programs grow, both marked with MISTAKE
below, and --fixed runs it without them.  README.md tells how they look in a
trace.
"""
import argparse
import collections
import csv
import datetime
import html
import json
import os
import re
import string
import tempfile

import generate

try:
    from pmtrace import mark
except ImportError:
    def mark(text):
        """Without pmtrace there is no trace to leave a mark in."""

LINE = re.compile(
    r'(?P<address>\S+) \S+ \S+ \[(?P<when>[^]]+)\] '
    r'"(?P<method>[A-Z]+) (?P<url>\S+) [^"]*" (?P<status>\d{3}) (?P<size>\d+) '
    r'"[^"]*" "(?P<agent>[^"]*)" (?P<seconds>[\d.]+)')
VISIT_GAP = datetime.timedelta(minutes=30)
OPEN_VISITS = 600


class Events:
    """Calls back whoever subscribed to a named event."""

    def __init__(self):
        self._handlers = collections.defaultdict(list)

    def subscribe(self, event, handler):
        self._handlers[event].append(handler)

    def unsubscribe_all(self, event):
        self._handlers.pop(event, None)

    def emit(self, event):
        for handler in self._handlers[event]:
            handler()


EVENTS = Events()


class Request:
    """One line of the log."""

    def __init__(self, fields):
        self.address = fields["address"]
        self.when = datetime.datetime.strptime(fields["when"][:20],
                                               "%d/%b/%Y:%H:%M:%S")
        self.url = fields["url"]
        self.status = int(fields["status"])
        self.size = int(fields["size"])
        self.seconds = float(fields["seconds"])
        self.agent = fields["agent"].split("/")[0]
        self.visit = None


class SlowRequest:
    """The timing of a slow request, written out when the log is rotated."""

    def __init__(self, request, totals):
        self.url = request.url
        self.seconds = request.seconds
        self.totals = totals

    def flush(self):
        if self.totals is not None:
            self.totals[self.url.split("?")[0]] += self.seconds
            self.totals = None


class Visit:
    """What one visitor asked for without a long pause."""

    def __init__(self, address):
        self.address = address
        self.requests = []

    def add(self, request, fixed):
        self.requests.append(request)
        # MISTAKE 2: the visit knows its requests and each request its visit.
        # When the cache drops the visit, no count falls to zero: all of it
        # stays until the cycle collector comes by.
        if not fixed:
            request.visit = self

    @property
    def seconds(self):
        return (self.requests[-1].when
                - self.requests[0].when).total_seconds()


class VisitCache:
    """The visits still going on; the one idle longest leaves first."""

    def __init__(self, closed):
        self._open = collections.OrderedDict()
        self._closed = closed

    def add(self, request, fixed):
        visit = self._open.pop(request.address, None)
        if visit and request.when - visit.requests[-1].when > VISIT_GAP:
            self._closed(visit)
            visit = None
        if visit is None:
            visit = Visit(request.address)
        visit.add(request, fixed)
        self._open[request.address] = visit
        if len(self._open) > OPEN_VISITS:
            self._closed(self._open.popitem(last=False)[1])

    def close_all(self):
        while self._open:
            self._closed(self._open.popitem(last=False)[1])


class Statistics:
    """Figures of one day."""

    def __init__(self, routes, customers):
        self._routes = routes
        self._customers = customers
        self.hits = collections.Counter()
        self.statuses = collections.Counter()
        self.agents = collections.Counter()
        self.countries = collections.Counter()
        self.hours = [0] * 24
        self.slow_seconds = collections.Counter()
        self.size = 0
        self.visits = 0
        self.bounces = 0
        self.visit_seconds = []

    def count_request(self, request):
        name = next((name for name, pattern in self._routes.items()
                     if pattern.search(request.url)), "other")
        self.hits[name] += 1
        self.statuses[request.status] += 1
        self.agents[request.agent] += 1
        self.hours[request.when.hour] += 1
        self.size += request.size

    def count_visit(self, visit):
        self.visits += 1
        self.bounces += len(visit.requests) == 1
        self.visit_seconds.append(visit.seconds)
        customer = self._customers.get(visit.address)
        self.countries[customer["country"] if customer else "unknown"] += 1


def read_routes(path):
    """Name and compiled pattern of each kind of page."""
    with open(path) as file:
        return {name: re.compile(text)
                for name, text in json.load(file).items()}


def read_customers(path):
    """The customers by their address."""
    with open(path, newline="") as file:
        return {row["address"]: row for row in csv.DictReader(file)}


def analyse_day(path, statistics, fixed):
    """Read one day's log into its statistics."""
    visits = VisitCache(statistics.count_visit)
    with open(path) as file:
        for line in file:
            match = LINE.match(line)
            if not match:
                continue
            request = Request(match.groupdict())
            statistics.count_request(request)
            if request.seconds > 0.1:
                slow = SlowRequest(request, statistics.slow_seconds)
                EVENTS.subscribe("rotate", slow.flush)
            visits.add(request, fixed)
    visits.close_all()
    # MISTAKE 1: every handler has done its work after this, but stays
    # subscribed, and keeps its SlowRequest, for as long as the process lives.
    EVENTS.emit("rotate")
    if fixed:
        EVENTS.unsubscribe_all("rotate")


PAGE = string.Template("""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Web log</title>
<style>body{font-family:sans-serif} td{padding:0 1em}</style>
<h1>Web log</h1>
$days
</html>
""")
DAY = string.Template("""<h2>$name</h2>
<p>$requests requests, $visits visits ($bounces of one page), $megabytes MB;
the median visit took $median s.</p>
<h3>Pages</h3>$hits
<h3>Answers</h3>$statuses
<h3>Programs</h3>$agents
<h3>Countries</h3>$countries
<h3>Slowest, s</h3>$slow
<h3>Requests by hour</h3><pre>$hours</pre>
""")


def table(counter, rows=10):
    """The commonest entries of a counter as an HTML table."""
    return "<table>%s</table>" % "".join(
        "<tr><td>%s<td>%s" % (html.escape(str(key)), round(value, 3))
        for key, value in counter.most_common(rows))


def render_day(name, day):
    """One day's part of the page."""
    busiest = max(day.hours) or 1
    durations = sorted(day.visit_seconds) or [0]
    return DAY.substitute(
        name=html.escape(name), requests=sum(day.hits.values()),
        visits=day.visits, bounces=day.bounces,
        megabytes=round(day.size / 1e6, 1),
        median=round(durations[len(durations) // 2]), hits=table(day.hits),
        statuses=table(day.statuses), agents=table(day.agents),
        countries=table(day.countries), slow=table(day.slow_seconds),
        hours="\n".join("%02d %s" % (hour, "#" * (50 * count // busiest))
                        for hour, count in enumerate(day.hours)))


def report(folder, days, requests, fixed):
    """Make up the logs in the folder, analyse them; returns the page."""
    logs = generate.write_site(folder, days, requests)
    mark("logs written")
    routes = read_routes(os.path.join(folder, "routes.json"))
    customers = read_customers(os.path.join(folder, "customers.csv"))
    parts = []
    for number, path in enumerate(logs, 1):
        statistics = Statistics(routes, customers)
        analyse_day(path, statistics, fixed)
        parts.append(render_day("Day %d" % number, statistics))
        mark("day %d" % number)
    page = PAGE.substitute(days="".join(parts))
    mark("rendered")
    return page


def main():
    parser = argparse.ArgumentParser(description="Analyse web logs.")
    parser.add_argument("--requests", type=int, default=20000,
                        help="over all days (default %(default)s)")
    parser.add_argument("--days", type=int, default=5,
                        help="number of days (default %(default)s)")
    parser.add_argument("--fixed", action="store_true",
                        help="run without the two mistakes")
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="write the page here (default: only its size)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = report(folder, options.days, options.requests, options.fixed)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(page)
    print("%d requests on %d days, a page of %d bytes"
          % (options.requests, options.days, len(page)))


if __name__ == "__main__":
    main()
