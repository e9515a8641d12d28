#!/usr/bin/env python3
"""Bad arguments, of every command: each option of its help with each kind of
bad value, operands that are missing, too many or no traces, moments and
expressions that are none, options that exclude each other, outputs that can't
be written. Status 2, one line of `pmt-NAME: ...` on standard error, nothing on
standard output, and no file is made or changed (docs/cli.md).
"""

import os
import re
import shutil
import subprocess
import sys

import kit

checks = kit.Checks()
kit.scratch()
HERE = os.getcwd()
NAMES = subprocess.run([kit.PMT, "--list-commands"], check=True,
                       stdout=subprocess.PIPE).stdout.decode().split()

# What a command has behind its options, so that they alone are wrong.
GOOD = {
    "record": ["--", "true"], "sample": ["--", "true"],
    "attach": [str(os.getpid())], "detach": [str(os.getpid())],
    "merge": ["-o", "new.pmt", "a.pmt"],
    "archive": ["-o", "new.pmt", "a.pmt"],
    "recover": ["-o", "new.pmt", "cut.pmt"],
    "diff": ["a.pmt", "b.pmt"], "plot": ["--data", "-", "a.pmt"],
    "dtrace": ["convert", "-o", "new.pmt", "a.log"],
}
# Options whose value is a text that cannot be wrong by itself; "-" in front of
# a name: of every command.
TEXTS = {
    "-output", "record files", "record types", "attach files", "attach types",
    "record dump-marks", "attach dump-marks", "live type", "live site",
    "diff include", "diff exclude", "dtrace script", "live snapshot", "plot data", "plot script", "top include", "top exclude",
}
# Numbers of which 0 or a negative one cannot be wrong, are none here: what is
# tried is no number at all, one that is too large, and a unit there is not.
BAD = ("", "?!", "x", "9" * 30, "5Q", "-1")


# ---- one line, status 2, nothing changed -------------------------------------

def state():
    found = {}
    for folder, _, files in os.walk("."):
        found[folder] = None
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                stat = os.stat(path)
                found[path] = stat.st_size, stat.st_mtime_ns, stat.st_ino
    return found


BEFORE = {}


def refused(name, args, *words, data=None, **how):
    done = kit.run(name, *args, data=data, **how)
    checks.true(done.status == 2 and not done.out and
                done.err.count("\n") == 1 and
                done.err.startswith("pmt-%s: " % name), done)
    for word in words:
        checks.true(word in done.err, "%r is not in: %s" % (word, done))
    now = state()
    changed = sorted(path for path in {*now, *BEFORE}
                     if now.get(path) != BEFORE.get(path))
    checks.equal(changed, [], "files after %s" % done)
    if changed:
        shutil.rmtree(os.getcwd(), ignore_errors=True)
        os.makedirs(HERE)
        os.chdir(HERE)
        fill()
    return done


# ---- every option --------------------------------------------------------------

