"""A small trace for each kind of chart, the same bytes every time: made by
spec/generator, of a process that is thought up."""

import math

TICK = 1000000      # ns: ticks are milliseconds
END = 10000
START = 1700000000 * 10 ** 9


def begin(g, seed=1, pid=41, argv=("/usr/bin/python3", "app.py"), more=None):
    trace = g.Trace()
    stream = g.Stream(trace, seed, tick_ns=TICK, rss_unit=4096)
    stream.open(process={"pid": pid, "argv": list(argv), "host": "box"},
                start=(0, START, 0), more=more)
    stream.string({1: "app.py", 2: "main", 3: "load", 4: "cache_put",
                   5: "/srv/lib/python3/json/decoder.py", 6: "raw_decode",
                   7: "dict", 8: "Request"})
    stream.code((1, 1, 2, 1), (2, 1, 3, 20), (3, 1, 4, 40), (4, 5, 6, 300))
    stream.stack((1, 0, 1, 7), (2, 1, 2, 22), (3, 1, 3, 41), (4, 2, 4, 355))
    stream.type((1, 7, 64, 8), (2, 8, 48, 0))
    return trace, stream


def finish(trace, stream):
    stream.mark([{"t": 2500, "text": "warm"}, {"t": 7000, "text": "reload"}])
    stream.end(t=END)
    trace.index()
    return bytes(trace.data)


def blocks(stream, leak=True):
    """load's come and go, cache_put's stay, raw_decode's live for long."""
    rows, address = [], 4096
    for t in range(0, END - 100, 20):
        address += 65536
        kind = t // 20 % 4
        size = (100 + t % 700, 3000, 40000, 500 << t % 9)[kind]
        rows.append((t, {"t": t, "op": "malloc", "address": address,
                         "size": size, "stack": kind + 1, "domain": "obj"}))
        life = (30, None if leak else 400, 90, 2500)[kind]
        if life and t + life < END:
            rows.append((t + life, {"t": t + life, "op": "free", "size": 0,
                                    "stack": 0, "address": address,
                                    "domain": "obj"}))
    rows = [row for _, row in sorted(rows, key=lambda pair: pair[0])]
    for at in range(0, len(rows), 250):
        stream.alloc(rows[at:at + 250])


def samples(stream):
    figures = [["rss", "B", 0], ["cpu_user", "ns", 1], ["cpu_system", "ns", 1],
               ["minor_faults", "", 1], ["major_faults", "", 1]]
    stream.sample(figures, [
        {"t": t, "values": {"rss": (30 << 20) + t * 1500 +
                            int(4e6 * math.sin(t / 700)) // 4096 * 4096,
                            "cpu_user": t * 600000, "cpu_system": t * 90000,
                            "minor_faults": t * 2, "major_faults": t // 900}}
        for t in range(0, END, 100)])


def pauses(stream):
    rows = []
    for t in range(300, END - 100, 700):
        rows += [{"t": t, "op": "start", "generation": 2, "duration_ns": 0},
                 {"t": t + 9, "op": "stop", "generation": 2,
                  "duration_ns": 1000 * t}]
    stream.gc(rows)


def live(g, leak=True):
    trace, stream = begin(g)
    blocks(stream, leak)
    return finish(trace, stream)


def rss(g):
    trace, stream = begin(g)
    blocks(stream)
    samples(stream)
    pauses(stream)
    return finish(trace, stream)


def heap(g):
    parts = ["allocated_blocks", "available_blocks", "unused_pools",
             "pool_headers", "quantization", "arena_alignment"]
    figures = [["pymalloc.bytes." + part, "B", 0] for part in parts]
    figures += [["pymalloc.class.%d.blocks_%s" % (16 * n, what), "blocks", 0]
                for n in range(1, 33) for what in ("in_use", "available")]
    trace, stream = begin(g)
    stream.heap(figures, [
        {"t": t, "values": {f[0]: (90 - i) * (t + 500) * (1 + i % 3) >> (i > 5) * 12
                            for i, f in enumerate(figures)}}
        for t in range(0, END, 250)])
    return finish(trace, stream)


def tree(g):
    trace, stream = begin(g)
    stream.process([{"t": 1, "op": "found", "pid": 100 + i, "ppid": 41,
                     "argv": ["/usr/bin/" + name]}
                    for i, name in enumerate(("make", "cc1", "as"))])
    stream.sample([["rss", "B", 0], ["cpu_user", "ns", 1]], [
        {"t": t + i, "pid": 100 + i,
         "values": {"rss": (8 + 9 * i << 20) + 800 * t * i,
                    "cpu_user": t * 100000 * (i + 1)}}
        for t in range(10, END, 200) for i in range(3)])
    return finish(trace, stream)


def flow(g):
    trace, stream = begin(g)
    stream.class_(*[(4 * i + k, 10, k, i, 0, 0)
                    for i in (1, 2, 3, 4) for k in (0, 1)])
    rows, resident, t = [], 9000, 0
    while t < END - 200:
        for i in (2, 4, 4, 3, 3, 2):
            t += 15
            entry = (t // 15) % 2
            resident += (i * i * (t // 1000 + 1) % 90) * entry
            rows.append({"t": t, "class": 4 * i + (0 if entry else 1),
                         "rss": resident, "rss_read": 1})
    stream.call(rows)
    return finish(trace, stream)


# Of each chart what makes its traces, and the options it is drawn with.
CHARTS = {
    "live": ([live], []),
    "rss": ([rss], ["--wall"]),
    "rate": ([live], []),
    "sizes": ([live], []),
    "ages": ([live], []),
    "growth": ([live], []),
    "tree": ([tree], []),
    "heap": ([heap], []),
    "diff": ([lambda g: live(g, False), live], []),
    "flow": ([flow], []),
}
