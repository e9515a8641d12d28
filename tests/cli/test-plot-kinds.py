#!/usr/bin/env python3
"""pmt plot: the data of the charts rate, sizes, ages, growth, flow and diff against
pmt top, live and diff of the same trace, and against a count of the rows that
it was made from."""

import random

import kit

checks = kit.Checks()
kit.scratch()
g = kit.generator()

TICK = 1000


def rows(seed):
    """Blocks of random sizes that live for a random time; some stay."""
    rng, out = random.Random(seed), []
    for i in range(4000):
        t, size = 10 * i, int(2 ** rng.uniform(0, 16))
        out.append((t, {"t": t, "op": "malloc", "address": 4096 * (i + 1),
                        "size": size, "stack": 1 + i % 3, "domain": "obj"}))
        if rng.random() < 0.9:
            end = t + 1 + int(2 ** rng.uniform(0, 15))
            if end < 40000:
                out.append((end, {"t": end, "op": "free", "size": 0,
                                  "stack": 0, "address": 4096 * (i + 1),
                                  "domain": "obj"}))
    return [row for _, row in sorted(out, key=lambda pair: pair[0])]


def build(name, seed):
    trace = g.Trace()
    stream = g.Stream(trace, seed, tick_ns=TICK)
    stream.open(process={"pid": seed, "argv": ["a.py"]}, start=(0, 10 ** 18,
                                                                0))
    stream.string({1: "a.py", 2: "f"})
    stream.code((1, 1, 2, 1))
    stream.stack((1, 0, 1, 11), (2, 0, 1, 12), (3, 0, 1, 13))
    made = rows(seed)
    for at in range(0, len(made), 500):
        stream.alloc(made[at:at + 500])
    stream.end(t=made[-1]["t"])
    kit.write(name, bytes(trace.data))
    return made


def table(chart, *files):
    """The panels of a chart: of each its titles and its rows."""
    done = kit.run("plot", "-c", chart, "-f", "--data", "t.tsv", "-o",
                   "t.png", *files)
    checks.equal((done.status, done.err), (0, ""), "%s %s" % (chart, files))
    panels = []
    for text in kit.read("t.tsv").decode().rstrip("\n").split("\n\n"):
        lines = [line.split("\t") for line in text.split("\n")]
        panels.append((lines[0], lines[1:]))
    return panels


def near(got, want, what):
    checks.true(abs(got - want) <= 1e-6 * max(1, abs(want)),
                "%s: %r, not %r" % (what, got, want))


def test_rate(name, made):
    allocs = [row for row in made if row["op"] == "malloc"]
    frees = [row for row in made if row["op"] == "free"]
    size_of = {row["address"]: row["size"] for row in allocs}
    want = [[len(allocs), -len(frees)],
            [sum(size_of.values()),
             -sum(size_of[row["address"]] for row in frees)]]
    for number, (titles, data) in enumerate(table("rate", name)):
        for curve in range(2):
            at = 2 + 3 * curve
            total = sum((float(row[1]) - float(row[0])) / 1e9 *
                        float(row[at]) for row in data)
            near(total, want[number][curve], titles[at])
            for row in data:
                checks.true(float(row[at + 1]) - 1e-3 <= float(row[at]) <=
                            float(row[at + 2]) + 1e-3, "%s: its limits"
                            % titles[at])


def test_sizes(name):
    top = kit.run("top", "--by", "size", "-n", "999", "--json", name).json()
    want = [{}, {}, {}, {}]
    for row in top:
        if row["row"] != "size":
            continue
        high = max(16, row["size_high"])
        edge = 16
        while edge < high:
            edge *= 2
        for number, key in enumerate(("allocations", "count",
                                      "allocated", "bytes")):
            want[number][edge] = want[number].get(edge, 0) + row[key]
    checks.true(any(want), "sizes: rows of pmt top")
    for number, (_, data) in enumerate(table("sizes", name)):
        for row in data:
            checks.equal(float(row[2]),
                         float(want[number].get(int(float(row[1])), 0)),
                         "sizes %d up to %s" % (number, row[1]))


