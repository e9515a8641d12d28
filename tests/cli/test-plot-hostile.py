#!/usr/bin/env python3
"""pmt plot: 200 hostile names in every place that a trace has for text, drawn
by every kind of chart into every kind of output. Nothing in them is run, and
each is shown as text."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import xml.dom.minidom
import xml.parsers.expat

import hostile
import kit

if not shutil.which("gnuplot"):
    kit.common.skip("no gnuplot")
checks = kit.Checks()
kit.scratch()
g = kit.generator()

TICK, END = 1000, 30000
EACH = 17                           # curves that a chart can have
WIDE = ["--width", "3000", "--height", "600"]
SETS = [hostile.NAMES[i:i + EACH]
        for i in range(0, len(hostile.NAMES), EACH)]
KINDS = "live rss rate sizes ages growth tree heap diff flow".split()


# ---- the traces ------------------------------------------------------------

def text(name):
    return hostile.as_bytes(name).decode("utf-8", "surrogateescape")


def file_name(names):
    """A path that is itself hostile: names but for what no file can have."""
    joined = b" ".join(hostile.as_bytes(name)[:20] for name in names)
    joined = joined.replace(b"/", b"|").replace(b"\0", b"")
    return os.fsencode("traces/") + joined[:240].replace(b"@", b"") + b".pmt"


def tables(s, names):
    count = len(names)
    s.string({i + 1: text(name) for i, name in enumerate(names)})
    s.code(*[(i, i, i, 1) for i in range(1, count + 1)])
    s.type(*[(i, i, 56, 0) for i in range(1, count + 1)])
    s.stack(*[(i, 0, i, 7) for i in range(1, count + 1)])
    s.thread((1, 4711, 0x7f0012345000, 1))
    # Call, return, create (whose id must be even).
    s.class_(*[(4 * i + k, kind, what, i, i if kind == 12 else 0, 0)
               for i in range(1, count + 1)
               for k, kind, what in ((0, 10, 0), (1, 10, 1), (2, 12, 0))])


def blocks(s, count):
    """Of each stack one that grows and some that come and go."""
    rows, at = [], 4096
    for t in range(0, END - 10, 25):
        stack, at = 1 + t // 25 % count, at + 65536
        rows.append({"t": t, "op": "malloc", "address": at, "stack": stack,
                     "size": 1 << t % 14, "domain": "obj"})
        if t % 3:
            rows.append({"t": t + t % 9, "op": "free", "address": at,
                         "size": 0, "stack": 0, "domain": "obj"})
    for at in range(0, len(rows), 400):
        s.alloc(rows[at:at + 400])


def calls(s, count):
    """Each function is entered and left in turn, and the resident set
    rises in it."""
    rows, rss = [], 1000
    for i in range(1, count + 1):
        for k in (0, 1):
            rss += i + k
            rows.append({"t": 100 + (2 * i + k) * END // (2 * count + 4),
                         "class": 4 * i + k, "rss": rss, "rss_read": 1})
    s.call(rows)


def figures(s, names):
    found = [["pymalloc.bytes.allocated_blocks", "B", 0],
             ["pymalloc.bytes.available_blocks", "B", 0],
             ["pymalloc.class.16.blocks_in_use", "blocks", 0]]
    found += [[text(name)[:200], text(name)[:200], 0] for name in names]
    s.heap(found, [{"t": t, "values": {f[0]: 4096 * (t + 1) for f in found}}
                   for t in range(0, END, END // 4)])


def processes(s, names):
    s.process([{"t": 1, "op": "found", "pid": 100 + i, "ppid": 1,
                "argv": [text(name)] * (1 + i % 2), "executable": text(name),
                "name": text(name), "note": text(name)}
               for i, name in enumerate(names)])
    own = [["rss", "B", 0]] + [[text(name)[:200], text(name)[:200], 0]
                               for name in names[:5]]
    s.sample(own, [{"t": t + i, "pid": 100 + i if i else 1,
                    "values": {f[0]: (i + 5) << 20 for f in own}}
                   for t in range(10, END, END // 9)
                   for i in range(len(names))])


def build(number, names):
    trace = g.Trace()
    s = g.Stream(trace, number + 1, tick_ns=TICK, rss_unit=4096)
    s.open(process={"pid": 1, "ppid": 1, "argv": [text(names[0]),
                                                  text(names[1])],
                    "executable": text(names[2]), "python": text(names[3]),
                    "host": text(names[4]), "system": text(names[5])},
           start=(0, 10 ** 18, 0))
    tables(s, names)
    blocks(s, len(names))
    s.object([{"t": 10 * i, "class": 4 * i + 2, "address": 4096 * i,
               "size": 1000 + i} for i in range(1, len(names) + 1)])
    calls(s, len(names))
    figures(s, names)
    processes(s, names)
    s.gc([{"t": 100, "op": "start", "generation": 0, "duration_ns": 0},
          {"t": 200, "op": "stop", "generation": 0, "duration_ns": 77}])
    s.mark([{"t": END * i // (len(names) + 1), "text": text(name)}
            for i, name in enumerate(names)])
    s.end(t=END)
    trace.index()
    path = file_name(names)
    kit.write(path, bytes(trace.data))
    return os.fsdecode(path)


# ---- what must not have happened -------------------------------------------

def canaries():
    return [name for name in os.listdir(".")
            if name.startswith(hostile.CANARY)]


def check_that_canaries_sing():
    """That which is looked for would be seen: a script that was made without
    care does what the name says."""
    subprocess.run(["gnuplot"], input=b"set title \"`touch canary`\"\n"
                   b"set term png\nset output 'x.png'\nplot 1\n",
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=False)
    checks.equal(canaries(), ["canary"], "gnuplot runs what is in `")
    for name in canaries():
        os.unlink(name)


def run(where, *args):
    done = kit.run("plot", *args)
    checks.equal((done.status, done.err, canaries()), (0, "", []),
                 "%s: %s" % (where, done))
    return done


# ---- outputs ---------------------------------------------------------------

def texts_of(where, svg):
    """The texts of an SVG, and the document; () and None: it is not sound."""
    try:
        document = xml.dom.minidom.parseString(svg)
    except xml.parsers.expat.ExpatError as error:
        line = svg.split(b"\n")[error.lineno - 1]
        checks.true(False, "%s: %s: %r" % (where, error, line[:300]))
        document = xml.dom.minidom.parseString("<svg></svg>")
    return ["".join(n.data for n in node.childNodes if n.nodeType == n.TEXT_NODE)
            for node in document.getElementsByTagName("text")], document


def only_text(where, document, interactive):
    names = {node.tagName for node in document.getElementsByTagName("*")}
    known = {"svg", "title", "desc", "defs", "g", "path", "text", "rect",
             "circle", "polygon", "polyline", "linearGradient", "stop",
             "clipPath", "use", "pattern", "filter", "feFlood", "feComposite",
             "image", "style", "tspan"}
    if interactive:
        known |= {"script", "a"}
    checks.equal(names - known, set(), where)
    for node in document.getElementsByTagName("*"):
        for key, value in node.attributes.items():
            checks.true(key != "onload" or interactive, (where, key, value))


def check_svg(where, path, kind, interactive):
    args = ["--interactive"] if interactive else ["--format", "svg"]
    done = run(where, "-c", kind, *args, *WIDE, *path)
    texts, document = texts_of(where, done.out)
    only_text(where, document, interactive)
    scripts = document.getElementsByTagName("script")
    for script in scripts:
        checks.true("alert(" not in script.toxml(), where)
    return texts


def check_folder(where, path, kind, number):
    folder = "folder%d" % number
    run(where, "-c", kind, "--script", folder, *path)
    done = subprocess.run(["gnuplot", "-d", "chart.plt"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    checks.equal((done.returncode, done.stderr, sorted(os.listdir(folder))),
                 (0, b"", ["chart.dat", "chart.plt", "chart.png"]), where)


def check_terminal(where, path, kind):
    for locale in ("C.UTF-8", "C"):
        done = subprocess.run([kit.PMT, "plot", "-c", kind, "--terminal",
                               *path], env=dict(os.environ, LC_ALL=locale),
                              stdout=subprocess.PIPE, check=False)
        checks.equal((done.returncode, canaries()), (0, []), where)
        shown = done.stdout.decode("utf-8" if locale != "C" else "ascii")
        checks.true(shown.count("\n") > 8, where)
        checks.equal(re.findall("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e"
                                "\u2066-\u2069\ufeff]", shown), [], where)


def check_table(where, path, kind):
    data = run(where, "-c", kind, "--data", "-", *path).out
    for table in data.decode("utf-8").rstrip("\n").split("\n\n"):
        rows = [row.split("\t") for row in table.split("\n")]
        checks.equal({len(row) for row in rows}, {len(rows[0])}, where)
        for row in rows[1:]:
            for cell in row[1:]:
                checks.true(cell == "" or float(cell) is not None, where)


def check_json(where, path, kind):
    done = run(where, "-c", kind, "--json", *path)
    for line in done.out.decode("utf-8").splitlines():
        checks.true(json.loads(line)["row"] in ("plot", "mark", "panel",
                                                "curve"), where)


def check_kind(job):
    """One kind of chart, one output, of one set of names."""
    number, kind, output, paths = job
    where = "%s %s %d" % (kind, output, number % len(SETS))
    path = [paths[0] + "@3ms", paths[0]] if kind == "diff" else [paths[0]]
    if output in ("svg", "interactive"):
        check_svg(where, path, kind, output == "interactive")
    elif output in ("png", "pdf"):
        done = run(where, "-c", kind, "--format", output, *path)
        checks.equal(done.out[:4], {"png": b"\x89PNG", "pdf": b"%PDF"}[output],
                     where)
    elif output == "script":
        check_folder(where, path, kind, number)
    elif output == "terminal":
        check_terminal(where, path, kind)
    elif output == "data":
        check_table(where, path, kind)
    else:
        check_json(where, path, kind)


# ---- all are drawn ---------------------------------------------------------

def shown_among(name, texts, room):
    return any(hostile.is_shown(name, shown, room) for shown in texts)


def check_drawn(job):
    """Functions with their files, types and marks, each by its name."""
    number, names, path = job
    for by, kind in (("function", "alloc"), ("type", "object")):
        where = "live --by %s %d" % (by, number)
        done = run(where, "-c", "live", "--by", by, "--kind", kind, "-n",
                   str(EACH), "--format", "svg", *WIDE, path)
        texts, document = texts_of(where, done.out)
        only_text(where, document, False)
        for name in map(hostile.as_bytes, names):
            # Of function and file 1,023 bytes are kept.
            both = by == "function" and len(name) < 500
            want = name + b" (" + name + b")" if both else name
            checks.true(not name or shown_among(want, texts, 100),
                        "%s: no %.90r" % (where, want))
            checks.true(not name or shown_among(name, texts, 32),
                        "%s: no mark %.60r" % (where, name))


os.mkdir("traces")
check_that_canaries_sing()
paths = [build(number, names) for number, names in enumerate(SETS)]
checks.true(len(hostile.NAMES) >= 200, len(hostile.NAMES))
outputs = "png svg interactive pdf script terminal data json".split()
jobs = [(number, kind, output, [paths[number % len(paths)]])
        for number, (kind, output) in enumerate(
            (kind, output) for kind in KINDS for output in outputs)]
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(check_kind, jobs))
    list(pool.map(check_drawn, zip(range(len(SETS)), SETS, paths)))
checks.equal(canaries(), [], "canaries")
checks.finish()
