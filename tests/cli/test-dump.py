#!/usr/bin/env python3
"""pmt dump: filters and text, against the lines that each vector must print.

That --json prints those lines is test-spec-vectors.py's.
"""

import json
import re
import subprocess

import kit

checks = kit.Checks()
kit.scratch()


def header(line):
    return "schema" in line


NAMES = {number: name for name, number
         in kit.generator().NUMBER.items()}


def of_kinds(lines, kinds, tables):
    """What must stay under --kind: all that is no record or table line, and
    of the chunks that can't be read those of these kinds."""
    def stays(line):
        kind = line.get("kind")
        if kind in ("unreadable", "skipped"):
            kind = NAMES.get(line["number"])
        return (kind not in kit.RECORDS + kit.TABLES + ["anchor"]
                or kind in kinds + tables)
    return [line for line in lines if stays(line)]


# Which tables the kinds refer to, from the columns of the specification.
NEEDS = {
    "call": "class cfunction type stack code thread",
    "line": "class cfunction type stack code thread",
    "object": "class cfunction type stack code thread",
    "alloc": "stack code thread", "sample": "thread", "heap": "thread",
    "snapshot": "stack code type", "mark": "thread", "gc": "thread",
    "loss": "", "live": "stack code type thread", "anchor": "",
    "class": "cfunction type stack code", "stack": "code",
    "code": "", "type": "", "thread": "", "cfunction": "",
}


def check_kinds(vector, lines):
    for kind, needs in NEEDS.items():
        done = kit.run("dump", "--json", "--kind", kind, vector.path)
        checks.equal(done.json(), of_kinds(lines, [kind], needs.split()),
                     "%s: --kind %s" % (vector.name, kind))


