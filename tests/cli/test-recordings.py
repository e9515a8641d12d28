#!/usr/bin/env python3
"""Traces of programs nobody here wrote, through every reader.

The standard library compiles a part of itself, pretty-prints a large JSON text
and writes documentation, recorded. Then pmt, spec/decode.py, and `zstd -dc`
with an ordinary CBOR library must all see the same.
"""

import collections
import io
import json
import shutil
import subprocess

import kit

kit.common.need_libraries()
import cbor2  # noqa: E402

checks = kit.Checks()
kit.scratch()
ENV = kit.python_env()
DECODE = kit.common.load("decode")


def prepare():
    """A package to compile, and a large JSON text."""
    where = subprocess.run(
        [kit.PYTHON, "-c", "import json; print(json.__path__[0])"], check=True,
        stdout=subprocess.PIPE).stdout.decode().strip()
    shutil.copytree(where, "package",
                    ignore=shutil.ignore_patterns("__pycache__"))
    with open("large.json", "w", encoding="ascii") as file:
        json.dump([{"id": i, "name": "item %d" % i, "tags": ["a", "b", i],
                    "value": i / 7} for i in range(1500)], file)


PROGRAMS = {
    "compileall": ["-m", "compileall", "-q", "-f", "package"],
    "json.tool": ["-m", "json.tool", "large.json", "pretty.json"],
    "pydoc": ["-m", "pydoc", "json.decoder"],
}


def record(name, program, *options):
    path = name + ".pmt"
    done = subprocess.run([kit.PYTHON, "-m", "pmtrace", "-o", path, *options]
                          + program, env=ENV, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    checks.equal((done.returncode, done.stderr), (0, b""), name)
    return path


def check_cbor(name, path, chunks):
    """`zstd -dc` is a CBOR sequence; a map a chunk."""
    raw = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE,
                         check=True).stdout
    stream, seen = io.BytesIO(raw), collections.Counter()
    while stream.tell() < len(raw):
        item = cbor2.CBORDecoder(stream).decode()
        checks.true(isinstance(item, dict) and {0, 1, 2, 3} <= set(item),
                    "%s: item %d" % (name, sum(seen.values())))
        seen[item[0]] += 1
    checks.equal(dict(seen), chunks, name + ": chunks by kind")


def check_trace(name, path):
    checked = kit.run("check", "--json", path)
    checks.equal(checked.status, 0, checked)
    checks.equal([line for line in checked.json() if "status" in line
                  and line["status"] != "loss"], [], name)
    dumped = kit.run("dump", "--json", path)
    checks.equal((dumped.status, dumped.err), (0, ""), dumped)
    status, output, messages = kit.common.decode(DECODE, kit.read(path), path)
    checks.equal((status, messages), (0, ""), name + ": decode.py")
    checks.true(output == dumped.out, "%s: decode.py differs: %s" % (
        name, kit.common.first_difference(output, dumped.out)
        if output != dumped.out else ""))
    counts = collections.Counter(json.loads(line).get("kind")
                                 for line in output.splitlines())
    info = kit.run("info", "--json", path).json()[0]
    checks.true(info["index"] and len(info["streams"]) == 1, info)
    stream = info["streams"][0]
    checks.equal(stream["state"], "complete", info)
    checks.equal({kind: row["records"] for kind, row in
                  stream["kinds"].items() if kind in kit.RECORDS},
                 {kind: counts[kind] for kind in counts
                  if kind in kit.RECORDS}, name + ": info")
    rows = kit.run("dump", path)
    checks.equal(len(rows.out.splitlines()),
                 sum(counts[kind] for kind in kit.RECORDS
                     + ["stream", "anchor", "end"]), name + ": text")
    names = kit.generator().NUMBER
    check_cbor(name, path, {names[kind]: row["chunks"] for kind, row in
                            stream["kinds"].items()})
    return sum(counts[kind] for kind in kit.RECORDS)


def main():
    if subprocess.run([kit.PYTHON, "-c", "import pmtrace._recorder"], env=ENV,
                      stderr=subprocess.DEVNULL, check=False).returncode:
        kit.common.skip("the recorder is not built for " + kit.PYTHON)
    prepare()
    for name, program in PROGRAMS.items():
        count = check_trace(name, record(name, program))
        checks.true(count > 5000, "%s: %d records" % (name, count))
        print("%s: %d records" % (name, count))
    checks.finish()


main()
