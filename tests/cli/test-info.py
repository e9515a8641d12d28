#!/usr/bin/env python3
"""pmt info: what it counts equals what the lines of each vector hold."""

import collections
import json
import os

import kit

checks = kit.Checks()
kit.scratch()


def expected(lines):
    """Streams in file order: what the lines of a vector say of each."""
    streams, order, parts = {}, [], kit.Parts()
    for line in lines:
        if "stream" not in line:
            continue
        if parts.begins(line) or line["stream"] not in streams:
            streams[line["stream"]] = {
                "stream": line["stream"], "records": collections.Counter(),
                "lost": collections.Counter(), "times": [], "headers": [],
                "end": None}
            order.append(streams[line["stream"]])
        stream = streams[line["stream"]]
        if line["kind"] == "stream":
            stream["headers"].append(line)
        if line["kind"] in kit.RECORDS + kit.TABLES + ["anchor"]:
            stream["records"][line["kind"]] += 1
        if line["kind"] in kit.RECORDS:
            stream["times"].append(line["time_ns"])
        if line["kind"] == "loss" and line["events"]:
            stream["lost"][line["cause"]] += line["events"]
        if line["kind"] == "end":
            stream["end"] = line
    return order


def check_stream(name, got, want):
    records = {kind: row["records"] for kind, row in got["kinds"].items()
               if kind in kit.RECORDS + kit.TABLES + ["anchor"]
               and row["records"]}
    checks.equal(records, dict(want["records"]), name + ": records by kind")
    checks.equal(got["records"], sum(want["records"][kind]
                                     for kind in kit.RECORDS),
                 name + ": records")
    ticks = {header["tick_ns"] for header in want["headers"]}
    if name in ("valid/part-behind-chunks", "valid/part-of-another-header"):
        ticks.add(0)        # parts of another tick: the last one counts
    if want["times"] and len(ticks) <= 1:
        checks.true(got["first_ns"] <= min(want["times"]) and
                    got["last_ns"] >= max(want["times"]), name + ": span")
    headers = want["headers"]
    if headers:
        for key in ("uuid", "pid", "argv", "python", "host", "tick_ns",
                    "settings", "producer", "session", "parent"):
            value = headers[-1][key]
            if value is not None:
                checks.equal(got.get(key), value, name + ": " + key)
        before = headers[0]["before"]
        let_go = 0 if not headers[0]["part"] else None
        if before is not None:
            let_go = sum(n for kind, n in before.items() if kind != "live")
        checks.equal((got["part_first"], got["part_last"], got["let_go"]),
                     (headers[0]["part"], headers[-1]["part"], let_go),
                     name + ": parts")
    checks.equal(got["parts"], len(headers), name + ": parts")
    state = "incomplete"
    if want["end"]:
        state = "complete" if want["end"]["clean"] else \
            "dump" if want["end"].get("dump") else "recovered"
    checks.equal(got["state"], state, name + ": state")
    lost = {str(cause) if not isinstance(cause, int) else "other": events
            for cause, events in want["lost"].items()}
    checks.equal(got["lost_by_cause"], lost, name + ": loss")


WHAT = {
    10: "call return c_call c_return c_exception resume yield unwind "
        "throw".split(),
    11: "line call return exception opcode".split()}


