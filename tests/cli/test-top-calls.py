#!/usr/bin/env python3
"""pmt top of calls and lines: how often functions of a program ran is what the
program was written to do; times and growth of the resident set size are what a
plain model makes of the records that pmt dump prints, each added to every row
that is on the thread's stack."""

import collections

import kit

checks = kit.Checks()
kit.scratch()

PROGRAM = """
import math, threading, time, pmtrace


def leaf(n):
    return math.sqrt(n)


def middle(n):
    for i in range(n):
        leaf(i)
    raise KeyError(n)


def fact(n):
    if n < 2:
        return 1
    return n * fact(n - 1)


def numbers():
    for i in range(4):
        yield i


def grow():
    return bytearray(b"x") * 30000000


def work():
    for n in range(1, 6):
        try:
            middle(n)
        except KeyError:
            pass
    for _ in range(3):
        fact(6)
    for _ in numbers():
        time.sleep(0.01)


thread = threading.Thread(target=work)
thread.start()
work()
thread.join()
pmtrace.mark("before")
kept = grow()
pmtrace.mark("after")
"""
# What PROGRAM says: both threads together.
CALLS = {"leaf": 30, "middle": 10, "fact": 36, "numbers": 2, "grow": 1,
         "work": 2}
EXCEPTIONS = {"middle": 10}
RESUMES = {"numbers": 8}
C_CALLS = {"math.sqrt": 30, "time.sleep": 8}


def record(path, mode):
    return kit.record(path, PROGRAM, mode=mode)