def options(name):
    """(letter, long name, has a value) of the command's help."""
    page = subprocess.run([kit.PMT, name, "-h"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    page = page[:page.index("\nExamples:")]
    found = re.findall(r"^ {2,6}(?:-(\w)(?:, |$| ))?(?:--(\[no-\])?([a-z-]+))?"
                       r"(=\S+|,\.\.\.)?", page, re.M)
    return [(letter, no, long, value) for letter, no, long, value in found
            if letter or long]


def is_text(name, long):
    return "-" + long in TEXTS or "%s %s" % (name, long) in TEXTS


def check_options(name):
    good = GOOD.get(name, ["a.pmt"])
    rows = options(name)
    checks.true(len(rows) >= 7, "%s: options %s" % (name, rows))
    for letter, no, long, value in rows:
        if not value:
            if long and long not in ("help", "version"):
                refused(name, ["--%s=1" % long] + good, "--" + long,
                        "takes no value")
            continue
        if letter:
            refused(name, ["-" + letter], "-%s needs a value" % letter)
        refused(name, ["--" + long], "--%s needs a value" % long)
        if is_text(name, long):
            continue
        for bad in BAD:
            if bad == "-1" and long == "level":
                continue        # zstd has levels below 0
            refused(name, ["--%s=%s" % (long, bad)] + good)
            if letter:
                refused(name, ["-" + letter + bad] + good if bad else
                        ["-" + letter, bad] + good)
    refused(name, ["--no-such-option"] + good,
            "unknown option --no-such-option")
    refused(name, ["--no-such-option=3"] + good, "no-such-option")
    refused(name, ["-%"] + good, "unknown option -%")
    refused(name, ["-q%"] + good, "unknown option -%")
    refused(name, ["--"[:1] + "-=x"] + good)


# ---- operands --------------------------------------------------------------------

READING = {     # what stands before the trace, and after it
    "info": ([], []), "dump": ([], []), "check": ([], []), "live": ([], []),
    "top": ([], []), "recover": (["-o", "new.pmt"], []),
    "merge": (["-o", "new.pmt"], []), "filter": (["-o", "new.pmt"], []),
    "archive": (["-o", "new.pmt"], []), "diff": ([], ["a.pmt"]),
    "plot": (["-o", "new.png"], []),
}
FOLDERS = {"merge", "top"}       # these take the traces in a folder
MOMENTS = {"live", "top", "diff", "plot"}
# The first of two traces is read, and printed, before the second is met.
ONE_BY_ONE = {"info", "dump", "check", "live", "diff"}


def nobody(*args):
    """`pmt ARGS` as someone who may not read secret.pmt."""
    code = ("import os, sys\n"
            "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
            "os.execv(sys.argv[1], sys.argv[1:])")
    return subprocess.run([sys.executable, "-c", code, kit.PMT] + list(args),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL)


def check_operands(name):
    before, after = READING[name]
    refused(name, before if name != "plot" else [])
    for path, words in (
            ("gone.pmt", ["gone.pmt", "No such file"]),
            ("a.pmt/b", ["a.pmt/b", "Not a directory"]),
            ("empty.pmt", ["empty.pmt", "empty"]),
            ("app.py", ["app.py", "not a trace"]),
            ("zeros.pmt", ["zeros.pmt", "not a trace"]),
            ("/dev/null", ["/dev/null"])):
        refused(name, before + [path] + after, *words)
    refused(name, before + ["folder"] + after, "folder")
    if name in FOLDERS:
        refused(name, before + ["none*.pmt"] + after, "none*.pmt")
    if name not in ("archive", "plot", "recover"):
        refused(name, before + ["-"] + after, "standard input", data=b"")
        refused(name, before + ["-"] + after, "standard input", data=b"text")
    if name not in ONE_BY_ONE and name != "diff":
        refused(name, before + ["-", "-"], data=kit.read("a.pmt"))
    done = nobody(name, *(before + ["secret.pmt"] + after))
    checks.true(done.returncode == 2 and not done.stdout and
                done.stderr.count(b"\n") == 1 and
                b"Permission denied" in done.stderr, (name, done))


def check_moments(name):
    before, after = READING[name]
    for moment in ("", "noon", "pek", "mark", "mark:", "mark:none",
                   "mark:one#0", "mark:one#99", "mark:one#x", "-1s", "5parsecs",
                   "1e", "9" * 30 + "s", "wall:", "wall:yesterday",
                   "wall:2026-13-41T00:00:00Z", "nan", "inf"):
        refused(name, before + ["a.pmt@" + moment] + after)
    for moment in ("pek", "mark:none"):
        refused(name, before + ["-@" + moment] + after,
                data=kit.read("a.pmt"))


# ---- what each command has of its own ----------------------------------------------

OWN = {
    "record": (
        [], ["--"], ["gone-program"], ["./folder"], ["./app.py"],
        ["--mode=alloc,nothing", "--", "true"],
        ["--min-block=9", "--max-block=3", "--", "true"],
        ["--max-size=1M", "--", "true"], ["-o", "-", "--", "true"],
        ["-o", "a.pmt", "--", "true"], ["-o", "gone/x.pmt", "--", "true"],
        ["-o", "/dev/full", "--", "true"],
        ["--snapshot-signal=KILL", "--", "true"],
        ["--dump-signal=STOP", "--", "true"],
        ["--snapshot-signal=USR1", "--dump-signal=USR1", "--", "true"],
    ),
    "sample": (
        [], ["--"], ["gone-program"], ["-p"], ["-p", "x"], ["-p", "0"],
        ["-p", "99999999"], ["-p", "1", "--", "true"], ["-i", "0", "true"],
        ["-g", "memory,nothing", "true"], ["-o", "a.pmt", "true"],
        ["-o", "gone/x.pmt", "true"],
    ),
    "attach": (
        [], ["x"], ["0"], ["-1"], ["99999999"], ["1", "2"], ["1.5"],
        ["--mode=alloc,nothing", "1"], ["", ],
    ),
    "detach": ([], ["x"], ["0"], ["-1"], ["99999999"], ["1", "2"], [""]),
    "info": (["--tree", "--digest", "a.pmt"],),
    "dump": (
        ["--kind", "nothing", "a.pmt"], ["--kind", "alloc,", "a.pmt"],
        ["--from", "-1", "a.pmt"], ["--from", "2s", "--to", "1s", "a.pmt"],
    ),
    "check": (),
    "recover": (
        ["cut.pmt"], ["-o", "x", "cut.pmt", "a.pmt"],
        ["--in-place", "-o", "x", "cut.pmt"], ["-o", "cut.pmt", "cut.pmt"],
        ["-f", "-o", "cut.pmt", "cut.pmt"], ["--in-place", "-"],
    ),
    "merge": (
        ["-o", "a.pmt", "b.pmt"], ["-f", "-o", "a.pmt", "a.pmt", "b.pmt"],
        ["-o", "x", "a.pmt", "gone.pmt"], ["-o", "x", "a.pmt", "-", "-"],
    ),
    "filter": (
        [], ["kind == mark"],
        ["--json", "a.pmt"], ["--no-carry", "lived < 1s", "a.pmt"],
        ["-f", "-o", "a.pmt", "a.pmt"],
        ["--from", "2s", "--to", "1s", "-o", "x", "a.pmt"],
        ["--from", "2s", "--to", "1999ms", "--count", "a.pmt", "b.pmt"],
    ),
    "diff": (
        ["--from", "2s", "a.pmt@1s", "b.pmt@1.5s"],
        [], ["a.pmt"], ["a.pmt"] * 4, ["--map", "x", "a.pmt", "b.pmt"],
        ["--map", "=x", "a.pmt", "b.pmt"],
        ["--by", "type", "--kind", "alloc", "a.pmt", "b.pmt"],
        ["--by", "domain", "--kind", "object", "a.pmt", "b.pmt"],
        ["--cumulative", "--by", "type", "a.pmt", "b.pmt"],
        ["--kind", "heap", "--by", "site", "a.pmt", "b.pmt"],
        ["--normalise", "per-call", "a.pmt", "b.pmt"],
        ["a.pmt", "folder"],
    ),
    "live": (
        ["--list", "--growth", "a.pmt"], ["--list", "--pairs", "a.pmt"],
        ["--growth", "--survivors", "a.pmt"], ["--sort", "age", "a.pmt"],
        ["--by", "type", "--kind", "alloc", "a.pmt"],
        ["--by", "domain", "--kind", "object", "a.pmt"],
        ["--snapshot", "x", "--list", "a.pmt"],
        ["--snapshot", "x", "--growth", "a.pmt"],
        ["--snapshot", "x", "a.pmt@1s"],
        ["--by", "site", "--list", "a.pmt"],
    ),
    "top": (
        ["--high-water", "--to", "1s", "a.pmt"],
        ["--to", "1s", "a.pmt@end"], ["--every-frame", "a.pmt"],
        ["--from", "2s", "--to", "1s", "a.pmt", "b.pmt"],
        ["--from", "mark:a#2", "--to", "mark:a", "a.pmt"],
        ["--from", "wall:2026-11-22", "--to", "wall:2026-11-21", "a.pmt"],
        ["--from", "2s", "a.pmt@1s"],
        ["--cumulative", "--by", "thread", "a.pmt"],
        ["--cumulative", "--kind", "object", "a.pmt"],
        ["--by", "type", "--kind", "alloc", "a.pmt"],
        ["--by", "domain", "--kind", "object", "a.pmt"],
    ),
    "plot": (
        ["-o", "x.png", "--format", "gif", "a.pmt"],
        ["--terminal", "--json", "a.pmt"],
        ["--interactive", "-o", "x.png", "a.pmt"],
        ["--interactive", "-o", "x.pdf", "a.pmt"],
        ["--interactive", "--json", "a.pmt"],
        ["--interactive", "--terminal", "a.pmt"],
        ["--interactive", "--format", "png", "-o", "x.svg", "a.pmt"],
        ["-c", "diff", "-o", "x.png", "a.pmt", "b.pmt", "a.pmt"],
        ["-c", "live", "-b", "type", "-k", "alloc", "-o", "x.png", "a.pmt"],
        ["--width", "1", "-o", "x.png", "a.pmt"],
        ["--data", "gone/x.tsv", "a.pmt"],
        ["--script", "a.pmt", "a.pmt"],
        ["--script", "gone/x", "a.pmt"],
    ),
    "archive": (
        ["a.pmt"], ["-o", "x", "a.pmt", "b.pmt"],
        ["--verify", "-o", "x", "a.pmt"], ["-f", "-o", "a.pmt", "a.pmt"],
        ["--split", "0", "-o", "x", "a.pmt"],
        ["--split", "1k", "-o", "-", "a.pmt"],
        ["--split", "1k", "-o", "/dev/full", "a.pmt"],
    ),
    "dtrace": (
        [], ["nothing"], ["convert"], ["convert", "a.log"],
        ["convert", "-o", "x", "gone.log"], ["convert", "-o", "x", "folder"],
        ["convert", "-o", "x", "a.log", "a.log"], ["scripts", "gone.bt"],
        ["scripts", "malloc.d", "malloc.bt"], ["run"], ["run", "-o", "x"],
        ["run", "-o", "x", "-p", "x"], ["run", "-o", "x", "-p", "99999999"],
        ["run", "-o", "x", "-p", "1", "--", "true"],
        ["run", "-s", "nothing", "-o", "x", "--", "true"],
        ["convert", "-o", "a.pmt", "a.log"],
        ["convert", "-o", "gone/x", "a.log"],
    ),
}
EXPRESSIONS = (
    ("", 1), ("typ == dict", 1), ("type dict", 6), ("type ==", 8),
    ("type < dict", 6), ("size > many", 8), ("size > -1", 8), ("(size > 1", 10),
    ("size > 1)", 9), ("size > 1 and", 13), ("size > 1 size > 2", 10),
    ("kind == nothing", 9), ("domain == nothing", 11), ("lived < 5parsecs", 9),
    ("alive at noon", 10), ("alive peak", 7), ("stack == x", 7),
    ("time == 3s", 6), ("not time < 3s", 1), ("type == \"x", 9),
    ("type == a & type == b", 11), ("! ", 3), ("== dict", 1),
)
OUTPUTS = {     # without -o
    "info": None, "check": None, "attach": None, "detach": None,
    "dump": ["a.pmt"], "live": ["a.pmt"], "top": ["a.pmt"],
    "diff": ["a.pmt", "b.pmt"], "merge": ["a.pmt"], "filter": ["a.pmt"],
    "archive": ["a.pmt"], "recover": ["a.pmt"], "plot": ["a.pmt"],
    "dtrace": ["convert", "a.log"], "record": ["--", "true"],
    "sample": ["true"],
}


def check_output(name):
    """-o: what exists, a folder, none there, no right, the trace itself."""
    rest = OUTPUTS[name]
    if rest is None or not any(row[2] == "output" for row in options(name)):
        checks.true(rest is None, name + " has no -o")
        return
    ends = ".png" if name == "plot" else ".pmt"
    refused(name, ["-o", "there" + ends] + rest,
            "is there already" if name == "record" else "exists")
    refused(name, ["-o", "gone/x" + ends] + rest, "gone", "No such file")
    refused(name, ["-o", "there.pmt/x" + ends] + rest, "Not a directory")
    refused(name, ["-f", "-o", "folder" + (ends if name == "plot" else "")] +
            rest, "folder")
    refused(name, ["-o", ""] + rest)
    if "a.pmt" in rest:
        refused(name, ["-o", "a.pmt"] + rest) if name != "plot" else None


def check_expressions():
    for text, column in EXPRESSIONS:
        refused("filter", ["-o", "new.pmt", text, "a.pmt"],
                "column %d: " % column)
        refused("filter", ["-o", "new.pmt", "kind == mark", text, "a.pmt"],
                "column %d: " % column)


# ---- the folder ----------------------------------------------------------------------

def sound(m):
    trace, s = m.begin()
    m.tables(s)
    for i in range(3):
        rows = m.alloc_rows()
        for row in rows:
            row["t"] += 100 * i
        s.alloc(rows)
        m.marks(s, "one" if i else "zero", t=100 * i + 99)
    s.end(t=500)
    trace.index()
    return trace


def fill():
    data, _ = kit.make(sound)
    for name in ("a.pmt", "b.pmt", "there.pmt", "secret.pmt"):
        kit.write(name, data)
    kit.write("there.png", b"a picture")
    kit.write("cut.pmt", data[:len(data) * 2 // 3])
    kit.write("empty.pmt", b"")
    kit.write("zeros.pmt", bytes(5000))
    kit.write("app.py", b"#!/usr/bin/python3\nprint('not reached')\n")
    kit.write("a.log", b"nothing that a script prints\n")
    for folder in ("folder", "folder.png"):
        os.mkdir(folder)
    os.chmod("secret.pmt", 0)
    os.chmod(".", 0o755)
    BEFORE.clear()
    BEFORE.update(state())


fill()
checks.equal(sorted(OWN), sorted(NAMES), "every command has a table here")
for command in NAMES:
    check_options(command)
    for line in OWN[command]:
        refused(command, line, data=kit.read("a.pmt"))
    check_output(command)
    if command in READING:
        check_operands(command)
    if command in MOMENTS:
        check_moments(command)
check_expressions()
checks.finish()
