#!/usr/bin/env python3
"""Laws of pmt filter, on random traces (tests/unit/trace-maker.h).

filter(f, filter(g, x)) = filter(f and g, x), record by record and mostly byte
by byte; what filter keeps of x, record by record, and what is live in the
result at any moment of its window, is what a naive evaluation in Python says
(filter_naive.py). Every fifth result is read by spec/decode.py too, and
`pmt check` finds all of them sound.

PMT_FILTER_SEEDS: how many traces, PMT_FILTER_FIRST: from which on.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
import filter_naive as naive  # noqa: E402
from filter_naive import Test, is_, like, text_of  # noqa: E402

SEEDS = int(os.environ.get("PMT_FILTER_SEEDS", "80"))
FIRST = int(os.environ.get("PMT_FILTER_FIRST", "0"))
# --no-carry behind another filter; samples that are not in the order of time.
FAILED_ONCE = (385, 612)
TICKS_NS = 2000         # a multiple of all that traces are made with
LIVES = {"lived", "alive"}
failures = []

# Globs must not match "\xff.py", which is no text: none here begins with "*".
TESTS = [
    is_("kind", "alloc"), is_("kind", "object"), is_("kind", "mark"),
    is_("kind", "call"), is_("kind", "snapshot"), is_("kind", "sample"),
    is_("type", "dict"), is_("type", "app.Point"), like("type", "app.*"),
    is_("function", "handler"), is_("function", "main"),
    is_("file", "lib/util.py"), like("file", "app/*"),
    is_("module", "util"), is_("module", "json.decoder"), like("module", "ma*"),
    is_("thread", "worker-1"), like("thread", "thread*"),
    is_("domain", "obj"), is_("domain", "raw"), is_("text", "warm"),
    is_("label", "request"), is_("label", "startup"), like("label", "s*"),
    is_("process", "nobody"),
    Test("process == \"python3 app.py\"", "process",
         lambda v: v == "python3 app.py"),
    Test("cfunction == builtins.len", "cfunction",
         lambda v: "builtins.len" in v),
    Test("cfunction == ord", "cfunction", lambda v: "ord" in v),
    Test("file != lib/util.py", "file", lambda v: v != "lib/util.py"),
    Test("label != request", "label", lambda v: v != "request"),
    Test("thread != worker-1", "thread", lambda v: v != "worker-1"),
    Test("pid == 77", "pid", lambda v: v == 77),
    Test("pid < 101", "pid", lambda v: v < 101),
    Test("line > 60", "line", lambda v: v > 60),
    Test("size > 300", "size", lambda v: v > 300),
    Test("size <= 96", "size", lambda v: v <= 96),
    Test("size < 1k", "size", lambda v: v < 1024),
    Test("stack contains load", "frames", lambda v: "load" in v),
    Test("stack contains \"app/c*\"", "frames",
         lambda v: any(t.startswith("app/c") for t in v)),
    Test("stack contains \"lib/util.py:2? *\"", "frames",
         lambda v: any(t.startswith("lib/util.py:2") and t[14:15] == " "
                       for t in v)),
]


def pick(rng, end, depth=0):
    """An expression; `end`: the last time of the trace."""
    choice = rng.random()
    if depth > 2 or choice < 0.45:
        return pick_test(rng, end)
    if choice < 0.6:
        return "not", pick(rng, end, depth + 1)
    return ("and" if choice < 0.8 else "or", pick(rng, end, depth + 1),
            pick(rng, end, depth + 1))


def pick_test(rng, end):
    if rng.random() > 0.2:
        return rng.choice(TESTS)
    ns = rng.randrange(end + 1)
    if rng.random() < 0.5:
        return naive.alive_at(ns)
    ns //= 4
    return rng.choice([
        Test("lived < %dns" % ns, "lived", lambda v: v < ns),
        Test("lived >= %dns" % ns, "lived", lambda v: v >= ns)])


# ---- the test ----------------------------------------------------------------

def filtered(path, out, *args):
    done = kit.run("filter", "-f", "-o", out, *(list(args) + [path]))
    if done.status not in (0, 1) or not os.path.exists(out):
        failures.append("%s: %s" % (args, done))
        return None
    return out


def dump(path):
    done = kit.run("dump", "--json", path)
    return [json.loads(line) for line in done.out.decode().splitlines()[1:]]


def records(lines):
    return [line for line in lines if line["kind"] in naive.RECORDS]


def sound(path, seed, decode):
    done = kit.run("check", path)
    bad = [line for line in (done.text() + done.err).splitlines()
           if any(word in line for word in (
               "inconsistent", "damaged", "corrupt", "missing", "unstated"))
           and "0 corrupt" not in line]
    if bad:
        failures.append("%d: check: %s" % (seed, bad[:3]))
    if decode and os.environ.get("PMT_CBOR_PYTHON"):
        ran = subprocess.run(
            [os.environ["PMT_CBOR_PYTHON"],
             kit.DECODE,
             path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ran.returncode or ran.stdout != kit.run("dump", "--json", path).out:
            failures.append("%d: decode.py differs: %s" % (seed, ran.stderr))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def compare(seed, what, got, want):
    if len(got) == len(want) and all(map(naive.same, got, want)):
        return
    pairs = zip(got + [None] * len(want), want + [None] * len(got))
    a, b = next((a, b) for a, b in pairs
                if a is None or b is None or not naive.same(a, b))
    failures.append("%d: %s: %d records, %d expected, first %s / %s"
                    % (seed, what, len(got), len(want), a, b))


def live_at(lines, moment):
    return {key: {address: block.seen() for address, block in blocks.items()}
            for key, blocks in naive.follow(lines, moment)[1].items()}


def live_where(lines, x, moment):
    """Live at a moment in the whole trace, of those for which it holds."""
    lives = naive.fields(x) & LIVES
    blocks = naive.follow(lines)[0] if lives else {}
    naive.ask_lives(blocks)
    whole = {(id(b.line)): b.subject for b in blocks.values() if b}
    found = {}
    for key, live in naive.follow(lines, moment)[1].items():
        for address, block in live.items():
            if naive.holds(x, whole.get(id(block.line), block.subject)):
                found.setdefault(key, {})[address] = block.seen()
    return found


def check_kept(seed, what, lines, x, low, high, carry, once):
    compare(seed, "kept: " + what, records(once),
            list(naive.kept(lines, x, low, high, carry)))
    # What is live in the window.
    for moment in (low, (low + high) // 2 // TICKS_NS * TICKS_NS, high):
        if not carry or moment < low:
            break
        want, got = live_where(lines, x, moment), live_at(once, moment)
        if got != want:
            failures.append("%d: live at %d: %s: %r, %r expected" % (
                seed, moment, what, diff(got, want), diff(want, got)))
            break


def diff(a, b):
    return {k: [x for x in v.items() if b.get(k, {}).get(x[0]) != x[1]][:3]
            for k, v in a.items() if b.get(k) != v}


def check_pipe(seed, what, path, once, *args):
    """From a pipe all is read, from a file what its index says is needed: the
    same records, if not the same tables."""
    done = subprocess.run([kit.PMT, "filter"] + list(args) + ["-"],
                          input=content(path), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    lines = [json.loads(line) for line in kit.run(
        "dump", "--json", "-", data=done.stdout).out.splitlines()[1:]]
    compare(seed, "from a pipe: " + what, records(lines), records(once))
    if live_at(lines, float("inf")) != live_at(once, float("inf")):
        failures.append("%d: from a pipe: live differs: %s" % (seed, what))


def one(seed, folder):
    """True when two filters made byte for byte what both at once did."""
    rng = random.Random(seed)
    path = os.path.join(folder, "%d.pmt" % seed)
    out = [os.path.join(folder, name) for name in ("a", "b", "c")]
    lines = dump(path)
    times = sorted({x["time_ns"] for x in lines if "time_ns" in x}) or [0]
    f, g = pick(rng, times[-1]), pick(rng, times[-1])
    low, high = sorted(rng.choices(times, k=2))
    # Of all ticks there are a whole number in each.
    low, high = (x // TICKS_NS * TICKS_NS for x in (low, high))
    if rng.random() < 0.3:
        low = 0
    window = ["--from", "%dns" % low, "--to", "%dns" % high]
    lives = bool((naive.fields(f) | naive.fields(g)) & LIVES)
    if not lives and rng.random() < 0.3:
        window.append("--no-carry")
    carry = len(window) < 5
    # Lives are those of the whole: a window comes no earlier.
    in_g = window if rng.random() < 0.5 and not naive.fields(f) & LIVES else []
    in_f = window if not in_g else []
    if not filtered(path, out[0], text_of(g), *in_g) or \
            not filtered(out[0], out[1], text_of(f), *in_f) or \
            not filtered(path, out[2], text_of(f), text_of(g), *window):
        return False
    sound(out[2], seed, seed % 5 == 0)
    sound(out[1], seed, False)
    twice, once = dump(out[1]), dump(out[2])
    what = "%s | %s | %s" % (text_of(f), text_of(g), window)
    compare(seed, "two filters: " + what, records(twice), records(once))
    if live_at(twice, times[-1]) != live_at(once, times[-1]):
        failures.append("%d: two filters: live differs: %s" % (seed, what))
    check_kept(seed, what, lines, ("and", f, g), low, high, carry, once)
    if not lives and seed % 3 == 0:
        check_pipe(seed, what, path, once, text_of(f), text_of(g), *window)
    equal = content(out[1]) == content(out[2])
    for name in out:
        os.unlink(name)
    return equal


def main():
    if not os.path.exists(kit.MAKER):
        print("test-trace-maker is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        seeds = sorted({*range(FIRST, FIRST + SEEDS), *FAILED_ONCE})
        for seed in seeds:
            subprocess.run([kit.MAKER, str(seed), "1", folder], check=True)
        equal = sum(one(seed, folder) for seed in seeds if len(failures) < 5)
    print("%d traces, %d of the pairs byte for byte" % (len(seeds), equal))
    for failure in failures[:5]:
        print(failure)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