class Details:
    """What the lines of a stream say, as `info --all` counts it."""

    def __init__(self):
        self.by = collections.defaultdict(collections.Counter)
        self.filtered = collections.Counter()
        self.functions = collections.defaultdict(set)
        self.threads = collections.defaultdict(collections.Counter)
        self.figures, self.snapshots, self.gc, self.rss = {}, [], {}, []
        self.rss_reads, self.sampled = 0, {}
        self.tables = {}

    def event(self, line):
        kind = line["kind"]
        self.filtered[kind] += line.get("gap", 0)
        self.threads[kind][line.get("thread", 0)] += 1
        if line.get("rss"):
            self.rss.append((line["time_ns"], line["rss"]))
            self.rss_reads += line.get("rss_read", 0) != 0
        what = line.get("op")
        if kind == "alloc":
            what = "%s:%s" % (line["domain"], what)
        if kind in ("call", "line"):
            class_ = self.tables.get(("class", line["class"]))
            if not class_:
                self.by[kind]["unknown"] += 1
                return
            names = WHAT.get(class_["of"], [])
            what = names[class_["what"]] if class_["what"] < len(names) \
                else str(class_["what"])
            stack = self.tables.get(("stack", class_["stack"]))
            if stack and stack["code"]:
                self.functions[kind].add(stack["code"])
        self.by[kind][what] += 1

    def take(self, line, number):
        kind = line["kind"]
        if kind in kit.TABLES:
            self.tables.setdefault((kind, line["id"]), line)
        elif kind in ("call", "line", "object", "alloc"):
            self.event(line)
        elif kind == "sample" and line.get("pid"):
            row = self.sampled.setdefault(line["pid"], [0, {}])
            row[0] += 1
            for name, value in line["values"].items():
                row[1].setdefault(name, []).append(value)
        elif kind in ("sample", "heap"):
            for name, value in line["values"].items():
                self.figures.setdefault((kind, name), []).append(value)
        elif kind == "gc" and line["op"] == "stop":
            sums = self.gc.setdefault(min(line["generation"], 3), [0] * 4)
            for i, value in enumerate((1, line["collected"],
                                       line["uncollectable"],
                                       line["duration_ns"])):
                sums[i] += value
        elif kind == "snapshot":
            key = (line["name"], line["time_ns"])
            if not self.snapshots or self.snapshots[-1]["key"] != key:
                number[0] += 1
                self.snapshots.append({"key": key, "number": number[0],
                                       "rows": 0, "blocks": 0, "bytes": 0})
            last = self.snapshots[-1]
            last["rows"] += 1
            last["blocks"] += line["blocks"]
            last["bytes"] += line["size"]


def check_details(name, lines, got):
    """`got`: the streams of `info --all --json`."""
    want, number, parts = {}, [0], kit.Parts()
    for line in lines:
        if line.get("stream"):
            if parts.begins(line):
                want[line["stream"]] = Details()
            want.setdefault(line["stream"], Details()).take(line, number)
    for stream in got:
        details = want[stream["stream"]]
        events = stream["events"]
        checks.equal({kind: {**row["by"], **(
            {"unknown": row["unknown"]} if row.get("unknown") else {})}
            for kind, row in events.items()},
            {kind: dict(by) for kind, by in details.by.items()},
            name + ": by what")
        for kind, row in events.items():
            checks.equal(row["filtered"], details.filtered[kind] % 2 ** 64,
                         name + ": filtered")
            checks.equal(sorted(t["records"] for t in row["threads"]),
                         sorted(details.threads[kind].values()),
                         name + ": threads")
            if "functions" in row:
                checks.equal(row["functions"], len(details.functions[kind]),
                             name + ": functions")
        if details.rss:
            values = [value for _, value in details.rss]
            checks.equal({k: stream["rss"][k] for k in
                          ("records", "min", "max", "read", "first")},
                         {"records": len(values), "min": min(values),
                          "max": max(values), "read": details.rss_reads,
                          "first": min(details.rss)[1]}, name + ": rss")
        checks.equal([(f["kind"], f["name"], f["records"], f["first"],
                       f["last"], f["min"], f["max"])
                      for f in stream["figures"]],
                     [(kind, figure, len(v), v[0], v[-1], min(v), max(v))
                      for (kind, figure), v in details.figures.items()],
                     name + ": figures")
        check_sampled(name, stream["processes"], details.sampled)
        checks.equal([(g["generation"], g["collections"], g["collected"],
                       g["uncollectable"], g["duration_ns"])
                      for g in stream["gc"]],
                     [(g, *sums) for g, sums in sorted(details.gc.items())],
                     name + ": gc")
        checks.equal([(s["name"], s["time_ns"], s["number"], s["rows"],
                       s["blocks"], s["bytes"]) for s in stream["snapshots"]],
                     [(*s["key"], s["number"], s["rows"],
                       s["blocks"] % 2 ** 64, s["bytes"] % 2 ** 64)
                      for s in details.snapshots], name + ": snapshots")


