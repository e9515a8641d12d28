#!/usr/bin/env python3
"""pmt live on snapshots: the one that is asked for, grouped as tracemalloc's
statistics are, against a count of the rows here; and groups by label."""

import collections
import math

import kit

checks = kit.Checks()
kit.scratch()
g = kit.generator()

# id: (file, function, first line); stacks: id: (parent, code, line)
CODES = {1: ("app.py", "main", 1), 2: ("app.py", "work", 10),
         3: ("lib/io.py", "read", 5), 4: ("<label>", "upload", 0),
         5: ("<label>", "other", 0)}
STACKS = {1: (0, 1, 3), 2: (1, 2, 12), 3: (2, 3, 7), 4: (0, 4, 0),
          5: (4, 2, 12), 6: (5, 3, 7), 7: (0, 5, 0), 8: (1, 2, 13)}
TYPES = {1: ("list", 56, 8), 2: ("dict", 64, 0)}


def tables(stream):
    texts = sorted({text for code in CODES.values() for text in code[:2]} |
                   {name for name, _, _ in TYPES.values()})
    number = {text: i for i, text in enumerate(texts, 1)}
    stream.string({i: text for text, i in number.items()})
    stream.code(*[(i, number[file], number[function], line)
                  for i, (file, function, line) in CODES.items()])
    stream.stack(*[(i, *row) for i, row in STACKS.items()])
    stream.type(*[(i, number[n], a, b) for i, (n, a, b) in TYPES.items()])


def rows(seed, count):
    return [{"stack": 0 if i % 11 == 10 else 1 + (i * seed) % len(STACKS),
             "blocks": 1 + (i * 7 + seed) % 13, "size": 16 * (i + seed),
             "type": 1 + i % 2, "domain": ("raw", "mem", "obj")[i % 3]}
            for i in range(count)]


# (time, name, rows, values) by stream.
FIRST = [(100, "start", rows(1, 9), None),
         (200, "warm", rows(2, 30), [["requests", "", 12],
                                     ["load", "%", -3]]),
         (300, "warm", rows(3, 12), None), (400, "7", rows(5, 5), None)]
SECOND = [(150, "start", rows(7, 4), None), (250, "end", rows(9, 6), None)]


def build():
    trace = g.Trace()
    for seed, snapshots in ((1, FIRST), (2, SECOND)):
        stream = g.Stream(trace, seed)
        stream.open()
        tables(stream)
        for time, name, of, values in snapshots:
            if time == 200: # of many rows: in two chunks
                stream.snapshot(time, name, of[:20], values)
                stream.snapshot(time, name, of[20:], values)
            else:
                stream.snapshot(time, name, of, values)
        stream.mark([{"t": 260, "text": "here"}])
        stream.end(t=500)
    trace.index()
    return bytes(trace.data)


def frames(stack):
    while stack:
        parent, code, line = STACKS[stack]
        yield CODES[code][0], line, CODES[code][1]
        stack = parent


def key(by, row):
    way = list(frames(row["stack"]))
    if by == "stack":
        return tuple(way)
    if by == "site":
        return way[0] if way else (None, 0, None)
    if by == "file":
        return way[0][0] if way else None
    if by == "function":
        return (way[0][0], way[0][2]) if way else (None, None)
    if by == "label":
        return way[-1][2] if way and way[-1][0] == "<label>" else None
    if by == "type":
        return TYPES[row["type"]][0]
    return row["domain"]


def got_key(by, row):
    if by == "stack":
        return tuple((f["file"], f["line"], f["function"])
                     for f in row["stack"])
    if by == "site":
        return row["file"], row["line"], row["function"]
    if by == "function":
        return row["file"], row["function"]
    return row[by]


def check(options, operand, want, numbers, names):
    """`want`: the rows that the snapshots asked for hold."""
    for by in ("site", "file", "function", "stack", "type", "domain",
               "label"):
        if by == "type" and not any(o == "--snapshot" for o in options):
            # Types are of objects; a snapshot by type must be asked for.
            continue
        done = kit.run("live", "--json", "--top", "1000", "--by", by,
                       *options, operand)
        checks.equal((done.status, done.err), (0, ""), done)
        head, *rest = done.json()
        checks.equal([s["number"] for s in head["snapshots"]], numbers, done)
        checks.equal([s["name"] for s in head["snapshots"]], names, done)
        checks.equal((head["kind"], head["count"], head["bytes"]),
                     ("snapshot", sum(r["blocks"] for r in want),
                      sum(r["size"] for r in want)), done)
        groups = collections.Counter()
        for row in want:
            groups[key(by, row), "count"] += row["blocks"]
            groups[key(by, row), "bytes"] += row["size"]
        found = collections.Counter()
        for row in rest:
            found[got_key(by, row), "count"] += row["count"]
            found[got_key(by, row), "bytes"] += row["bytes"]
        checks.equal(dict(found), dict(groups), "%s: by %s" % (done, by))
        checks.equal([r["bytes"] for r in rest],
                     sorted((r["bytes"] for r in rest), reverse=True), done)


