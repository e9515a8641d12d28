"""What the tests of the recorder share: running programs recorded and not,
and reading traces by `pmt dump --json`."""

import itertools
import json
import os
import subprocess
import sys
import tempfile

PYTHON = sys.executable
FOLDER = tempfile.mkdtemp()
SKIP = 77

_failures = []


def skip(reason):
    print(reason)
    sys.exit(SKIP)


def check(condition, what):
    """Notes a failure and goes on, so that one run shows all."""
    if not condition:
        _failures.append(what)
        print("FAIL: " + what)


def equal(found, wanted, what):
    if found != wanted:
        check(False, "%s:\n%s" % (what, _difference(found, wanted)))


def finish():
    if _failures:
        print("%d checks failed" % len(_failures))
        sys.exit(1)
    print("ok")
    sys.exit(0)


def _difference(found, wanted):
    """Lines that differ, each cut around its first difference."""
    rows = []
    for one, other in itertools.zip_longest(_lines(found), _lines(wanted)):
        if one != other:
            start = len(os.path.commonprefix([one or "", other or ""])) - 40
            rows.append("  found  %r" % (one or "")[max(start, 0):][:160])
            rows.append("  wanted %r" % (other or "")[max(start, 0):][:160])
    return "\n".join(rows[:12])


def _lines(value):
    parts = value if isinstance(value, (tuple, list)) else [value]
    lines = []
    for part in parts:
        lines += part.splitlines() if isinstance(part, str) else [repr(part)]
    return lines


def path(name):
    return os.path.join(FOLDER, name)


def write(name, text):
    """A file in the test's folder; its path."""
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return path(name)


class Result:
    """What a program printed and how it ended."""

    def __init__(self, process, out, err):
        self.pid = process.pid
        self.status = process.returncode
        self.out = out
        self.err = err

    def triple(self):
        return self.status, self.out, self.err


def run(words, env=None, stdin="", timeout=120, cwd=None, setup=None,
        remove=()):
    """Runs a command. `env` is added to the environment, `remove` taken out."""
    whole = dict(os.environ, **(env or {}))
    for name in remove:
        whole.pop(name, None)
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=whole, cwd=cwd, preexec_fn=setup)
    try:
        out, err = process.communicate(stdin.encode(), timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Result(process, out.decode("utf-8", "backslashreplace"),
                  err.decode("utf-8", "backslashreplace"))


def plain(*words, **how):
    return run([PYTHON] + list(words), **how)


def record(trace, *words, **how):
    """Runs python3 -m pmtrace; `options` are ours, `python` the
    interpreter's."""
    options = list(how.pop("options", ()))
    python = list(how.pop("python", ()))
    return run([PYTHON] + python + ["-m", "pmtrace", "-o", trace] + options +
               list(words), **how)


# What the recorder marks where the interpreter begins to end.
EXIT = "pmtrace: exit"


class Trace:
    """All that `pmt dump --json` says of a trace."""

    def __init__(self, name):
        result = run(["pmt", "dump", "--json", name])
        self.status = result.status
        self.warnings = result.err
        self.lines = [json.loads(line) for line in result.out.splitlines()]
        self.codes, self.stacks, self.types, self.threads = {}, {}, {}, {}
        tables = {"code": self.codes, "stack": self.stacks,
                  "type": self.types, "thread": self.threads}
        for line in self.lines:
            table = tables.get(line.get("kind"))
            if table is not None:
                table[line["id"]] = line

    def of(self, kind):
        """Records of a kind; of marks not that of the exit."""
        return [line for line in self.lines if line.get("kind") == kind and
                line.get("text") != EXIT]

    def exits(self):
        return [line for line in self.lines if line.get("kind") == "mark" and
                line.get("text") == EXIT]

    def stream(self):
        streams = self.of("stream")
        assert len(streams) == 1, streams
        return streams[0]

    def chain(self, stack):
        """[(function, line)] of a stack id, the innermost first."""
        found = []
        while stack:
            node = self.stacks[stack]
            code = self.codes[node["code"]]
            found.append((code["function"], node["line"]))
            stack = node["parent"]
        return found

    def functions(self, stack):
        """Plain names, without the qualification that 3.11 and later have."""
        return [name.split(".")[-1] for name, _ in self.chain(stack)]

    def type_name(self, number):
        return self.types[number]["name"]

    def lost(self):
        return self.of("end")[-1]["lost"]

    def complete(self):
        """Whether it ended as it should, with nothing missing."""
        ends = self.of("end")
        return (self.status == 0 and not self.warnings and len(ends) == 1 and
                ends[0]["clean"] and not self.of("damage"))


ACQUIRES = ("malloc", "calloc", "realloc", "realloc_undo")
RELEASES = ("free", "realloc_free")


def sized(trace, low, high):
    """Alloc records that acquire from low to below high bytes."""
    return [r for r in trace.of("alloc")
            if r["op"] in ACQUIRES and r["size"] is not None and
            low <= r["size"] < high]


def inconsistencies(trace):
    """Alloc records that can't be: an address acquired while it is held."""
    held = {}
    wrong = []
    for r in trace.of("alloc"):
        if r["op"] in RELEASES:
            held.pop(r["address"], None)
        elif r["address"] in held:
            wrong.append((held[r["address"]], r))
        else:
            held[r["address"]] = r
    return wrong