def check_sampled(name, got, want):
    """By pid; whose they are where a pid is used again is for
    test-sampled."""
    found = {}
    for process in got:
        row = found.setdefault(process["pid"], [0, {}])
        row[0] += process["samples"]
        for f in process["figures"]:
            low, high = row[1].get(f["name"], (f["min"], f["max"]))
            row[1][f["name"]] = min(low, f["min"]), max(high, f["max"])
    checks.equal({pid: row for pid, row in found.items() if row[0]},
                 {pid: [n, {k: (min(v), max(v)) for k, v in figures.items()}]
                  for pid, (n, figures) in want.items()},
                 name + ": processes")


def check_vector(vector, lines):
    want = expected(lines)
    done = kit.run("info", "--json", vector.path)
    checks.equal(done.status, vector.expect["exit"], done)
    got = done.json()[0]
    checks.equal(got["bytes"], len(vector.data()), vector.name)
    checks.equal([s["stream"] for s in got["streams"]],
                 [s["stream"] for s in want], vector.name + ": streams")
    for a, b in zip(got["streams"], want):
        check_stream(vector.name, a, b)
    walked = kit.run("info", "--json", "-", data=vector.data()).json()[0]
    checks.true(not walked["index"] and walked["file"] == "standard input",
                walked["file"])
    if vector.name == "valid/loss-and-gap":
        # Its numbers pass 2^32; an index has the low 32 bits of them.
        for stream in walked["streams"] + got["streams"]:
            checks.true(stream.pop("chunks_missing") > 0, "a gap")
    checks.equal(walked["streams"], got["streams"],
                 vector.name + ": index and walk")
    if vector.name not in UNLIKE_DETAILS:
        every = kit.run("info", "--all", "--json", vector.path)
        checks.equal(every.status, vector.expect["exit"], every)
        check_details(vector.name, lines, every.json()[0]["streams"])
        walk = kit.run("info", "--all", "--json", "-", data=vector.data())
        check_details(vector.name, lines, walk.json()[0]["streams"])
    text = kit.run("info", vector.path)
    checks.equal(text.status, done.status, text)
    for stream in got["streams"]:
        checks.true(all(kind in text.text() for kind in stream["kinds"]),
                    text)
    return got["index"]


# Vectors in which unreadable or repeated chunks make the lines and the labels
# count differently, and such that are not wholly valid.
UNLIKE = {"unknown-codec-must", "features-unknown", "between-chunks",
          "refused-stream", "refused-and-sound"}


# A stream that starts again; a snapshot of nothing has no line; numbers of
# whats that are no name.
UNLIKE_DETAILS = {"valid/same-file-twice", "valid/count-0", "valid/ids"}