def test_ages(name, made):
    freed = {row["address"]: row["t"] for row in made if row["op"] == "free"}
    lived, left, end = {}, {}, made[-1]["t"]
    for row in made:
        if row["op"] != "malloc":
            continue
        age = (freed.get(row["address"], end) - row["t"]) * TICK
        bar = max(age, TICK).bit_length() - 1
        which = lived if row["address"] in freed else left
        which[2 ** bar] = which.get(2 ** bar, 0) + 1
    panels = table("ages", name)
    for want, (titles, data) in zip((lived, left), panels):
        got = {round(float(row[0])): float(row[2]) for row in data}
        for edge in set(got) | set(want):
            checks.equal(got.get(edge, 0), float(want.get(edge, 0)),
                         "%s from %d ns" % (titles[2], edge))


def test_diff(a, b):
    rows_of = [row for row in kit.run("diff", "--json", a, b).json()
               if row["row"] == "site"]
    want = [row["bytes_diff"] for row in rows_of]
    got = [float(row[-1]) for row in table("diff", a, b)[1][1]]
    checks.true(len(want) == 3, "diff: three sites")
    checks.equal(got, [float(value) for value in want], "diff: bars")


def test_growth(name):
    rows_of = [row for row in kit.run("live", "--growth", "--json",
                                      name).json() if "verdict" in row]
    panels = table("growth", name)
    checks.equal(len(panels), len(rows_of), "growth: panels")


def test_flow(name):
    """f is entered and left, and calls g: what rises is of who ran."""
    trace = g.Trace()
    stream = g.Stream(trace, 9, tick_ns=TICK, rss_unit=4096)
    stream.open(process={"pid": 9, "argv": ["a.py"]}, start=(0, 10 ** 18, 0))
    stream.string({1: "a.py", 2: "f", 3: "g"})
    stream.code((1, 1, 2, 1), (2, 1, 3, 9))
    stream.stack((1, 0, 1, 2), (2, 0, 2, 10))
    stream.class_((1, 10, 0, 1, 0, 0), (2, 10, 1, 1, 0, 0),
                  (3, 10, 0, 2, 0, 0), (4, 10, 1, 2, 0, 0))
    # (class, rss): g has 40, f 5 before, 7 after.
    steps = [(1, 100), (3, 105), (4, 145), (2, 152), (1, 120), (2, 120)]
    stream.call([{"t": 1000 * i, "class": c, "rss": rss, "rss_read": 1}
                 for i, (c, rss) in enumerate(steps)])
    stream.end(t=6000)
    kit.write(name, bytes(trace.data))
    titles, data = table("flow", name)[1]
    checks.equal([title.split()[2] for title in titles[2:]], ["g", "f"],
                 "flow: functions")
    for at, pages in ((2, 40), (3, 12)):
        near(sum(float(row[at]) for row in data), pages * 4096.0,
             "flow: %s" % titles[at])


def test_peaks(name):
    """Two processes, one after the other: they never had 4 MiB together."""
    out = b""
    for seed, mib in ((1, 1), (2, 3)):
        trace = g.Trace()
        stream = g.Stream(trace, seed, tick_ns=TICK)
        stream.open(process={"pid": seed, "argv": ["a.py"]},
                    start=(0, 10 ** 18 + seed * 10 ** 9, 0))
        stream.alloc([{"t": t, "op": op, "address": 4096, "size": size,
                       "stack": 0, "domain": "raw"}
                      for t, op, size in ((1000, "malloc", mib << 20),
                                          (9000, "free", 0))])
        stream.end(t=10000)
        out += bytes(trace.data)
    kit.write(name, out)
    head = kit.run("plot", "-c", "live", "--json", name).json()[0]
    checks.equal(head["note"], "peak 3.0 MiB; those of each of 2 streams add "
                 "up to 4.0 MiB in 2 blocks", "live: peak of two")


made = build("a.pmt", 1)
test_peaks("p.pmt")
test_flow("f.pmt")
build("b.pmt", 2)
test_rate("a.pmt", made)
test_sizes("a.pmt")
test_ages("a.pmt", made)
test_diff("a.pmt", "b.pmt")
test_growth("a.pmt")
done = kit.run("plot", "-c", "flow", "-o", "x.png", "a.pmt")
checks.equal(done.status, 1, "flow without RSS")
checks.finish()
