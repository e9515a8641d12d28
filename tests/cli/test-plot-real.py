#!/usr/bin/env python3
"""pmt plot: the data of the charts of real recordings, against sums over the
rows that spec/decode.py reads of them; of growth and diff against pmt live and
pmt diff."""

import collections
import json
import os
import subprocess

import kit

kit.common.need_libraries()

checks = kit.Checks()
kit.scratch()
ENV = kit.python_env()
DECODE = kit.common.load("decode")
PROGRAM = """
import json, time
kept, cache = [], {}
def page(number):
    return ["%d" % number * 20 for _ in range(30)]
def request(number):
    kept.append({"id": number, "text": "x" * (number % 700)})
    cache[number % 40] = page(number)
    return len(json.dumps(kept[-1]))
for number in range(900):
    request(number)
    if number % 90 == 0:
        big = bytearray(300000 + number)
        time.sleep(0.002)
        del big
"""


def record(name, mode, *options, requests="900"):
    with open("shop.py", "w", encoding="ascii") as file:
        file.write(PROGRAM.replace("900", requests))
    done = subprocess.run(
        [kit.PYTHON, "-m", "pmtrace", "-o", name, "--mode", mode, *options,
         "shop.py"], env=ENV, stderr=subprocess.PIPE, timeout=120, check=False)
    checks.equal((done.returncode, done.stderr), (0, b""), name)


def rows_of(name, kind):
    status, output, messages = kit.common.decode(DECODE, kit.read(name), name)
    checks.equal((status, messages), (0, ""), name)
    rows = [json.loads(line) for line in output.decode().splitlines()
            if '"kind":"%s"' % kind in line]
    return [row for row in rows if row.get("kind") == kind]


def table(chart, *more):
    """The panels of a chart: of each its titles and its rows."""
    done = kit.run("plot", "-c", chart, "-f", "--width", "400", "--data",
                   "t.tsv", *more)
    checks.equal((done.status, done.err), (0, ""), "%s %s" % (chart, more))
    panels = []
    for text in kit.read("t.tsv").decode().rstrip("\n").split("\n\n"):
        lines = [line.split("\t") for line in text.split("\n")]
        panels.append((lines[0], lines[1:]))
    return panels


def numbers(cells):
    return [float(cell) if cell else 0.0 for cell in cells]


def near(got, want, what, part=1e-6):
    checks.true(abs(got - want) <= part * max(1, abs(want)),
                "%s: %r, not %r" % (what, got, want))


class Blocks:
    """What was live, by the rows of kind alloc in the order of their times."""

    def __init__(self, rows):
        self.live = {}
        self.bytes, self.steps = 0, [(0, 0, 0)]
        self.made, self.freed = [], []
        for row in sorted(rows, key=lambda row: row["time_ns"]):
            self.take(row)
            self.steps.append((row["time_ns"], self.bytes, len(self.live)))
        self.end = self.steps[-1][0]

    def take(self, row):
        now, op = row["time_ns"], row["op"]
        if op in ("free", "realloc", "realloc_free"):
            old = self.live.pop(row["address"], None)
            if old:
                self.bytes -= old[0]
                self.freed.append((now - old[1], old[0]))
        if op in ("malloc", "calloc", "realloc"):
            self.live[row["address"]] = (row["size"], now)
            self.bytes += row["size"]
            self.made.append(row["size"])

    def most(self, begin, end, which):
        """In [begin, end), and what there was at its begin."""
        before = [step for step in self.steps if step[0] < begin][-1:]
        return max(step[which] for step in before +
                   [step for step in self.steps if begin <= step[0] < end])


def power(value, least):
    """The power of 2 that is at least the value."""
    edge = least
    while edge < value:
        edge *= 2
    return edge


def test_live(blocks):
    for which, panel in ((1, 0), (2, 1)):
        _, rows = table("live", "a.pmt")[panel]
        checks.true(len(rows) > 300, "live: columns")
        for row in rows[::7]:
            begin, end = float(row[0]), float(row[1])
            checks.equal(sum(numbers(row[2:])),
                         float(blocks.most(begin, end, which)),
                         "live %d at %s" % (which, row[0]))


def test_rate(blocks):
    panels = table("rate", "a.pmt")
    want = [[len(blocks.made), -len(blocks.freed)],
            [sum(blocks.made), -sum(size for _, size in blocks.freed)]]
    for (titles, rows), wanted in zip(panels, want):
        for curve, total in enumerate(wanted):
            at = 2 + 3 * curve
            near(sum((float(row[1]) - float(row[0])) / 1e9 * float(row[at])
                     for row in rows), total, titles[at])


