#!/usr/bin/env python3
"""pmt live on sampled allocations: its estimates are those of the rule in the
specification (8.1), computed here from the same sample; and their limits
hold the truth as often as they say, are nearly those of a normal distribution
where there are many samples, and never below what was seen."""

import collections
import math
import random
import re

import kit

checks = kit.Checks()
kit.scratch()
g = kit.generator()

SITES = 5
SAMPLE = 4096


def chance(size, every):
    return 1 - math.exp(-max(size, 1) / every)


class Truth:
    """What a program did, and what of it is recorded."""

    def __init__(self, seed, every, count=6000, smallest=0):
        self.smallest = smallest
        self.rng = random.Random(seed)
        self.every, self.live, self.rows, self.t = every, {}, [], 0
        self.created = self.created_bytes = self.peak = self.now = 0
        for i in range(count):
            self.malloc(0x10000 + 65536 * i)
            if self.rng.random() < 0.4:
                self.free(self.rng.choice(list(self.live)[-50:]))

    def malloc(self, address):
        kind = self.rng.random()
        size = (self.rng.randrange(self.smallest, 512) if kind < 0.7 else
                self.rng.randrange(512, 9000) if kind < 0.97 else
                self.rng.randrange(9000, 60000))
        site = 1 + min(self.rng.randrange(SITES), self.rng.randrange(SITES))
        seen = (not self.every or
                self.rng.random() < chance(size, self.every))
        self.live[address] = (size, site, seen)
        self.created += 1
        self.created_bytes += size
        if seen:
            self.row("malloc", address, size, site)

    def free(self, address):
        if self.live.pop(address)[2]:
            self.row("free", address, 0, 0)

    def row(self, op, address, size, site):
        self.t += 3
        self.rows.append({"t": self.t, "op": op, "address": address,
                          "size": size, "stack": site, "domain": "obj",
                          "thread": 0})

    def by_site(self):
        """{site: (blocks, bytes)}; site 0: all."""
        found = collections.Counter()
        for size, site, _ in self.live.values():
            for key in (0, site):
                found[key, "count"] += 1
                found[key, "bytes"] += size
        return found

    def estimates(self):
        """The same of the sample: estimates and variances."""
        found = collections.Counter()
        for size, site, seen in self.live.values():
            if not seen:
                continue
            p = chance(size, self.every) if self.every else 1
            for key in (0, site):
                found[key, "count"] += 1 / p
                found[key, "bytes"] += size / p
                found[key, "count_var"] += (1 - p) / p ** 2
                found[key, "bytes_var"] += size ** 2 * (1 - p) / p ** 2
                found[key, "samples"] += bool(self.every)
                found[key, "count_seen"] += 1
                found[key, "bytes_seen"] += size
                found[key, "every"] = self.every
        return found


def add(trace, truth, seed):
    stream = g.Stream(trace, seed)
    hooks = ["alloc:obj", "stack:1"]
    if truth.every:
        hooks.append("alloc:sampled:%d" % truth.every)
    stream.open(more={"hooks": hooks})
    stream.string(dict(enumerate(["app.py"] + ["f%d" % i for i in
                                               range(1, SITES + 1)], 1)))
    stream.code(*[(i, 1, 1 + i, 10 * i) for i in range(1, SITES + 1)])
    stream.stack(*[(i, 0, i, 10 * i) for i in range(1, SITES + 1)])
    stream.alloc(truth.rows)
    stream.end(t=truth.t)


def trace_of(*truths):
    trace = g.Trace()
    for seed, truth in enumerate(truths, 1):
        add(trace, truth, seed)
    trace.index()
    return kit.write("sampled.pmt", bytes(trace.data))


def rows_of(path, *options):
    done = kit.run("live", "--json", "--top", "1000", *options, path)
    checks.equal((done.status, done.err), (0, ""), done)
    return done.json()


def near(got, want, what):
    """The program counts parts of blocks in 1/65536, bytes in whole ones."""
    checks.true(abs(got - want) <= 2 + want * 1e-4, "%s: %s, expected %s"
                % (what, got, want))


def check_limits(name, row, want, site):
    """A normal distribution has 1 of 40 behind 1.96 deviations and 1 of 700
    behind 3; with few samples the limits lie further out."""
    for what in ("count", "bytes"):
        low, high = row[what + "_low"], row[what + "_high"]
        text = "%s, site %d: %s %d to %d" % (name, site, what, low, high)
        seen = want[site, what + "_seen"]
        checks.true(seen <= low <= row[what] <= high, text)
        half = math.sqrt(want[site, what + "_var"])
        if what == "bytes" and want[site, "samples"] >= 100:
            below, above = row[what] - low, high - row[what]
            checks.true(below <= 3.2 * half + 1 and
                        below >= min(1.96 * half, 0.99 * (row[what] - seen))
                        - 1, text + ", deviation %d" % half)
            checks.true(1.96 * half <= above <= 4 * half + 1 + 6 *
                        want[site, "every"], text + ", deviation %d" % half)


