"""Traces of processes that were sampled, made from rows by spec/generator, and
what must be found in them."""

import random

import kit

g = kit.generator()

TICK = 1000           # ns
S = 1000000           # ticks
FIGURES = [["rss", "bytes", 0], ["vms", "bytes", 0],
           ["minor_faults", "count", 1], ["cpu_user", "ns", 1],
           ["cpu_system", "ns", 1], ["threads", "count", 0],
           ["nice", "count", 0], ["state", "state", 0]]
OWN = [["rss", "bytes", 0], ["late", "ns", 0]]


class Process:
    """One that lives from `begin` to `end` (ticks; None: still) with a
    resident set and use of processor time as functions of its age."""

    def __init__(self, pid, ppid, argv, begin, end=None, found=False,
                 status=0, vanishes=False, rss=None, user=0.5, system=0.1):
        self.pid, self.ppid, self.argv = pid, ppid, argv
        self.begin, self.end, self.found = begin, end, found
        self.status, self.vanishes = status, vanishes
        self.rss = rss or (lambda age: 10 << 20)
        self.user, self.system = user, system
        self.rows = []

    def lives(self, t):
        return self.begin <= t and (self.end is None or t < self.end)

    def sample(self, t):
        age = t - self.begin
        ns = age * TICK
        row = {"t": t, "pid": self.pid, "values": {
            "rss": self.rss(age) // 4096 * 4096, "vms": 1 << 34,
            "minor_faults": age // 1000, "cpu_user": int(ns * self.user),
            "cpu_system": int(ns * self.system), "threads": 3,
            "nice": (self.pid + age) % 40 - 20,
            "state": ord("RSD"[(self.pid + age) % 3])}}
        self.rows.append(row)
        return row

    def records(self):
        first = {"t": self.begin, "op": "found" if self.found else "started",
                 "how": "look" if self.found else "event", "pid": self.pid,
                 "ppid": self.ppid, "started_ns": 10 ** 9 + self.begin * TICK,
                 "argv": self.argv, "executable": "/usr/bin/" + self.argv[0]}
        if self.end is None:
            return [first]
        return [first, {"t": self.end,
                        "op": "vanished" if self.vanishes else "exited",
                        "how": "look" if self.vanishes else "wait",
                        "pid": self.pid, "status": self.status}]


def write(name, processes, every, span, marks=(), chunk=500, key=7,
          real=10 ** 18, end=True, more=()):
    """A trace by a sampler that looks every `every` ticks; chunks of both
    kinds lie side by side, as a sampler writes them."""
    trace = g.Trace()
    stream = g.Stream(trace, key, tick_ns=TICK)
    stream.open(process={"pid": 99, "argv": ["pmt", "sample"]},
                start=(5, real, 0),
                more=dict({"hooks": ["sample", "sample:tree"]}, **dict(more)))
    ticks = range(0, span, every)
    own = [{"t": t, "values": {"rss": 3 << 20, "late": 5000 + t % 7}}
           for t in ticks]
    samples = [p.sample(t) for t in ticks for p in processes if p.lives(t)]
    records = sorted((r for p in processes for r in p.records()
                      if r["t"] <= span), key=lambda r: r["t"])
    while samples or records:
        until = samples[min(chunk, len(samples)) - 1]["t"] if samples \
            else span
        now = [r for r in samples if r["t"] <= until]
        samples = samples[len(now):]
        if now:
            stream.sample(FIGURES, now)
        now = [r for r in records if r["t"] <= until or not samples]
        records = records[len(now):]
        if now:
            stream.process(now)
    stream.sample(OWN, own)
    if marks:
        stream.mark([{"t": t, "text": text} for t, text in marks])
    if end:
        stream.end(t=span)
    trace.index()
    return kit.write(name, bytes(trace.data))


def tree(seconds=60, workers=400, seed=3):
    """A pool that starts and ends workers all the time, and two services."""
    rng = random.Random(seed)
    mb = 1 << 20
    found = [
        Process(100, 1, ["python3", "pool.py"], 0, found=True,
                rss=lambda age: 40 * mb + age * 10, user=0.2),
        Process(101, 100, ["python3", "-m", "service", "--port", "8000"], 0,
                found=True, rss=lambda age: 120 * mb + (age // S % 7) * 9 * mb,
                user=0.7, system=0.2),
        Process(102, 100, ["redis-server"], 0, found=True,
                end=seconds * S * 3 // 4, status=256 + 9,
                rss=lambda age: 30 * mb + age * 2, user=0.05),
    ]
    for i in range(workers):
        begin = rng.randrange(seconds * S)
        life = int(rng.expovariate(1 / (1.5 * S))) + S // 100
        size = rng.randrange(8, 24) * mb
        if i == workers // 2:
            begin, life, size = seconds * S // 2, 6 * S, 300 * mb
        end = begin + life
        found.append(Process(
            1000 + i % 97, 100, ["python3", "worker.py", str(i)], begin,
            end if end < seconds * S else None, status=1 + (i % 5 == 0),
            vanishes=i % 11 == 0,
            rss=lambda age, size=size, life=life: min(size,
                                                      size * 3 * age // life),
            user=0.9 * rng.random()))
    # A pid is one process at a time.
    used, kept = {}, []
    for p in sorted(found, key=lambda p: p.begin):
        if used.get(p.pid, -1) < p.begin:
            kept.append(p)
            used[p.pid] = p.end if p.end is not None else seconds * S * 2
    return kept