def check_choice(path):
    for i, (_, name, of, _) in enumerate(FIRST, 1):
        check(["--snapshot", str(i)], path, of, [i], [name])
    check(["--snapshot", "6"], path, SECOND[1][2], [6], ["end"])
    check(["--snapshot", "warm"], path, FIRST[1][2], [2], ["warm"])
    check(["--snapshot", "warm#2"], path, FIRST[2][2], [3], ["warm"])
    check(["--snapshot", "7#1"], path, FIRST[3][2], [4], ["7"])
    for asked in ("7", "warm#3", "Warm", "0"):
        done = kit.run("live", "--snapshot", asked, path)
        checks.equal((done.status, done.out, done.err),
                     (1, b"", "pmt-live: %s: no snapshot %s\n"
                      % (path, asked)), done)
    done = kit.run("live", "--snapshot", "1", path + "@end")
    checks.true(done.status == 2 and "exclude each other" in done.err, done)


def check_moments(path):
    """Each stream's last one not after the moment."""
    both = lambda a, b: FIRST[a][2] + SECOND[b][2]
    check([], path, both(3, 1), [4, 6], ["7", "end"])
    check([], path + "@end", both(3, 1), [4, 6], ["7", "end"])
    check([], path + "@299ns", both(1, 1), [2, 6], ["warm", "end"])
    check([], path + "@150ns", both(0, 0), [1, 5], ["start", "start"])
    check([], path + "@149ns", FIRST[0][2], [1], ["start"])
    check([], path + "@mark:here", both(1, 1), [2, 6], ["warm", "end"])
    size = lambda one: sum(row["size"] for row in one[2])
    largest = max(range(4), key=lambda i: size(FIRST[i]))
    check([], path + "@peak", both(largest, max(
        range(2), key=lambda i: size(SECOND[i]))), [largest + 1, 6],
        [FIRST[largest][1], "end"])
    done = kit.run("live", path + "@99ns")
    checks.equal((done.status, done.err), (1,
                 "pmt-live: %s: no alloc, object or snapshot records up to "
                 "that moment\n" % path), done)


def check_sampled():
    """Rows of a sampled stream are scaled by their mean size."""
    trace, every, of = g.Trace(), 4096, rows(4, 25)
    for row in of:
        row["size"] = row["blocks"] * (100 + 50 * row["stack"])
    stream = g.Stream(trace, 3)
    stream.open(more={"hooks": ["alloc:sampled:%d" % every]})
    tables(stream)
    stream.snapshot(100, "some", of)
    stream.end(t=500)
    path = kit.write("sampled.pmt", bytes(trace.data))
    done = kit.run("live", "--json", "--by", "file", path)
    head, *rest = done.json()
    want = collections.Counter()
    for row in of:
        p = 1 - math.exp(-row["size"] / row["blocks"] / every)
        for name in (key("file", row), "all"):
            want[name, "count"] += row["blocks"] / p
            want[name, "bytes"] += row["size"] / p
            want[name, "var"] += row["size"] ** 2 / row["blocks"] * (
                (1 - p) / p ** 2)
    for name, row in [("all", head)] + [(r["file"], r) for r in rest]:
        checks.equal(row["estimated"], True, row)
        for what in ("count", "bytes"):
            checks.true(abs(row[what] - want[name, what]) <=
                        9 + want[name, what] * 1e-3, (name, what, row))
        half = math.sqrt(want[name, "var"])
        below = row["bytes"] - row["bytes_low"]
        above = row["bytes_high"] - row["bytes"]
        checks.true(1.96 * half < below < 3 * half and
                    2.2 * half < above < 6 * half, (row, half))
        checks.true(row["count_low"] < row["count"] < row["count_high"], row)
    text = kit.run("live", path).text()
    checks.true("sampled.pmt: ~" in text and
                "  ~ estimates from samples of 4.0 KiB, by the mean" in text,
                text)


def check_text(path):
    text = kit.run("live", "--snapshot", "warm", path).text()
    blocks = sum(row["blocks"] for row in FIRST[1][2])
    size = sum(row["size"] for row in FIRST[1][2])
    checks.true(text.startswith(
        'snapshots.pmt: %d blocks, {:,} bytes (%.1f KiB) in snapshot 2 "warm" '
        "(0.000000 s)\n  requests: 12\n  load: -3 %%\n\n".format(size)
        % (blocks, size / 1024)), text)
    text = kit.run("live", path + "@300ns").text()
    checks.true("in 2 snapshots, one a stream\n" in text and
                "  no alloc records: this is the last snapshot up to "
                "0.000000 s\n" in text, text)
    text = kit.run("live", "--by", "label", path).text()
    checks.true(" upload\n" in text and " (no label)\n" in text, text)
    done = kit.run("live", "-", data=kit.read(path))
    checks.true(done.status == 0 and "2 snapshots" in done.text(), done)


path = kit.write("snapshots.pmt", build())
check_choice(path)
check_moments(path)
check_text(path)
check_sampled()
checks.finish()
