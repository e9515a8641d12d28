#!/usr/bin/env python3
"""pmt plot: RSS, figures of allocators and pauses of the collector, column by
column, against a count of the rows that the trace was made from; and pictures
of them by the real gnuplot."""

import math
import random
import struct
import xml.dom.minidom

import kit

checks = kit.Checks()
kit.scratch()
g = kit.generator()

END, TICK = 20000, 1000
FIGURES = [["pymalloc.bytes.allocated_blocks", "B", 0],
           ["pymalloc.arenas.current", "arenas", 0],
           ["glibc.mallinfo.arena", "bytes", 0], ["faults", "B", 1],
           ["glibc.arena.0.system", "B", 0], ["balance", "B", 0]]


def rows(seed):
    """What a process did: rows of each kind, in ticks."""
    rng = random.Random(seed)
    alloc = [{"t": 20 * i, "op": "malloc", "address": 4096 * (i + 1),
              "size": rng.randrange(1, 9000), "stack": 1, "domain": "obj"}
             for i in range(END // 40)]
    alloc += [{"t": END // 2 + 40 * i, "op": "free", "size": 0, "stack": 0,
               "address": alloc[i]["address"], "domain": "obj"}
              for i in range(len(alloc) // 4)]
    call = [{"t": t, "class": 1, "rss": 0 if t < 500 else
             2000 + rng.randrange(3000), "rss_read": 1}
            for t in range(100, 9000, 37)]
    sample = [{"t": t, "values": {"rss": 4096 * rng.randrange(3000, 9000)}}
              for t in range(9500, END, 777)]
    heap = [{"t": t, "values": {f[0]: rng.randrange(
        -10 ** 7 if f[0] == "balance" else 0, 10 ** 7) for f in FIGURES}}
            for t in range(0, END, 1234)]
    gc = []
    for t in range(1000, END - 100, 611):
        gc.append({"t": t, "op": "start", "generation": 0,
                   "duration_ns": 0})
        gc.append({"t": t + 10, "op": "stop", "generation": 0,
                   "duration_ns": rng.randrange(0, 10 ** 6)})
    return {"alloc": alloc, "call": call, "sample": sample, "heap": heap,
            "gc": gc}


def build(name, kinds, seeds=(1,), **more):
    """A trace of these kinds; streams begin a tenth apart."""
    trace, processes = g.Trace(), []
    for i, seed in enumerate(seeds):
        found = rows(seed)
        stream = g.Stream(trace, i + 1, tick_ns=TICK, rss_unit=4096)
        stream.open(process={"pid": 10 + i, "argv": ["a.py"]},
                    start=(0, 10 ** 18 + i * END * TICK // 10, 0),
                    more=more)
        stream.string({1: "a.py", 2: "f"})
        stream.code((1, 1, 2, 1))
        stream.stack((1, 0, 1, 2))
        stream.class_((1, 10, 0, 1, 0, 0))
        if "alloc" in kinds:
            stream.alloc(sorted(found["alloc"], key=lambda r: r["t"]))
        if "call" in kinds:
            stream.call(found["call"])
        if "sample" in kinds:
            stream.sample([["rss", "B", 0]], found["sample"])
        if "heap" in kinds:
            stream.heap(FIGURES, found["heap"])
        if "gc" in kinds:
            stream.gc(found["gc"])
        stream.mark([{"t": END // 2, "text": "half"}])
        stream.end(t=END)
        processes.append({k: v for k, v in found.items() if k in kinds})
    trace.index()
    return kit.write(name, bytes(trace.data)), processes


def gauges_of(process):
    """{name: [(ns, bytes)]} in the order of time."""
    found = {}
    for row in process.get("call", ()):
        if row["rss"]:
            found.setdefault("RSS", []).append((row["t"], row["rss"] * 4096))
    for row in process.get("sample", ()):
        found.setdefault("RSS", []).append((row["t"], row["values"]["rss"]))
    for row in process.get("heap", ()):
        for name in (FIGURES[0][0], FIGURES[2][0], "balance"):
            found.setdefault(name, []).append((row["t"],
                                               row["values"][name]))
    return {name: sorted((t * TICK, v) for t, v in values)
            for name, values in found.items()}


def by_column(panel, values, end_ns):
    """The highest and the least of each column; a value holds until the next
    one, the last one to the end."""
    column = lambda ns: min(ns // column_ns(panel), panel["columns"] - 1)
    high, low = ([None] * panel["columns"] for _ in range(2))
    held = None
    for at in range(column(values[0][0]), column(end_ns) + 1):
        there = [v for ns, v in values if column(ns) == at]
        high[at] = max(there) if there else held
        low[at] = min(there + [held] if held is not None else there) \
            if there else held
        held = there[-1] if there else held
    return high, low


def column_ns(panel):
    checks.equal(panel["x_from"], 0, panel)
    width = panel["x_to"] / panel["columns"]
    checks.equal(width, int(width), panel)
    return int(width)


def plot(*args):
    """The head, the marks, {label of a panel: panel}, {label: curves}."""
    done = kit.run("plot", "--json", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    head, *lines = done.json()
    panels = [l for l in lines if l["row"] == "panel"]
    return (head, [l for l in lines if l["row"] == "mark"],
            {p["label"]: p for p in panels},
            {p["label"]: [l for l in lines if l["row"] == "curve" and
                          l["panel"] == p["panel"]] for p in panels})


def check_data(width):
    path, processes = build("all.pmt", ("alloc", "call", "sample", "heap",
                                        "gc"), (1, 2))
    head, marks, panels, curves = plot("-c", "rss", "--width", str(width),
                                       path)
    checks.equal((head["row"], head["chart"], head["streams"]),
                 ("plot", "rss", 2), head)
    shift = [0, END * TICK // 10]
    checks.equal(head["span_ns"], END * TICK + shift[1], head)
    checks.equal([(l["time_ns"], l["text"]) for l in marks],
                 [(END // 2 * TICK + s, "half") for s in shift], "marks")
    panel = panels["memory"]
    checks.equal(panel["columns"], width, panel)
    got = {l["name"]: l for l in curves["memory"]}
    want = {}
    for i, process in enumerate(processes):
        for name, values in gauges_of(process).items():
            values = [(ns + shift[i], v) for ns, v in values]
            want["%s, pid %d: a.py" % (name, 10 + i)] = by_column(
                panel, values, END * TICK + shift[i])
    checks.equal(sorted(got), sorted(list(want) + ["traced: live blocks"]),
                 "gauges")
    for key, (high, low) in want.items():
        checks.equal(got[key]["values"], high, key)
        checks.equal(got[key]["high"], high, key)
        checks.equal(got[key]["low"], low, key)
    names = [l["name"] for l in curves["memory"]]
    checks.true(all(n.startswith("RSS, ") for n in names[:2]), "RSS is first")
    check_pauses(head, panels["gc"], curves["gc"], processes, shift, width)
    head, marks, panels, curves = plot("--width", str(width), path)
    checks.equal(head["chart"], "live", "chosen")
    checks.equal([[c["name"] for c in curves[label]]
                  for label in ("live bytes", "blocks")], [["a.py:2 f"]] * 2,
                 "live")
    check_live(panels["blocks"], [curves["live bytes"][0],
                                  curves["blocks"][0]], processes, shift)
    total = [c for c in got.values() if c["name"].startswith("traced")][0]
    checks.equal(total["values"], curves["live bytes"][0]["values"], "traced")


def check_pauses(head, panel, curves, processes, shift, width):
    """A bar of three columns shows the longest that ended in them."""
    bars = (width + 2) // 3
    checks.equal(panel["columns"], bars, panel)
    longest, count = [None] * bars, 0
    for i, process in enumerate(processes):
        for row in process["gc"]:
            if row["op"] == "stop":
                at = (row["t"] * TICK + shift[i]) // column_ns(panel)
                count += 1
                longest[at] = max(longest[at] or 0, row["duration_ns"])
    checks.equal(curves[0]["values"], longest, "pauses")
    checks.true("%d collections took" % count in head["note"], head)


def check_live(panel, live, processes, shift):
    """Of one stream at a time: the most that was live in each column."""
    totals = [[0] * panel["columns"], [0] * panel["columns"]]
    for process, start in zip(processes, shift):
        now, at = [0, 0], start // column_ns(panel)
        best, sizes = [0, 0], {}
        end = (END * TICK + start) // column_ns(panel)
        for row in sorted(process["alloc"], key=lambda r: r["t"]) + [None]:
            to = (row["t"] * TICK + start) // column_ns(panel) if row \
                else end + 1
            while at < min(to, panel["columns"]):
                for what in (0, 1):
                    totals[what][at] += best[what]
                best, at = list(now), at + 1
            if row and row["op"] == "malloc":
                sizes[row["address"]] = row["size"]
                now = [now[0] + row["size"], now[1] + 1]
            elif row:
                now = [now[0] - sizes.pop(row["address"]), now[1] - 1]
            best = [max(b, n) for b, n in zip(best, now)]
    for what in (0, 1):
        checks.equal(live[what]["values"], totals[what], live[what]["name"])


def check_moment():
    """Nothing behind the moment."""
    path, processes = build("all.pmt", ("call", "sample", "heap", "gc"))
    until = END // 3 * TICK
    head, _, _, curves = plot("-c", "rss", path + "@%dns" % until)
    got = {l["name"]: l for l in curves["memory"]}
    for name, values in gauges_of(processes[0]).items():
        values = [(ns, v) for ns, v in values if ns <= until]
        checks.equal(max(v or 0 for v in got[name]["values"])
                     if name in got else 0,
                     max(v for _, v in values), name)
    checks.true("%d collections took" %
                sum(r["op"] == "stop" and r["t"] * TICK <= until
                    for r in processes[0]["gc"]) in head["note"],
                "collections")


def check_sampled():
    """Live figures of samples are scaled."""
    path, processes = build("sampled.pmt", ("alloc",),
                            hooks=["alloc:sampled:4096"])
    head, _, _, curves = plot(path)
    checks.equal((head["estimated"], head["sample_bytes"]), (True, 4096),
                 head)
    live, total = {}, [[0, 0]]
    for row in sorted(processes[0]["alloc"], key=lambda r: r["t"]):
        if row["op"] == "malloc":
            p = 1 - math.exp(-row["size"] / 4096)
            live[row["address"]] = (row["size"] / p, 1 / p)
        else:
            live.pop(row["address"])
        total.append([sum(v[i] for v in live.values()) for i in (0, 1)])
    for what, key in ((0, "live bytes"), (1, "blocks")):
        most = max(t[what] for t in total)
        checks.true(abs(max(curves[key][0]["values"]) - most) <=
                    2 + len(live), (key, most))
    text = kit.run("plot", "--script", "-", "--format", "svg", path).out.decode()
    checks.true("estimates from samples of 4.0 KiB" in text, "subtitle")


def size_of(png):
    return struct.unpack(">II", png[16:24])


def panels_of(*args):
    script = kit.run("plot", "--script", "-", *args)
    checks.equal((script.status, script.err), (0, ""), script)
    return script.out.decode().count("\nset yrange ")


def check_pictures():
    """A panel for what there is and no other."""
    for kinds, chart, want in (
            (["alloc"], "live", 2), (["call"], "rss", 1),
            (["sample"], "rss", 1), (["heap"], "heap", 1), (["gc"], "rss", 1),
            (["sample", "gc"], "rss", 2),
            (["alloc", "call", "sample", "heap", "gc"], "live", 2)):
        path, _ = build("some.pmt", kinds)
        done = kit.run("plot", "-f", "-o", "some.png", path)
        checks.equal((done.status, done.err), (0, ""), done)
        checks.equal(size_of(kit.read("some.png")), (1200, 800), kinds)
        checks.equal((panels_of(path), panels_of("-c", chart, path)),
                     (want, want), kinds)
    done = kit.run("plot", "--what", "memory", "-f", "-o", "m.svg", path)
    checks.equal((done.status, done.err), (0, ""), done)
    picture = xml.dom.minidom.parseString(kit.read("m.svg"))
    texts = [node.firstChild.data for node in
             picture.getElementsByTagName("text") if node.firstChild]
    for text in ("RSS", "traced: live blocks", "half",
                 "some.pmt: memory of the process"):
        checks.true(text in texts, (text, texts))
    for what, rest in (("count", 1), ("memory,gc", 2), ("both", 2),
                       ("gc", 1)):
        checks.equal(panels_of("--what", what, path), rest, what)


for width in (300, 1000):
    check_data(width)
check_moment()
check_sampled()
check_pictures()
checks.finish()