def histogram(values):
    found = collections.Counter()
    for edge, amount in values:
        found[edge] += amount
    return dict(found)


def test_sizes(blocks):
    live = [size for size, _ in blocks.live.values()]
    want = [histogram((power(size, 16), 1) for size in blocks.made),
            histogram((power(size, 16), 1) for size in live),
            histogram((power(size, 16), size) for size in blocks.made),
            histogram((power(size, 16), size) for size in live)]
    for (titles, rows), wanted in zip(table("sizes", "a.pmt@end"), want):
        got = {round(float(row[1])): int(float(row[2])) for row in rows}
        for edge in set(got) | set(wanted):
            checks.equal(got.get(edge, 0), wanted.get(edge, 0),
                         "sizes, %s up to %d" % (titles[2], edge))


def test_ages(blocks):
    tick = 100
    lived = histogram((2 ** (max(age, tick).bit_length() - 1), 1)
                      for age, _ in blocks.freed)
    left = histogram((2 ** (max(blocks.end - made, tick).bit_length() - 1), 1)
                     for _, made in blocks.live.values())
    for (titles, rows), wanted in zip(table("ages", "a.pmt@end"),
                                      (lived, left)):
        got = {round(float(row[0])): int(float(row[2])) for row in rows}
        for edge in set(got) | set(wanted):
            checks.equal(got.get(edge, 0), wanted.get(edge, 0),
                         "ages, %s from %d ns" % (titles[2], edge))


def test_growth():
    lines = kit.run("live", "--growth", "--json", "a.pmt").json()
    want = [row for row in lines if "verdict" in row][:6]
    done = kit.run("plot", "-c", "growth", "--json", "--width", "800",
                   "a.pmt").json()
    panels = [row for row in done if row["row"] == "panel"]
    curves = [row for row in done if row["row"] == "curve"]
    checks.true(len(want) > 1, "growth: rows")
    checks.equal([row["title"] for row in panels],
                 [row["name"] for row in want], "growth: names")
    for row, panel, curve in zip(want, panels, curves):
        words = {"leak": "steady leak"}.get(row["verdict"],
                                            row["verdict"])
        words = words.replace("_", "-")
        checks.true(panel["remark"].startswith(words),
                    "growth: %s, not %s" % (panel["remark"], words))
        checks.equal(max(value for value in curve["high"]
                         if value is not None), float(row["peak_bytes"]),
                     "growth: most of " + row["name"])


def test_diff():
    done = kit.run("diff", "--json", "-k", "alloc", "-n", "12", "a.pmt",
                   "b.pmt").json()
    want = [(row["name"], float(row["bytes_diff"])) for row in done
            if row["row"] == "site"][:12]
    panels = table("diff", "a.pmt", "b.pmt")
    checks.true(want, "diff: rows")
    checks.equal([(row[0], float(row[1])) for row in panels[1][1]][:len(want)],
                 want, "diff: bars")


def test_rss():
    rows = rows_of("a.pmt", "sample")
    samples = [(row["time_ns"], row["values"]["rss"]) for row in rows
               if "rss" in row.get("values", {})]
    titles, data = table("rss", "--what", "memory", "a.pmt")[0]
    at = titles.index("RSS")
    checks.true(len(samples) > 3, "rss: samples")
    for row in data:
        inside = [value for time, value in samples
                  if float(row[0]) <= time < float(row[1])]
        if inside:
            checks.equal(float(row[at]), float(max(inside)),
                         "rss at " + row[0])


def test_heap():
    last = collections.defaultdict(int)
    for row in rows_of("h.pmt", "heap"):
        last.update(row["values"])
    titles, data = table("heap", "h.pmt")[0]
    got = dict(zip(titles[2:], numbers(data[-1][2:])))
    for name, keys in (
            ("used: blocks in use", ["allocated_blocks"]),
            ("free: blocks in pools in use", ["available_blocks"]),
            ("free: pools not in use", ["unused_pools"]),
            ("lost: headers, rounding, alignment",
             ["pool_headers", "quantization", "arena_alignment"])):
        checks.equal(got[name],
                     float(sum(last["pymalloc.bytes." + key]
                               for key in keys)), "heap: " + name)


