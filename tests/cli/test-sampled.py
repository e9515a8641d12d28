#!/usr/bin/env python3
"""Traces of sampled processes: what `pmt info` says of each, and what
`pmt plot` draws, against the processes that the trace was made from; a pid
that is used again; traces of one process, of a process and its own samples,
and of several streams."""

import re
import json
import subprocess

import kit
import sampled
from sampled import S, TICK, Process

checks = kit.Checks()
kit.scratch()


def info(*args):
    done = kit.run("info", "--json", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    return done.json()


def parents(processes):
    """Each one's maker: the process of that pid at its begin."""
    found = {}
    for p in processes:
        for q in processes:
            if q is not p and q.pid == p.ppid and q.lives(p.begin):
                found[id(p)] = q
    return found


def check_life(got, p, depth, span):
    name = "process %d of %d" % (p.pid, p.begin)
    ended = p.end is not None and p.end <= span
    vanished = ended and p.vanishes
    status = p.status if ended else 0
    checks.equal(
        {k: got[k] for k in ("pid", "ppid", "depth", "command", "started_ns",
                             "first_ns", "started", "how", "ended", "exit",
                             "signal", "left", "samples")},
        {"pid": p.pid, "ppid": p.ppid, "depth": depth,
         "command": " ".join(p.argv),
         "started_ns": 10 ** 9 + p.begin * TICK, "first_ns": p.begin * TICK,
         "started": not p.found, "how": "look" if p.found else "event",
         "ended": ended, "left": False, "samples": len(p.rows),
         "exit": status - 1 if 1 <= status <= 256 else None,
         "signal": status - 256 if status > 256 else None}, name)
    checks.true(not vanished or got["ended"], name)
    values = {}
    for row in p.rows:
        for figure, value in row["values"].items():
            values.setdefault(figure, []).append(value)
    checks.equal(
        {f["name"]: (f["records"], f["first"], f["last"], f["min"], f["max"])
         for f in got["figures"]},
        {f: (len(v), v[0], v[-1], min(v), max(v))
         for f, v in values.items()}, name + ": figures")
    if values:
        checks.equal((got["rss_peak"] or 0, got["cpu_ns"]),
                     (max(values["rss"]), values["cpu_user"][-1] +
                      values["cpu_system"][-1]), name + ": peak, CPU")


def depth_of(p, made):
    depth = 0
    while id(p) in made:
        p, depth = made[id(p)], depth + 1
    return depth


def check_info(name, processes, span):
    stream = info(name)[0]["streams"][0]
    made = parents(processes)
    want = {(p.pid, p.begin * TICK): p for p in processes if p.begin <= span}
    got = {(p["pid"], p["first_ns"]): p for p in stream["processes"]}
    checks.equal(sorted(got), sorted(want), "processes")
    for key in set(got) & set(want):
        check_life(got[key], want[key], depth_of(want[key], made), span)
    checks.equal([f["name"] for f in stream["figures"]], ["rss", "late"],
                 "the sampler's own")
    # Each one comes behind the one that made it.
    seen = set()
    for p in stream["processes"]:
        q = made.get(id(want[p["pid"], p["first_ns"]]))
        checks.true(q is None or (q.pid, q.begin * TICK) in seen,
                    "%s before its parent" % p["pid"])
        seen.add((p["pid"], p["first_ns"]))
    return stream


def check_text(name, processes, span):
    begun = [p for p in processes if p.begin <= span]
    text = kit.run("info", name).text()
    line = next(line for line in text.splitlines() if "processes" in line)
    checks.equal(line.split(), (
        "processes %d: %d ran before, %d started; %d ended" % (
            len(begun), sum(p.found for p in begun),
            sum(not p.found for p in begun),
            sum(p.end is not None and p.end <= span for p in begun))).split(),
        line)
    checks.true("%d smaller ones" % (len(begun) - 24) in text, "the rest")
    checks.true("SIGKILL" in text and "exit 1" in text, "how they ended")
    every = kit.run("info", "--all", name).text()
    rows = [line for line in every.splitlines() if " python3 worker.py" in
            line]
    checks.equal(len(rows), sum("worker.py" in p.argv for p in begun),
                 "rows of --all")


# ---- plot ----


def plot(*args):
    """The head with its columns, and of each line of the stack of RSS name
    (None: all others), processes, values, and its processor time."""
    done = kit.run("plot", "--json", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    head, *lines = done.json()
    panels = {l["label"]: l for l in lines if l["row"] == "panel"}
    panel = panels.get("RSS", panels["CPU"])
    head["columns"] = panel["columns"]
    head["column_ns"] = round((panel["x_to"] - panel["x_from"]) /
                              panel["columns"])
    curves = {label: [l for l in lines if l["row"] == "curve" and
                      l["panel"] == panel["panel"]]
              for label, panel in panels.items()}
    found = []
    for i, curve in enumerate(curves.get("RSS", ())):
        other = re.fullmatch(r"([\d,]+) other process(es)?", curve["name"])
        many = re.fullmatch(r"(.*), ([\d,]+) processes", curve["name"])
        number = other and other[1] or many and many[2] or "1"
        found.append({
            "name": None if other else many[1] if many else curve["name"],
            "processes": int(number.replace(",", "")),
            "most": max(curve["values"]), "rss": curve["values"],
            "cpu_ns": [v * head["column_ns"] / 100
                       for v in curves["CPU"][i]["values"]]})
    return head, found, curves, lines


def moments(processes, span, every):
    """[(ns, {process: rss})] at each look and each end of one."""
    looks = {}
    for p in processes:
        for row in p.rows:
            looks.setdefault(row["t"], {})[id(p)] = row["values"]["rss"]
    times = sorted(set(looks) | {p.end for p in processes
                                 if p.end is not None and p.end <= span})
    now, found = {}, []
    for t in times:
        for p in processes:
            if p.end is not None and p.end <= t:
                now.pop(id(p), None)
        now.update(looks.get(t, {}))
        found.append((t * TICK, dict(now)))
    return found


def check_stack(name, processes, span, every, width, top):
    """What is drawn of RSS: in each column all lines together are a total
    that was there, the highest; and each process is as it was then."""
    head, lines, _, _ = plot("--width", str(width), "--top", str(top),
                             name)
    had = [p for p in processes if p.rows]
    checks.equal(sum(l["processes"] for l in lines), len(had), "processes")
    column_ns, count = head["column_ns"], head["columns"]
    best = [None] * count
    last = {}
    changes = moments(had, span, every) + [(span * TICK, None)]
    at = 0
    for ns, now in changes:
        column = min(ns // column_ns, count - 1)
        for c in range(at, column + 1):
            total = sum(last.values())
            if best[c] is None or total > best[c]:
                best[c] = total
        at = column
        if now is None:
            break
        # What a column begins with counts only if it lasts into it.
        if best[column] is not None and ns == column * column_ns:
            best[column] = sum(now.values())
        best[column] = max(best[column] or 0, sum(now.values()))
        last = now
    got = [sum(l["rss"][c] for l in lines) for c in range(count)]
    wrong = [(c, a, b) for c, (a, b) in enumerate(zip(got, best)) if a != b]
    checks.equal(wrong[:3], [], "%s: columns" % name)
    return lines


def check_cpu(lines, processes, by_name):
    """All processor time that was seen is in the columns."""
    for line in lines:
        want = 0
        for p in by_name(line["name"]):
            rows = [r["values"]["cpu_user"] + r["values"]["cpu_system"]
                    for r in p.rows]
            want += rows[-1] - (rows[0] if p.found else 0) if rows else 0
        got = sum(line["cpu_ns"])
        checks.true(abs(got - want) <= max(want // 10000, 20000),
                    "%s: %d ns, wanted %d" % (line["name"], got, want))


def many():
    span = 20 * S
    processes = sampled.tree(20, 150)
    name = sampled.write("tree.pmt", processes, S // 2, span,
                         marks=[(5 * S, "half")])
    check_info(name, processes, span)
    check_text(name, processes, span)
    lines = check_stack(name, processes, span, S // 2, 700, 9)
    had = [p for p in processes if p.rows]
    checks.equal({l["name"]: l["processes"] for l in lines},
                 {"python3 pool.py": 1, "python3 -m service": 1,
                  "redis-server": 1, "python3 worker.py": len(had) - 3},
                 "by program")
    check_cpu(lines, processes, lambda name: [
        p for p in had if " ".join(p.argv).startswith(name)])
    # With two lines, what is not the largest is in the last.
    lines = check_stack(name, processes, span, S // 2, 333, 2)
    checks.equal((len(lines), lines[-1]["name"]), (3, None), "others")


def reused():
    """A pid of three processes that follow at once; samples of the third
    come in the chunk before the records of it."""
    kinds = [Process(50, 1, ["a"], 0, S, found=True, status=1,
                     rss=lambda age: 1 << 20),
             Process(50, 1, ["b"], S, 2 * S, status=1,
                     rss=lambda age: 2 << 20),
             Process(50, 1, ["c", "x"], 2 * S, rss=lambda age: 3 << 20)]
    for chunk in (1, 3, 7, 1000):
        for p in kinds:
            p.rows = []
        name = sampled.write("reused.pmt", kinds, S // 10, 3 * S, chunk=chunk)
        check_info(name, kinds, 3 * S)
        lines = check_stack(name, kinds, 3 * S, S // 10, 300, 9)
        checks.equal(sorted((l["name"], l["most"]) for l in lines),
                     [("50 a", 1 << 20), ("50 b", 2 << 20),
                      ("50 c x", 3 << 20)], "three")


def one():
    """Of one process the figures are curves, and its processor time two
    bands; the sampler's own figures are not drawn."""
    p = Process(4711, 1, ["train.py"], 0, found=True,
                rss=lambda age: (50 << 20) + age * 8)
    name = sampled.write("one.pmt", [p], S // 4, 9 * S,
                         marks=[(4 * S, "parsed 181 MB")])
    check_info(name, [p], 9 * S)
    head, _, curves, _ = plot("-c", "rss", "--width", "400", name)
    gauges = curves["memory"]
    checks.equal([g["name"] for g in gauges], ["RSS"], "gauges")
    checks.equal(max(v or 0 for v in gauges[0]["values"]),
                 max(r["values"]["rss"] for r in p.rows), "most")
    checks.equal([c["name"] for c in curves["CPU"]],
                 ["CPU, user", "CPU, system"], "bands")
    check_cpu([{"name": "both", "cpu_ns": [
        (a + b) * head["column_ns"] / 100
        for a, b in zip(*(c["values"] for c in curves["CPU"]))]}], [p],
        lambda n: [p])
    script = kit.run("plot", "--script", "-", name).text()
    for word in ("parsed 181 MB", "CPU, user", "CPU, system"):
        checks.true(word in script, word)
    only = kit.run("plot", "--script", "-", "--what", "cpu", name).text()
    checks.true("CPU, user" in only and "memory, MiB" not in only, "cpu")
    memory = kit.run("plot", "--script", "-", "--what", "memory", name).text()
    checks.true("CPU, user" not in memory and "memory, MiB" in memory,
                "memory")


def kept():
    """What writes traces anew keeps figures that are below 0."""
    def values(name):
        return sorted((line["time_ns"], line.get("pid", 0), line["values"])
                      for line in kit.run("dump", "--json", name).json()
                      if line.get("kind") == "sample" and line.get("pid"))
    want = values("tree.pmt")
    checks.equal(min(row[2]["nice"] for row in want), -20, "below 0")
    other = sampled.write("other.pmt", [Process(4711, 1, ["a"], 0)], S, 3 * S,
                          key=9)
    for name, words in (
            ("merged.pmt", ("merge", "tree.pmt", other)),
            ("archived.pmt", ("archive", "tree.pmt")),
            ("filtered.pmt", ("filter", "kind == sample", "tree.pmt")),
            ("recovered.pmt", ("recover", "tree.pmt"))):
        done = kit.run(words[0], "-f", "-o", name, *words[1:])
        checks.equal((done.status, done.err), (0, ""), done)
        got = values(name)
        if name == "merged.pmt":
            got = [row for row in got if row[1] != 4711]
        checks.equal(got, want, words[0])


def differ(*args):
    """{figure: (before, value, diff)}; what did not change is there too."""
    done = kit.run("diff", "--kind", "sample", "--json", "--all", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    return {row["name"]: (row["before"], row["value"], row["diff"])
            for row in done.json() if row.get("row") == "figure"}


def compared():
    """Figures of one process by `pmt diff`, also below 0; of several as
    sums, but for those that can't be added up: how nice each is. States are
    no numbers: they have no row."""
    def process(pid, to):
        p = Process(pid, 1, ["a"], 0, found=True,
                    rss=lambda age: (1 << 20) + age * 4096 // S)
        nice = iter(range(to - 3, to + 1))
        plain = p.sample

        def sample(t):
            row = plain(t)
            row["values"]["nice"] = next(nice)
            return row
        p.sample = sample
        return p
    before = sampled.write("before.pmt", [process(50, -5)], S, 4 * S)
    after = sampled.write("after.pmt", [process(51, 2)], S, 4 * S, key=9)
    rows = differ(before, after)
    checks.equal(rows["nice"], (-5, 2, 7), rows)
    checks.equal(differ(after, before)["nice"], (2, -5, -7), "the other way")
    checks.equal(differ(before + "@1s", before)["nice"], (-7, -5, 2), "moments")
    checks.equal(rows["threads"], (3, 3, 0), rows)
    checks.true("state" not in rows, rows)
    text = kit.run("diff", "--kind", "sample", before, after).lines()
    checks.equal([line.split() for line in text if line.endswith(" nice")],
                 [["-5", "2", "+7", "count", "nice"]], text)
    two = sampled.write("two.pmt", [process(50, -5), process(51, 2)], S,
                        4 * S)
    rows = differ(two + "@1s", two)
    checks.equal(rows["threads"], (6, 6, 0), rows)
    rss = 2 * (1 << 20)
    checks.equal(rows["rss"], (rss + 2 * 4096, rss + 6 * 4096, 4 * 4096), rows)
    checks.true(not {"state", "nice"} & set(rows), rows)


def ended():
    """What a process that has ended held counts no more; what it used does."""
    processes = [Process(60 + n, 1, ["a"], 0, rss=lambda age: 1 << 20,
                         end=(None, 2 * S, None, 1 * S)[n], user=1, system=0)
                 for n in range(4)]
    four = sampled.write("ended.pmt", processes, S // 2, 4 * S)
    rows = differ(four + "@0.5s", four)
    checks.equal(rows["rss"], (4 << 20, 2 << 20, -2 << 20), rows)
    checks.equal(rows["threads"], (12, 6, -6), rows)
    used = [S // 2 * 4, 2 * 7 * S // 2 + 3 * S // 2 + S // 2]
    checks.equal(rows["cpu_user"][:2],
                 tuple(n * sampled.TICK for n in used), rows)
    rows = differ(four + "@1.5s", four + "@2.5s")
    checks.equal(rows["rss"][:2], (3 << 20, 2 << 20), rows)
    # All have: then what they held last.
    both = sampled.write("all-ended.pmt", [
        Process(70 + n, 1, ["a"], 0, rss=lambda age: 1 << 20, end=2 * S)
        for n in range(2)], S // 2, 4 * S)
    checks.equal(differ(both + "@1s", both)["rss"][:2], (2 << 20, 2 << 20),
                 both)


def joined():
    """A process that was recorded and sampled is one row of the tree: by its
    pid, the boot, and when it began. A pid that was used again, a moment
    between the two, another boot, another pid."""
    boot, other = bytes(range(16)), bytes(16)
    lives = [Process(50, 1, ["a"], 0, 3 * S, found=True, status=1),
             Process(50, 1, ["b"], 3 * S, 6 * S, status=257,
                     rss=lambda age: 30 << 20),
             Process(60, 1, ["c"], 0, found=True)]
    names = [sampled.write("looked.pmt", lives, S, 8 * S,
                           more={"boot": boot})]
    for i, (pid, mono, where) in enumerate((
            (50, 2 * 10 ** 9, boot), (50, 4500000000, boot),
            (50, 3500000000, boot), (50, 2 * 10 ** 9, other),
            (51, 2 * 10 ** 9, boot))):
        trace = sampled.g.Trace()
        stream = sampled.g.Stream(trace, 100 + i, tick_ns=1)
        stream.open(process={"pid": pid}, start=(mono, 10 ** 18 + i, 0),
                    more={"boot": where})
        stream.mark([{"t": 1, "text": "m"}])
        stream.end(t=2)
        names.append(kit.write("joined%d.pmt" % i, bytes(trace.data)))
    kit.run("merge", "-o", "joined.pmt", *names)
    for of in (names, ["joined.pmt"], names[::-1]):
        done = kit.run("info", "--tree", "--json", *of)
        rows = sorted(done.json()[0]["processes"],
                      key=lambda row: row["start_real_ns"]) \
            if done.status == 0 else []
        checks.equal([row["sampled"] and
                      (row["sampled"]["samples"], row["sampled"]["rss_peak"],
                       row["sampled"]["ended"]) for row in rows
                      if row["pid"] != 99],
                     [(3, 10 << 20, "exit 0"), (3, 30 << 20, "SIGHUP"),
                      None, None, None], done)
    text = kit.run("info", "--tree", "joined.pmt").lines()
    checks.equal([line.split()[-5:-1] for line in text if "30.0 MiB" in line],
                 [["0", "3", "30.0", "MiB"]], text)
    checks.equal(text[-1], "sampled and not recorded: 1 process (pmt info of "
                 "the trace shows them)", text)
    text = kit.run("info", "--tree", *names[1:]).text()
    checks.true("sampled" not in text, text)


def pictures():
    for name in ("tree.pmt", "reused.pmt", "one.pmt"):
        done = kit.run("plot", "-f", "-o", "x.png", name)
        checks.equal((done.status, done.err), (0, ""), done)
        with open("x.png", "rb") as file:
            checks.true(file.read(8) == b"\x89PNG\r\n\x1a\n", name)


def hostile():
    """Processes that make each other, and a great many of them."""
    circle = [Process(7, 8, ["a"], 0, found=True),
              Process(8, 7, ["b"], 0, found=True),
              Process(9, 9, ["c"], 0, found=True)]
    name = sampled.write("circle.pmt", circle, S, 3 * S)
    got = info(name)[0]["streams"][0]["processes"]
    checks.equal(sorted((p["pid"], p["samples"]) for p in got),
                 [(7, 3), (8, 3), (9, 3)], "a circle")
    g = sampled.g
    trace = g.Trace()
    stream = g.Stream(trace, 3, tick_ns=TICK)
    stream.open()
    for n in range(3):
        stream.process([{"t": 0, "op": "found", "pid": 1 + i + 65536 * n}
                        for i in range(65536)])
    stream.end(t=0)
    name = kit.write("many.pmt", bytes(trace.data))
    limit = "" if kit.sanitized() else "ulimit -v 131072; "
    out = subprocess.run(["sh", "-c", limit + 'exec "$0" info --json "$1"',
                          kit.PMT, name], stdout=subprocess.PIPE, check=True)
    found = json.loads(out.stdout)["streams"][0]
    checks.equal((len(found["processes"]), found["processes_dropped"]),
                 (100000, 3 * 65536 - 100000), "kept and dropped")


def live():
    """Nothing is alive in a trace of samples alone."""
    done = kit.run("live", "one.pmt")
    checks.equal((done.status, done.out), (1, b""), done)
    checks.true("no alloc, object or snapshot records" in done.err, done.err)
    checks.true("pmt info" in done.err, done.err)


many()
reused()
one()
kept()
compared()
ended()
joined()
pictures()
hostile()
live()
checks.finish()