def rows(*args):
    done = kit.run("top", "--json", "-n", "1000000", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    lines = done.json()
    return lines[0], lines[1:]


# ---- a model ------------------------------------------------------------------

ENTERS = {"call": (0, 2, 5, 8), "line": (1,)}
LEAVES = {"call": (1, 3, 4, 6, 7), "line": (2,)}


class Model:
    """All rows that are on a thread's stack have each its difference."""

    def __init__(self, lines, kind, by, since=-1, until=1 << 62):
        self.kind, self.by = kind, by
        self.tables = {}
        self.own = collections.defaultdict(lambda: [0, 0])
        self.total = collections.defaultdict(lambda: [0, 0])
        stacks = collections.defaultdict(list)
        times, rss = {}, 0
        for line in lines:
            if line.get("kind") in ("class", "stack", "code", "cfunction"):
                self.tables[line["kind"], line["id"]] = line
            if line.get("kind") != kind or line["time_ns"] > until:
                continue
            thread, now = line.get("thread", 0), line["time_ns"]
            stack = stacks[thread]
            if now > since:
                change = [now - times.get(thread, now),
                          line["rss"] - rss if rss and line.get("rss") else 0]
                rows = [row for row, _ in stack]
                for totals, keys in ((self.own, rows[-1:]),
                                     (self.total, set(rows))):
                    for key in keys:
                        for i in (0, 1):
                            totals[key][i] += change[i]
            rss, times[thread] = line.get("rss") or rss, now
            self.move(stack, line)

    def move(self, stack, line):
        found = self.tables["class", line["class"]]
        site = self.tables["stack", found["stack"]]
        code = self.tables["code", site["code"]]
        c = self.kind == "call" and found["what"] in (2, 3, 4)
        frame = ("c", found["cfunction"]) if c else ("py", site["code"])
        if c and self.by == "function":
            function = self.tables["cfunction", found["cfunction"]]
            row = "%s.%s" % (function["module"], function["name"]) \
                if function["module"] else function["name"]
        elif self.by == "function":
            row = code["function"], code["file"]
        else:
            row = code["file"], site["line"]
        if found["what"] in ENTERS[self.kind]:
            stack.append([row, frame])
        elif found["what"] in LEAVES[self.kind]:
            places = [i for i, each in enumerate(stack) if each[1] == frame]
            if places:
                del stack[places[-1]:]
        elif self.kind == "line" and found["what"] == 0:
            if stack and stack[-1][1] == frame:
                stack[-1][0] = row
            else:
                stack.append([row, frame])


def key_of(row, by):
    if row["c"]:
        return row["name"]
    return (row["function"], row["file"]) if by == "function" else (
        row["file"], row["line"])


def check_model(path, kind, by, *args, **span):
    lines = kit.run("dump", "--json", path).json()
    model = Model(lines, kind, by, **span)
    head, found = rows("--kind", kind, "--by", by, *args, path)
    for name, totals in (("own", model.own), ("total", model.total)):
        checks.equal(
            {key_of(row, by): [row[name + "_ns"], row[name + "_rss"]]
             for row in found if row[name + "_ns"] or row[name + "_rss"]},
            {key: sums for key, sums in totals.items() if any(sums)},
            (path, kind, by, name, args))
    checks.true(len(found) > (2 if span else 10), (path, kind, by, args))
    return head, found


# ---- what the program was written to do ---------------------------------------

def check_calls():
    path = record("calls.pmt", "call")
    head, found = check_model(path, "call", "function")
    mine = {row["function"]: row for row in found
            if not row["c"] and row["file"].endswith("app.py")}
    for field, want in (("calls", CALLS), ("exceptions", EXCEPTIONS),
                        ("resumes", RESUMES)):
        checks.equal({name: row[field] for name, row in mine.items()
                      if row[field] and name != "<module>"}, want, field)
    of_c = {row["name"]: row["calls"] for row in found if row["c"]}
    checks.equal({name: of_c.get(name) for name in C_CALLS}, C_CALLS, "C")
    checks.equal(head["c_calls"], sum(of_c.values()), head)
    checks.equal(head["calls"], sum(row["calls"] for row in found), head)
    # It waits 40 ms in each thread, and takes 30 MB once.
    checks.true(mine["work"]["total_ns"] >= 80000000 >
                mine["work"]["own_ns"], mine["work"])
    checks.true(30000000 <= mine["grow"]["total_rss"] < 40000000,
                mine["grow"])
    checks.true(mine["fact"]["total_ns"] < mine["work"]["total_ns"],
                "a recursion counts once")
    first = rows("--sort", "bytes", "--by", "function", path)[1][0]
    checks.equal(first["name"].split()[0], "grow", first)
    own = [row["own_ns"] for row in rows(path)[1]]
    checks.equal(own, sorted(own, reverse=True), "order")
    marks = {line["text"]: line["time_ns"]
             for line in kit.run("dump", "--json", path).json()
             if line.get("kind") == "mark"}
    check_model(path, "call", "function", "--from", "mark:before", "--to",
                "mark:after", since=marks["before"], until=marks["after"])
    check_model(path, "call", "lineno")
    text = kit.run("top", "-n", "3", path).text()
    checks.true(" of C functions, in " in text and "rss total" in text and
                "(all)" in text, text)


def check_lines():
    path = record("lines.pmt", "line")
    for by in ("function", "lineno"):
        head, found = check_model(path, "line", by)
        checks.equal(head["lines"], sum(row["lines"] for row in found), head)
    numbers = {text: number for number, text in
               enumerate(PROGRAM.splitlines(), 1)}
    times = {row["line"]: row["lines"] for row in found
             if row["file"].endswith("app.py")}
    for text, want in (("        leaf(i)", 30), ("    raise KeyError(n)", 10),
                       ("    return n * fact(n - 1)", 30),
                       ("        return 1", 6), ("        yield i", 8),
                       ("    return math.sqrt(n)", 30)):
        checks.equal(times.get(numbers[text]), want, text)


def check_both():
    """Of blocks and calls the blocks, unless calls are asked for."""
    path = record("both.pmt", "alloc,call")
    checks.equal(rows(path)[0]["kind"], "alloc", path)
    head, found = rows("--kind", "call", path)
    checks.equal((head["kind"], [row["calls"] for row in found if
                                 row["name"].startswith("leaf ")]),
                 ("call", [30]), head)
    done = kit.run("merge", "-o", "two.pmt", "calls.pmt", "both.pmt")
    checks.equal(done.status, 0, done)
    head, found = rows("--kind", "call", "--by", "function", "two.pmt")
    checks.equal((head["streams"], [row["calls"] for row in found if
                                    row["name"].startswith("leaf ")]),
                 (2, [60]), head)
    done = kit.run("top", "--kind", "line", path)
    checks.true(done.status == 1 and "no line records" in done.err, done)
    for args in (["--kind", "call", "--every", "1s"],
                 ["--kind", "call", "--cumulative", "--by", "file"],
                 ["--kind", "line", "--by", "type"],
                 ["--kind", "call", "--sort", "average"],
                 ["--kind", "alloc", "--sort", "own"],
                 ["--kind", "call", "--high-water"]):
        done = kit.run("top", *args, path)
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-top: "), done)


check_calls()
check_lines()
check_both()
checks.finish()