def check_numbers(name, rows, want):
    """`want`: estimates() of one or several streams, added up."""
    head = rows[0]
    checks.equal(head["estimated"], True, name)
    checks.equal(head["samples"], want[0, "samples"], name + ": samples")
    sites = {0: head}
    sites.update((row["line"] // 10, row) for row in rows[1:])
    checks.equal(sorted(sites), sorted({key[0] for key in want}), name)
    for site, row in sites.items():
        for key in ("count", "bytes"):
            near(row[key], want[site, key], "%s, site %d: %s"
                 % (name, site, key))
        check_limits(name, row, want, site)
        checks.equal(row["estimated"], want[site, "samples"] > 0, name)


def sum_of(estimates):
    found = collections.Counter()
    for one in estimates:
        found.update(one) # a Counter's adds
    return found


def check_rule():
    for seed, every in ((1, SAMPLE), (2, 512 << 10), (3, 64), (4, 1)):
        truth = Truth(seed, every)
        rows = rows_of(trace_of(truth))
        check_numbers("N %d" % every, rows, truth.estimates())
        checks.equal(rows[0]["sample_bytes"], every, "sample_bytes")
    # Streams that are sampled at different rates, and not at all.
    truths = [Truth(5, SAMPLE), Truth(6, 0, 500), Truth(7, 512)]
    rows = rows_of(trace_of(*truths))
    check_numbers("three streams", rows,
                  sum_of([truth.estimates() for truth in truths]))
    # Nothing of it in a trace that is not sampled.
    truth = Truth(8, 0, 500)
    rows = rows_of(trace_of(truth))
    checks.equal(rows[0]["estimated"], False, "not sampled")
    checks.true(not any(key in row for row in rows for key in
                        ("samples", "count_low", "count_high", "bytes_low",
                         "bytes_high", "unseen_high")), rows[0])
    checks.equal((rows[0]["count"], rows[0]["bytes"]),
                 (truth.by_site()[0, "count"], truth.by_site()[0, "bytes"]),
                 "not sampled")


def check_coverage():
    """Of 100 runs of one program at least 95 have the truth within each two
    limits. Blocks are no smaller than Python's objects are: of one of a byte
    in so many bytes a sample says nearly nothing. What is not shown has no
    more than it may have."""
    held, whole = collections.Counter(), []
    for seed in range(100, 200):
        truth = Truth(seed, SAMPLE, 3000, 28)
        rows, fact = rows_of(trace_of(truth)), truth.by_site()
        sites = {0: rows[0]}
        sites.update((row["line"] // 10, row) for row in rows[1:])
        for site in range(SITES + 1):
            for key in ("count", "bytes"):
                if site in sites:
                    held[site, key] += (
                        sites[site][key + "_low"] <= fact[site, key]
                        <= sites[site][key + "_high"])
                else:
                    held[site, key] += (key == "count" or fact[site, key]
                                        <= rows[0]["unseen_high"])
        whole.append((rows[0]["created"] / truth.created,
                      rows[0]["created_bytes"] / truth.created_bytes))
    for key, count in sorted(held.items()):
        checks.true(count >= 95, "%s in %d of 100 intervals" % (key, count))
    for i, what in enumerate(("created", "created_bytes")):
        mean = sum(one[i] for one in whole) / len(whole)
        checks.true(abs(mean - 1) < 0.02, "%s: mean %.3f" % (what, mean))
    print("truth in intervals of 100 runs:", dict(held))


def check_text():
    truth = Truth(9, SAMPLE)
    path = trace_of(truth)
    text = kit.run("live", path).text()
    lines = text.splitlines()
    legend = re.findall(r'label "([^"]* in [^"]*)" at screen .* right ',
                        kit.run("plot", "--script", "-", path).text())
    checks.true(legend and all(entry.count("\\176") == 2 for entry in legend),
                "legend of the plot: %s" % legend)
    checks.true(lines[0].startswith("sampled.pmt: ~"), text)
    samples = sum(seen for _, _, seen in truth.live.values())
    checks.true(lines[1].startswith(
        "  ~ estimates from samples of 4.0 KiB: {:,} sampled blocks live; "
        "95% sure of ".format(samples)), text)
    checks.true(".." in lines[1].split(" sure of ")[1], text)
    checks.equal(lines[2], "  a site of which nothing was sampled has at most "
                 "21.2 KiB", text)
    checks.true(lines[3].startswith("  ~"), text)
    head = [line for line in lines if " share " in line]
    checks.true(len(head) == 1 and "95% range" in head[0], text)
    for line in lines[lines.index(head[0]) + 1:]:
        checks.equal((line.count("~"), line.count("..")), (3, 1), line)


check_rule()
check_coverage()
check_text()
checks.finish()