def check_index_alone():
    """With an index nothing else is read: damage in records goes unseen,
    and a chunk is not counted twice."""
    vector = [v for v in kit.common.vectors("valid")
              if v.name == "valid/every-kind"][0]
    data = bytearray(vector.data())
    before = kit.run("info", "--json", vector.path).json()[0]
    checks.true(before["index"], "every-kind has an index")
    at = data.rindex(b"\x5b\x2a\x4d\x18")
    position = 0
    while position < at:        # the frame of the first alloc chunk
        label = data[position + 8:position + 72]
        size = int.from_bytes(label[44:48], "little")
        if label[:4] == b"PMTL" and label[6] == 13:
            data[position + 72 + size // 2] ^= 0xFF
            break
        position += 72 + size
    path = kit.write("damaged.pmt", bytes(data))
    after = kit.run("info", "--json", path)
    checks.equal(after.status, 0, after)
    checks.equal(after.json()[0]["streams"], before["streams"], "index alone")
    checks.equal(kit.run("check", path).status, 1, "and check sees it")
    # A damaged index: the labels are used, and the damage is said.
    data = bytearray(vector.data())
    data[-40] ^= 1
    path = kit.write("bad-index.pmt", bytes(data))
    done = kit.run("info", "--json", path)
    got = done.json()[0]
    checks.true(done.status == 1 and "corrupt at byte" in done.err, done)
    checks.true(not got["index"] and got["corrupt"] == 1, done)
    checks.equal(got["streams"], before["streams"], "labels alone")


def check_cut():
    vector = [v for v in kit.common.vectors("valid")
              if v.name == "valid/every-kind"][0]
    data = vector.data()
    path = kit.write("cut.pmt", data[:len(data) // 2])
    for strict, status in (([], 0), (["--strict"], 2)):
        done = kit.run("info", "--json", *strict, path)
        checks.true(done.status == status and "truncated at byte" in done.err,
                    done)
        got = done.json()[0]
        checks.true(got["truncated"] and not got["corrupt"], done)
        checks.equal(got["streams"][0]["state"], "incomplete", done)
    done = kit.run("info", vector.path, "no-such-file", path)
    checks.equal(done.status, 2, done)
    checks.equal(len([line for line in done.lines()
                      if line.startswith("stream ")]), 2, done)
    with open("/dev/full", "wb") as full:
        done = kit.run("info", vector.path, stdout=full)
    checks.true(done.status == 2 and "No space left" in done.err, done)


def check_settings():
    """All of them in a few lines, but those that hold nothing."""
    given = {"setting%d" % i: "x" * i for i in range(40)}
    given.update(max_size="268435456", sample_bytes="524288", dump_rss="0",
                 min_block="1025", max_block="1e3", rss_trigger="1610612736",
                 segments="1024")
    shown = dict(given, max_size="256M", sample_bytes="512K",
                 rss_trigger="1536M")

    def build(m):
        trace = m.Trace()
        stream = m.Stream(trace)
        stream.open(more={"settings": given})
        stream.end()
        return trace
    path = kit.write("settings.pmt", kit.make(build)[0])
    done = kit.run("info", path)
    lines = done.lines()
    first = [i for i, line in enumerate(lines) if "  settings " in line]
    checks.equal(len(first), 1, done)
    rows = [lines[first[0]]]
    for line in lines[first[0] + 1:]:
        if not line.startswith(" " * 13):
            break
        rows.append(line)
    checks.equal(sorted(word for row in rows for word in row[13:].split()),
                 sorted("%s=%s" % pair for pair in shown.items()
                        if pair[1]), "settings")
    checks.true(max(map(len, rows)) <= 79 and len(rows) < 30, rows)
    checks.equal(kit.run("info", "--json", path).json()[0]["streams"][0]
                 ["settings"], given, "settings in JSON")


def check_folder():
    """A folder is every trace in it, by name; with -r of those below too."""
    vector = [v for v in kit.common.vectors("valid") if v.text is not None][0]
    os.makedirs("folder/below")
    names = ["folder/a.pmt", "folder/b.pmt", "folder/below/c.pmt"]
    for name in names:
        kit.write(name, vector.data())
    kit.write("folder/other.txt", b"no trace")
    for options, want in (([], names[:2]), (["-r"], names)):
        done = kit.run("info", "--json", *options, "folder")
        checks.equal((done.status, done.err, done.out),
                     (0, "", kit.run("info", "--json", *want).out), options)
    done = kit.run("info", "folder/below", "folder/none")
    checks.true(done.status == 2 and "folder/none" in done.err, done)


def main():
    indexed = 0
    for vector in kit.common.vectors("valid"):
        name = vector.name.split("/")[1]
        if vector.text is None or name in UNLIKE:
            continue
        lines = [json.loads(line) for line in vector.text.splitlines()]
        indexed += check_vector(vector, lines)
    checks.true(indexed > 3, "%d vectors have an index" % indexed)
    check_index_alone()
    check_cut()
    check_settings()
    check_folder()
    checks.finish()


main()