def check_times(vector, lines):
    times = sorted({line["time_ns"] for line in lines
                    if line.get("kind") in kit.RECORDS})
    if not times or times[-1] >= 1 << 63:
        return
    low, high = times[len(times) // 3], times[2 * len(times) // 3]
    for options, keep in (
            (["--from", "%dns" % low], lambda t: t >= low),
            (["--to", "%dns" % high], lambda t: t <= high),
            (["--from", "%dns" % low, "--to", "%dns" % high],
             lambda t: low <= t <= high),
            (["--to", "0"], lambda t: t == 0)):
        done = kit.run("dump", "--json", *options, vector.path)
        want = [line for line in lines
                if line.get("kind") not in kit.RECORDS
                or keep(line["time_ns"])]
        checks.equal(done.json(), want, "%s: %s" % (vector.name, options))


def check_streams(vector, lines):
    keys = {line["stream"] for line in lines if "stream" in line}
    for key in keys:
        done = kit.run("dump", "--json", "--stream", key[:9], vector.path)
        want = [line for line in lines if line.get("stream", key) == key]
        checks.equal(done.json(), want, "%s: --stream" % vector.name)
    done = kit.run("dump", "--stream", "00000000-0000", vector.path)
    checks.true(done.status == 2 and "no stream" in done.err, done)


CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def check_text(vector, lines):
    """A line a record, its fields, nothing that drives a terminal."""
    done = kit.run("dump", vector.path)
    checks.true(not CONTROL.search(done.text()), done)
    want = [line for line in lines if not header(line)
            and line["kind"] not in kit.TABLES]
    rows = [row.split("\t") for row in done.lines()]
    checks.equal([row[2] for row in rows], [line["kind"] for line in want],
                 "%s: text" % vector.name)
    for row, line in zip(rows, want):
        if "stream" in line:
            checks.equal(row[0], line["stream"][:8], "key of %s" % row)
        time = "-"
        if "time_ns" in line:
            time = "%d.%09d" % divmod(line["time_ns"], 10 ** 9)
        checks.equal(row[1], time, "time of %s" % row)
        if line["kind"] == "alloc":
            size = "-" if line["size"] is None else str(line["size"])
            checks.equal(row[3:7], [line["op"], line["domain"],
                                    line["address"], size], "alloc")
        if line["kind"] == "object":
            checks.equal([row[3], row[5]], [line["op"], line["address"]],
                         "object")
        if line["kind"] == "loss":
            checks.equal(row[3:5], [str(line["cause"]),
                                    "events=%d" % line["events"]], "loss")


def site(tables, stack):
    """"FILE:LINE FUNCTION" from the table lines."""
    entry = tables["stack", stack]
    code = tables["code", entry["code"]]
    return "%s:%d %s" % (code["file"], entry["line"], code["function"])


def check_names():
    """Sites, callers, threads and types are those of the tables."""
    vector = [v for v in kit.common.vectors("valid")
              if v.name == "valid/every-kind"][0]
    lines = [json.loads(line) for line in vector.text.splitlines()]
    tables = {(line["kind"], line["id"]): line for line in lines
              if line.get("kind") in kit.TABLES}
    allocs = [line for line in lines if line.get("kind") == "alloc"]
    rows = [row.split("\t") for row in
            kit.run("dump", "--kind", "alloc", "--stacks",
                    vector.path).lines()]
    deepest = 0
    checks.equal(len(rows), len(allocs), "allocs in text")
    for row, line in zip(rows, allocs):
        sites, stack = [], line["stack"]
        while stack:
            sites.append(site(tables, stack))
            stack = tables["stack", stack]["parent"]
        deepest = max(deepest, len(sites))
        checks.equal(row[8], " < ".join(sites) or "(no stack)", "stack")
        thread = tables["thread", line["thread"]]
        checks.equal(row[7], thread["name"] or
                     "thread %d" % thread["native_id"], "thread")
    checks.true(deepest > 1, "no vector has callers")
    objects = [line for line in lines if line.get("kind") == "object"]
    rows = [row.split("\t") for row in
            kit.run("dump", "--kind", "object", vector.path).lines()]
    for row, line in zip(rows, objects):
        checks.equal(row[4], tables["type", line["type"]]["name"], "type")
        checks.equal(row[8], site(tables, line["stack"]), "site")


WHAT = {"call": "call return c_call c_return c_exception resume yield unwind "
                "throw".split(),
        "line": "line call return exception opcode".split()}


def events(m):
    """Every what of call and line, with and without C functions, classes
    that are not stated; heap, gc and snapshots with values."""
    trace, s = m.begin(rss_unit=1024, tick_ns=10)
    m.tables(s)
    classes, first = [], 20
    for of, kind in ((10, "call"), (11, "line")):
        for what in range(len(WHAT[kind])):
            c_function = 1 if WHAT[kind][what].startswith("c_") else 0
            classes.append((first + len(classes), of, what, 1 + what % 3, 0,
                            c_function))
    s.class_(*classes)
    for kind, of in (("call", 10), ("line", 11)):
        rows = [{"t": 100 + 5 * i, "class": row[0], "thread": 1 + i % 2,
                 "rss": 1000 + 3 * i, "gap": i % 4, "rss_read": i % 2}
                for i, row in enumerate(r for r in classes if r[1] == of)]
        rows.append(dict(rows[-1], t=900, **{"class": 999}))
        if kind == "line":
            for i, row in enumerate(rows):
                row["offset"] = 2 * i
        s.call(rows, kind)
    s.heap([("arenas", "arenas", 0), ("bytes", "B", 0), ("n", "", 1)],
           [{"t": 950, "thread": 1, "values": {"arenas": 3, "bytes": 4096,
                                               "n": 7}}])
    s.sample([("rss", "B", 0)], [{"t": 960, "pid": 4711,
                                  "values": {"rss": 2 ** 40}}])
    s.gc([{"t": 970, "op": "start", "generation": 2, "thread": 1,
           "collected": 0, "uncollectable": 0, "duration_ns": 0},
          {"t": 980, "op": "stop", "generation": 2, "thread": 1,
           "collected": 12, "uncollectable": 1, "duration_ns": 1234567}])
    s.snapshot(990, "warm", [
        {"stack": 3, "blocks": 4, "size": 400, "domain": "obj", "type": 1},
        {"stack": 0, "blocks": 1, "size": 10, "domain": "raw", "type": 0}],
        [["requests", "", -12], ["load", "%", 97]])
    s.end(t=1000)
    return trace


UNITS = {"arenas": " arenas", "bytes": " B", "n": "", "rss": " B"}


def fields_of(line, tables, first_row):
    """The fields of a line of text behind the kind, from the JSON line and
    the tables."""
    kind, fields = line["kind"], []
    thread = tables.get(("thread", line.get("thread", 0)))
    name = "(no thread)" if not thread else thread["name"] or \
        "thread %d" % thread["native_id"]
    if kind in WHAT:
        class_ = tables.get(("class", line["class"]))
        fields = ["(unknown class %d)" % line["class"], name, "(no stack)"]
        if class_:
            fields = [WHAT[kind][class_["what"]], name,
                      site(tables, class_["stack"])]
            if class_["cfunction"]:
                function = tables["cfunction", class_["cfunction"]]
                fields.append("cfunction=%s.%s" % (function["module"],
                                                   function["name"]))
        fields += ["%s=%d" % (key, line[key]) for key in
                   ("rss", "gap", "offset", "rss_read") if line.get(key)]
    elif kind in ("heap", "sample"):
        fields = [name] + ["pid=%d" % line[key] for key in ("pid",)
                           if key in line]
        fields += ["%s=%d%s" % (key, value, UNITS[key])
                   for key, value in line["values"].items()]
    elif kind == "gc":
        fields = [line["op"], "generation=%d" % line["generation"]]
        if line["op"] == "stop":
            fields += ["collected=%d" % line["collected"],
                       "uncollectable=%d" % line["uncollectable"],
                       "duration=%d.%09d" % divmod(line["duration_ns"],
                                                   10 ** 9)]
        fields.append(name)
    elif kind == "snapshot":
        type_ = tables.get(("type", line["type"]))
        fields = [line["name"], "blocks=%d" % line["blocks"],
                  "bytes=%d" % line["size"], line["domain"],
                  type_["name"] if type_ else "(no type)",
                  site(tables, line["stack"]) if line["stack"]
                  else "(no stack)"]
        if first_row:
            fields += ["%s=%d%s" % (title, value, unit and " " + unit)
                       for title, unit, value in line["values"]]
    return fields


def check_events():
    data, raw = kit.make(events)
    path = kit.write("events.pmt", data)
    got = kit.run("dump", "--json", path)
    checks.equal(got.out.splitlines(), raw, "events in JSON")
    lines = [json.loads(line) for line in raw]
    tables = {(line["kind"], line["id"]): line for line in lines
              if line.get("kind") in kit.TABLES}
    want, before = [], None
    for line in lines:
        if line.get("kind") in ("call", "line", "heap", "sample", "gc",
                                "snapshot"):
            want.append([line["kind"]] + fields_of(
                line, tables, line["kind"] != before))
        before = line.get("kind")
    rows = [row.split("\t")[2:] for row in
            kit.run("dump", "--kind", "call,line,heap,sample,gc,snapshot",
                    path).lines()]
    checks.equal(rows, want, "fields of text")
    checks.equal(len(want), 10 + 6 + 1 + 1 + 2 + 2, "rows")


def hostile(m):
    """A trace whose every text tries to drive the terminal."""
    bad = "a\x1b]0;pwned\x07\n\t\r\u202e\u2028b\x9b31m"
    trace = m.Trace()
    s = m.Stream(trace)
    s.open(producer=bad, process={
        "argv": [bad], "executable": bad, "python": bad, "host": bad,
        "system": bad}, more={"hooks": [bad], "settings": {bad: bad}})
    s.string({1: bad, 2: b"\xff\xfe\x1b[2J"})
    s.strings[2] = "\udcff\udcfe\x1b[2J"
    s.code((1, 1, 2, 3))
    s.cfunction((1, 2, 1))
    s.type((1, 2, 0, 0))
    s.stack((1, 0, 1, 1))
    s.thread((1, 1, 1, 1))
    s.class_((1, 10, 2, 1, 1, 1), (2, 12, 0, 1, 1, 0))
    s.call([{"t": 1, "class": 1}])
    s.object([{"t": 2, "class": 2, "address": 16, "thread": 1}])
    m.marks(s, bad)
    s.sample([(bad, bad, 0)], [{"t": 12, "values": {bad: 1}}])
    s.snapshot(13, bad, [{"stack": 1, "blocks": 1, "size": 1}])
    s.end(t=20)
    return trace


def check_hostile():
    data, lines = kit.make(hostile)
    path = kit.write("hostile.pmt", data)
    every = "stream,string,code,cfunction,type,stack,thread,class,call," \
            "object,mark,sample,snapshot,end"
    for args in (["dump", path], ["dump", "--stacks", "--kind", every, path],
                 ["info", path], ["check", path]):
        done = kit.run(*args)
        checks.true(not CONTROL.search(done.text()), done)
        checks.true("\u202e" not in done.text(), done)
        checks.true("\u2028" not in done.text(), done)
        checks.equal(done.status, 0, done)
    rows = kit.run("dump", "--kind", every, path).lines()
    checks.equal(len(rows), 16, "lines with every kind: %s" % rows)
    got = kit.run("dump", "--json", path)
    checks.equal(got.out.splitlines(), lines, "hostile names in JSON")
    checks.true(all(byte < 127 for byte in got.out), "JSON is ASCII")


def check_outputs():
    """/dev/full, a reader that goes away, -o, several traces."""
    vector = [v for v in kit.common.vectors("valid")
              if v.name == "valid/every-kind"][0]
    with open("/dev/full", "wb") as full:
        done = kit.run("dump", vector.path, stdout=full)
    checks.true(done.status == 2 and "No space left" in done.err, done)
    big = kit.write("big.pmt", kit.read(vector.path) * 400)
    pipe = subprocess.Popen([kit.PMT, "dump", big], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    first = pipe.stdout.readline()
    pipe.stdout.close()
    said = pipe.stderr.read()
    pipe.stderr.close()
    pipe.wait()
    checks.true(first.endswith(b"\n") and b"\tstream\t" in first, first)
    checks.equal(said, b"", "a reader that goes away")
    checks.true(pipe.returncode in (-13, 0), pipe.returncode)
    plain = kit.run("dump", vector.path)
    done = kit.run("dump", "-o", "out.txt", vector.path)
    checks.equal((done.out, done.status, kit.read("out.txt")),
                 (b"", 0, plain.out), "-o")
    done = kit.run("dump", "-o", "out.txt", vector.path)
    checks.true(done.status == 2 and "exists" in done.err, done)
    done = kit.run("dump", "-fo", "out.txt", "--kind", "mark", vector.path)
    checks.true(done.status == 0 and kit.read("out.txt") != plain.out, done)
    done = kit.run("dump", "-o", "none.txt", "no-such-file")
    checks.true(done.status == 2 and
                done.err.startswith("pmt-dump: no-such-file: ") and
                done.err.endswith(": No such file or directory\n"), done)
    try:
        kit.read("none.txt")
        checks.true(False, "an output was left behind")
    except FileNotFoundError:
        pass
    done = kit.run("dump", vector.path, "-", data=kit.read(vector.path))
    checks.equal(done.out, plain.out * 2, "two traces")
    done = kit.run("dump", "--json", vector.path, vector.path)
    checks.equal(done.out.count(b'"schema"'), 1, "one header")


def main():
    for vector in kit.common.vectors("valid"):
        if vector.text is None:
            continue
        lines = [json.loads(line) for line in vector.text.splitlines()]
        if len(lines) > 3000:
            continue
        check_times(vector, lines)
        check_streams(vector, lines)
        check_text(vector, lines)
        if "every-kind" in vector.name or "unknown" in vector.name:
            check_kinds(vector, lines)
    check_names()
    check_events()
    check_hostile()
    check_outputs()
    checks.finish()


main()
