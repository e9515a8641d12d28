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
           ["glibc.arena.0.system", "B", 0]]


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
    heap = [{"t": t, "values": {f[0]: rng.randrange(10 ** 7)
                                for f in FIGURES}}
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
        for name in (FIGURES[0][0], FIGURES[2][0]):
            found.setdefault(name, []).append((row["t"],
                                               row["values"][name]))
    return {name: sorted((t * TICK, v) for t, v in values)
            for name, values in found.items()}


def by_column(head, values, end_ns):
    """The highest of each column; the last one holds to the end."""
    column = lambda ns: min(ns // head["column_ns"], head["columns"] - 1)
    found = [None] * head["columns"]
    for ns, value in values:
        at = column(ns)
        found[at] = value if found[at] is None else max(found[at], value)
    if found[column(end_ns)] is None:
        found[column(end_ns)] = values[-1][1]
    return found


def plot(*args):
    done = kit.run("plot", "--json", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    return done.json()


def check_data(width):
    path, processes = build("all.pmt", ("alloc", "call", "sample", "heap",
                                        "gc"), (1, 2))
    head, *lines = plot("--width", str(width), path)
    checks.equal((head["row"], head["columns"], head["streams"]),
                 ("plot", width, 2), head)
    shift = [0, END * TICK // 10]
    checks.equal(head["span_ns"], END * TICK + shift[1], head)
    checks.equal([(l["time_ns"], l["text"]) for l in lines
                  if l["row"] == "mark"],
                 [(END // 2 * TICK + s, "half") for s in shift], "marks")
    got = {(l["program"], l["name"]): l for l in lines
           if l["row"] == "memory"}
    want = {}
    for i, process in enumerate(processes):
        for name, values in gauges_of(process).items():
            values = [(ns + shift[i], v) for ns, v in values]
            want["pid %d: a.py" % (10 + i), name] = by_column(
                head, values, END * TICK + shift[i])
    checks.equal(sorted(got), sorted(want), "gauges")
    for key, values in want.items():
        checks.equal(got[key]["values"], values, key)
        checks.equal(got[key]["most"],
                     max(v for v in values if v is not None), key)
    names = [l["name"] for l in lines if l["row"] == "memory"]
    checks.equal(names[:2], ["RSS", "RSS"], "RSS is first")
    pauses = [l for l in lines if l["row"] == "gc"][0]
    longest, counts = [0] * width, [0] * width
    for i, process in enumerate(processes):
        for row in process["gc"]:
            if row["op"] == "stop":
                at = min((row["t"] * TICK + shift[i]) // head["column_ns"],
                         width - 1)
                counts[at] += 1
                longest[at] = max(longest[at], row["duration_ns"])
    checks.equal((pauses["values"], pauses["counts"]), (longest, counts),
                 "pauses")
    checks.equal(pauses["collections"], sum(counts), "collections")
    live = [l for l in lines if l["row"] == "live"]
    checks.equal([(l["what"], l["name"]) for l in live],
                 [("bytes", "a.py:2 f"), ("count", "a.py:2 f")], "live")
    check_live(head, live, processes, shift)


def check_live(head, live, processes, shift):
    """Of one stream at a time: the most that was live in each column."""
    totals = [[0] * head["columns"], [0] * head["columns"]]
    for process, start in zip(processes, shift):
        now, at = [0, 0], start // head["column_ns"]
        best, sizes = [0, 0], {}
        end = (END * TICK + start) // head["column_ns"]
        for row in sorted(process["alloc"], key=lambda r: r["t"]) + [None]:
            to = (row["t"] * TICK + start) // head["column_ns"] if row \
                else end + 1
            while at < min(to, head["columns"]):
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
        checks.equal(live[what]["values"], totals[what], live[what]["what"])


def check_moment():
    """Nothing behind the moment."""
    path, processes = build("all.pmt", ("call", "sample", "heap", "gc"))
    until = END // 3 * TICK
    head, *lines = plot(path + "@%dns" % until)
    got = {l["name"]: l for l in lines if l["row"] == "memory"}
    for name, values in gauges_of(processes[0]).items():
        values = [(ns, v) for ns, v in values if ns <= until]
        checks.equal(got[name]["most"] if name in got else 0,
                     max(v for _, v in values), name)
    pauses = [l for l in lines if l["row"] == "gc"][0]
    checks.equal(pauses["collections"],
                 sum(r["op"] == "stop" and r["t"] * TICK <= until
                     for r in processes[0]["gc"]), "collections")


def check_sampled():
    """Live figures of samples are scaled."""
    path, processes = build("sampled.pmt", ("alloc",),
                            hooks=["alloc:sampled:4096"])
    head, *lines = plot(path)
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
    for what, key in ((0, "bytes"), (1, "count")):
        most = max(t[what] for t in total)
        line = [l for l in lines if l["row"] == "live" and
                l["what"] == key][0]
        checks.true(abs(line["most"] - most) <= 1 + len(live) + most * 1e-4,
                    (key, line["most"], most))
        checks.true(abs(max(line["values"]) - most) <= 2 + len(live),
                    (key, max(line["values"]), most))
    text = kit.run("plot", "--script", "--format", "svg", path).out.decode()
    checks.true("estimates from samples of 4.0 KiB" in text, "subtitle")


def size_of(png):
    return struct.unpack(">II", png[16:24])


def check_pictures():
    """Each kind alone, and all: a panel for what there is and no other."""
    panels = {"alloc": 2, "call": 1, "sample": 1, "heap": 1, "gc": 1}
    for kinds in (["alloc"], ["call"], ["sample"], ["heap"], ["gc"],
                  ["heap", "gc"], list(panels)):
        path, _ = build("some.pmt", kinds)
        done = kit.run("plot", "-f", "-o", "some.png", path)
        checks.equal((done.status, done.err), (0, ""), done)
        checks.equal(size_of(kit.read("some.png")), (1200, 800), kinds)
        script = kit.run("plot", "--script", path).out.decode()
        memory = any(k in kinds for k in ("call", "sample", "heap"))
        want = 2 * ("alloc" in kinds) + memory + ("gc" in kinds)
        checks.equal(script.count("\nset yrange "), want, kinds)
        checks.equal("process, MiB" in script, memory, kinds)
    done = kit.run("plot", "--what", "memory", "-f", "-o", "m.svg", path)
    checks.equal((done.status, done.err), (0, ""), done)
    picture = xml.dom.minidom.parseString(kit.read("m.svg"))
    texts = [node.firstChild.data for node in
             picture.getElementsByTagName("text") if node.firstChild]
    for text in ("RSS", "live blocks", "half",
                 "some.pmt: memory of the process"):
        checks.true(text in texts, (text, texts))
    for what, rest in (("count", 0), ("memory,gc", 2), ("both,gc", 3)):
        script = kit.run("plot", "--script", "--what", what, path)
        checks.equal(script.out.decode().count("\nset yrange "),
                     rest or 1, what)


for width in (300, 1000):
    check_data(width)
check_moment()
check_sampled()
check_pictures()
checks.finish()