POOL = """
import multiprocessing, time
def work(n):
    kept = [bytes(1000) for _ in range(n * 1000)]
    time.sleep(0.2 + n / 100)
    return len(kept)
if __name__ == "__main__":
    workers = [multiprocessing.Process(target=work, args=(n,)) for n in (2, 20)]
    for w in workers:
        w.start()
        time.sleep(0.05)
    for w in workers:
        w.join()
"""


def test_tree():
    with open("pool.py", "w", encoding="ascii") as file:
        file.write(POOL)
    done = kit.run("sample", "-q", "--tree", "-i", "20ms", "-o", "p.pmt", "--",
                   kit.PYTHON, "pool.py")
    checks.equal(done.status, 0, done)
    # Samples without a pid are the sampler's own.
    events = [(row["time_ns"], row["pid"], row["values"]["rss"])
              for row in rows_of("p.pmt", "sample")
              if row.get("pid") and "rss" in row["values"]]
    events += [(row["time_ns"], row["pid"], 0)
               for row in rows_of("p.pmt", "process")
               if row["op"] in ("exited", "left")]
    held, steps = {}, [(0, 0)]
    for time, pid, rss in sorted(events, key=lambda event: event[0]):
        held[pid] = rss
        steps.append((time, sum(held.values())))
    checks.true(len(held) >= 3, "tree: %d processes" % len(held))
    for row in table("tree", "p.pmt")[0][1]:
        begin, end = float(row[0]), float(row[1])
        want = max([step[1] for step in steps if step[0] < begin][-1:] +
                   [step[1] for step in steps if begin <= step[0] < end])
        checks.equal(sum(numbers(row[2:])), float(want), "tree at " + row[0])


def test_tree_twice():
    """Processes that a sampler and a recorder have are there once."""
    os.mkdir("twice")
    done = kit.run("sample", "-q", "--tree", "-i", "20ms", "-o", "q.pmt", "--",
                   kit.PMT, "record", "--mode=rss", "--rss-ms=20", "-o",
                   "twice/", "--", kit.PYTHON, "pool.py")
    checks.equal(done.status, 0, done)
    checks.equal(len(os.listdir("twice")), 3, "traces of the recorder")
    merged = kit.run("merge", "-o", "m.pmt", "q.pmt", "twice")
    checks.equal(merged.status, 0, merged)
    titles = [table("tree", name)[0][0] for name in ("q.pmt", "m.pmt")]
    checks.equal(titles[1], titles[0], "tree: with the recorder's own figures")
    peaks = [max(sum(numbers(row[2:])) for row in table("tree", name)[0][1])
             for name in ("q.pmt", "m.pmt")]
    near(peaks[1], peaks[0], "tree: peak", 0.01)


def test_flow():
    rose, before = 0, 0
    for row in rows_of("c.pmt", "call"):
        if before and row["rss"] > before:
            rose += row["rss"] - before
        before = row["rss"] or before
    titles, data = table("flow", "--top", "17", "c.pmt")[1]
    got = sum(sum(numbers(row[2:])) for row in data)
    first = kit.run("plot", "-c", "flow", "--json", "--top", "17",
                    "c.pmt").json()[0]
    note = first.get("note", "").split()
    unit = {"B": 1, "KiB": 1024, "MiB": 1 << 20}
    if "more" in note:
        got += float(note[0]) * unit[note[1]]
    checks.true(rose > 0 and len(titles) > 3, "flow: rises")
    near(got, rose, "flow: all that rose", 0.01)


def main():
    if subprocess.run([kit.PYTHON, "-c", "import pmtrace._recorder"], env=ENV,
                      stderr=subprocess.DEVNULL, check=False).returncode:
        kit.common.skip("the recorder is not built for " + kit.PYTHON)
    record("a.pmt", "alloc,sample", "--sample-ms", "10")
    record("b.pmt", "alloc", requests="400")
    record("h.pmt", "heap", "--heap-ms", "20")
    record("c.pmt", "call", "--no-c-calls", "--rss-us", "1")
    blocks = Blocks(rows_of("a.pmt", "alloc"))
    test_live(blocks)
    test_rate(blocks)
    test_sizes(blocks)
    test_ages(blocks)
    test_growth()
    test_diff()
    test_rss()
    test_heap()
    test_tree()
    test_tree_twice()
    test_flow()
    checks.finish()


main()
