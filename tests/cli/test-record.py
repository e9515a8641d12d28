#!/usr/bin/env python3
"""pmt record and python3 -m pmtrace: the same options with the same defaults,
each of which arrives in the trace; what is refused; what is said."""

import json
import os
import re
import subprocess
import sys

import kit

checks = kit.Checks()
kit.scratch()
PYTHON = os.environ.get("PMT_PYTHON") or sys.executable
SOURCE = os.path.join(os.environ["PMT_BUILD"], "python")
ENV = dict(os.environ, PYTHONPATH=SOURCE)
BARE = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
sys.path.insert(0, SOURCE)
from pmtrace import __main__ as program, _options  # noqa: E402

# For each setting a value that is not its default: as typed, and as it must
# be in the trace.
VALUES = {
    "mode": ("alloc,rss", "alloc,rss"), "frames": ("7", "7"),
    "object_frames": ("3", "3"), "when_full": ("drop", "drop"),
    "tick_ns": ("250", "250"), "level": ("-3", "-3"),
    "chunk_records": ("1000", "1000"), "segments": ("32", "32"),
    "c_calls": (None, "0"), "opcodes": (None, "1"),
    "rss_trigger": ("64K", "65536"), "rss_us": ("50", "50"),
    "types": ("Conn*,!B", "Conn*,!B"), "files": ("*/a=b.py,c", "*/a=b.py,c"),
    "builtins": (None, "0"), "min_block": ("1.5K", "1536"),
    "max_block": ("3MiB", "3145728"), "domains": ("mem,obj", "mem,obj"),
    "sample_bytes": ("512K", "524288"), "track": (None, "1"),
    "count_types": (None, "1"), "rss_ms": ("20", "20"),
    "sample_ms": ("250", "250"), "sample_groups": ("cpu,pss", "cpu,pss"),
    "heap_ms": ("0", "0"), "snapshot_ms": ("70000", "70000"),
    "snapshot_marks": (None, "1"), "snapshot_signal": ("usr2", "12"),
    "snapshot_records": (None, "1"), "collect": (None, "1"),
    "object_rss": (None, "1"), "max_size": ("64m", "67108864"),
    "max_age": ("1.5h", "5400"), "dump_signal": ("SIGUSR1", "10"),
    "dump_marks": ("out of*,!out of d*", "out of*,!out of d*"),
    "dump_rss": ("2G", "2147483648"), "dump_max": ("3", "3"),
    "children": (None, "0"),
}
FRONTS = (("pmt record", [kit.PMT, "record"], ["--", PYTHON], BARE),
          ("-m pmtrace", [PYTHON, "-m", "pmtrace"], [], ENV))


def run(words, env=None, **how):
    done = subprocess.run(words, env=env or BARE, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False, **how)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def settings_of(path):
    lines = kit.run("dump", "--json", "--kind", "mark", path).json()
    stream = [line for line in lines if line.get("kind") == "stream"][0]
    return {key: value for key, value in
            (stream["settings"].items()
             if isinstance(stream["settings"], dict)
             else stream["settings"])}


def rows():
    return [row for row in program.OPTIONS if len(row) > 1]


def typed(row):
    """The words of an option that changes its setting."""
    text = VALUES[row[3]][0]
    if text is not None:
        return [row[1] + "=" + text]
    return ["--no-" + row[1][2:]] if _options.DEFAULTS[row[3]] else [row[1]]


def arrive():
    """Every option changes its setting; without it it has the default."""
    options = {row[3]: row for row in rows() if row[3] in _options.DEFAULTS}
    checks.equal(sorted(options), sorted(_options.DEFAULTS),
                 "settings with an option")
    checks.equal(sorted(VALUES), sorted(_options.DEFAULTS), "tested settings")
    for what, words, python, env in FRONTS:
        # Samples and the live set exclude each other.
        for name, changed in (("set", set(options) - {"sample_bytes"}),
                              ("sampled", {"sample_bytes"}), ("bare", ())):
            given = [w for key in sorted(changed) for w in typed(options[key])]
            path = "%s-%s.pmt" % (name, what.split()[0])
            checks.equal(run(words + ["-o", path] + given + python +
                             ["-c", "print(1)"], env), (0, "1\n", ""),
                         what + " " + name)
            found = settings_of(path)
            for setting, default in _options.DEFAULTS.items():
                wanted = VALUES[setting][1] if setting in changed \
                    else str(default)
                checks.equal(found.get(setting), wanted,
                             "%s %s: %s" % (what, name, setting))


def helps():
    """Both print every option, with the same defaults."""
    _, ours, _ = run([kit.PMT, "record", "-h"])
    status, theirs, _ = run([PYTHON, "-m", "pmtrace", "-h"], ENV)
    checks.equal(status, 0, "-h")
    checks.true(max(map(len, theirs.splitlines())) < 80, "-h is too wide")
    for row in rows():
        if row[3] not in _options.DEFAULTS:
            continue
        name = row[1][2:]
        for what, text in (("pmt record", ours), ("-m pmtrace", theirs)):
            match = re.search(r"--(\[no-\])?%s\b.*?(?=\n *(-|$))" % name,
                              text, re.S)
            checks.true(match, "%s -h: %s" % (what, row[1]))
            default = str(_options.DEFAULTS[row[3]])
            if match and row[2] and default:
                checks.true(re.search(r"(default: |\()%s\)" % default,
                                      " ".join(match.group().split())),
                            "%s -h: the default of %s" % (what, row[1]))
    for mode in _options.MODES:
        checks.true(mode in ours and mode in theirs, "-h: " + mode)


def refused():
    """One line, status 2, nothing run, no trace."""
    for given, word in (
            (["--mode", "alloc,all"], "all"), (["--domains", "x"], "x"),
            (["--min-block", "5X"], "5X"), (["--min-block", "-1"], "-1"),
            (["--rss-ms", "0"], "0"), (["--frames", "2000"], "2000"),
            (["--snapshot-signal", "SIGNOPE"], "SIGNOPE"),
            (["--snapshot-signal", "99"], "99"),
            (["--when-full", "never"], "never"), (["--tick"], "--tick"),
            (["--sample-bytes", "1.x"], "1.x"),
            (["--min-block", "9", "--max-block", "3"], "max"),
            (["--max-size", "3M"], "4 MiB"), (["--max-age", "9y"], "9y"),
            (["--max-age", "4000d"], "max"), (["--dump-max", "-1"], "-1"),
            (["--dump-signal", "USR1", "--snapshot-signal", "10"], "same"),
            (["--dump-signal", "STOP"], "19"),
            (["--sample-bytes", "1M", "--track"], "track"),
            (["--sample-bytes", "1M", "--mode", "snapshot"], "snapshot"),
            (["--snapshot-signal", "KILL"], "snapshot"),
            (["--dump-signal", "KILL"], "dump"),
            (["--nonesuch"], "nonesuch")):
        for what, words, python, env in FRONTS:
            last = python + ["-c", "print(1)"] if given[-1] != "--tick" else []
            status, out, err = run(words + ["-o", "no.pmt"] + given + last,
                                   env)
            checks.equal((status, out), (2, ""), what + " " + " ".join(given))
            checks.true(word in err and len(err.splitlines()) == 1,
                        "%s %s says %r" % (what, given, err))
    checks.true(not os.path.exists("no.pmt"), "a trace was made")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return os.path.abspath(path)


def programs():
    """Programs that are not called python."""
    record = [kit.PMT, "record"]
    status, out, err = run(record + ["-o", "echo.pmt", "--", "echo", "hi"])
    checks.equal((status, out), (0, "hi\n"), "echo")
    checks.true(len(err.splitlines()) == 1 and "echo is not Python" in err,
                "echo: %r" % err)
    checks.true(not os.path.exists("echo.pmt"), "a trace of echo")
    checks.equal(run(record + ["-q", "-o", "echo.pmt", "--", "echo", "hi"]),
                 (0, "hi\n", ""), "echo, quiet")
    checks.equal(run(record + ["-o", "nope.pmt", "--", "./nonesuch"])[0], 2,
                 "a program that is not there")
    status, out, err = run(record + ["-o", "sh.pmt", "--", "sh", "-c",
                                     PYTHON + " -c 'print(2)'; true"])
    checks.equal((status, out), (0, "2\n"), "sh")
    checks.true(os.path.exists("sh.pmt"), "no trace of the Python in sh")
    script = write("tool", "#!%s\nprint(3)\n" % PYTHON)
    checks.equal(run(record + ["-o", "tool.pmt", "--", script]),
                 (0, "3\n", ""), "a script")
    checks.true(os.path.exists("tool.pmt"), "no trace of a script")
    checks.equal(run(record + ["--", script]), (0, "3\n", ""), "its name")
    checks.equal(run(record + ["-o", "here.pmt", "tool", "x"]),
                 (0, "3\n", ""), "a script in this folder")
    checks.true(os.path.exists("here.pmt"), "no trace of tool")
    write("plain.py", "print(4)\n")
    os.chmod("plain.py", 0o644)
    for name in "plain.py", "./plain.py":
        checks.equal(run(record + [name]), (
            2, "", "pmt-record: %s can't be run by its name; try `pmt record "
            "-- python3 %s`\n" % (name, name)), name)
    for name in "nonesuch.py", "./nonesuch":
        checks.equal(run(record + [name]), (
            2, "", "pmt-record: %s: No such file or directory\n" % name), name)
    checks.true([n for n in os.listdir(".")
                 if re.match(r"tool-\d+\.pmt$", n)], os.listdir("."))


def versions():
    """A mode that the interpreter can't do, known from its file's name, from
    itself, or only when it starts."""
    found = subprocess.run(
        [os.path.join(kit.common.SOURCE, "tests", "interpreters", "find"),
         "--all"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    old = [python for python in found if run(
        [python, "-c", "import sys; print(sys.version_info < (3, 13))"])[1] ==
        "True\n" and run([python, "-c", "import pmtrace._recorder"],
                         ENV)[0] == 0]
    if not old:
        return
    os.makedirs("bin", exist_ok=True)
    shim = write("bin/python3", '#!/bin/sh\nexec %s "$@"\n' % old[0])
    for python in (old[0], shim):
        status, out, err = run([kit.PMT, "record", "--mode", "object", "-o",
                                "old.pmt", "--", python, "-c", "print(1)"])
        checks.equal((status, out), (2, ""), python)
        checks.true("3.13" in err and len(err.splitlines()) == 1, err)
    tool = write("bin/tool", "#!%s\nprint(1)\n" % shim)
    status, out, err = run([kit.PMT, "record", "--mode", "object", "-o",
                            "old.pmt", "--", tool])
    if status == 0:
        checks.equal(out, "1\n", "found out at the start")
        checks.true("3.13" in err and "unrecorded" in err and
                    len(err.splitlines()) == 1, err)
    checks.true(not os.path.exists("old.pmt"), "a trace was made")


def one_path():
    """A second recording at the path of one that runs."""
    first = subprocess.Popen(
        [kit.PMT, "record", "-o", "same.pmt", "--", PYTHON, "-c",
         "print(1, flush=True); input(); x = [bytearray(77001)]"],
        env=BARE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    first.stdout.readline()
    for given in ([], ["-f"]):
        status, out, err = run([kit.PMT, "record"] + given +
                               ["-o", "same.pmt", "--", PYTHON, "-c",
                                "print(2)"])
        checks.equal((status, out), (2, ""), "a second recording %s" % given)
        checks.true("same.pmt" in err and len(err.splitlines()) == 1, err)
        if given:
            checks.true("recorded" in err, err)
    first.communicate(b"\n")
    checks.equal(first.returncode, 0, "the first one")
    done = kit.run("check", "same.pmt")
    checks.equal(done.status, 0, done)
    lines = kit.run("dump", "--json", "--kind", "alloc", "same.pmt").json()
    checks.true([r for r in lines if r.get("kind") == "alloc" and
                 77001 <= (r.get("size") or 0) <= 77035], "the first one's")


def manual():
    done = run([kit.PMT, "record", "--make-man"])
    text = done[1] or run([kit.PMT, "--make-man", "record"])[1]
    checks.true("sample" in text and "rss" in text, "the manual page")


if run([PYTHON, "-c", "import pmtrace._recorder"], ENV)[0]:
    kit.common.skip("the recorder is not built for " + PYTHON)
arrive()
helps()
refused()
programs()
versions()
one_path()
manual()
checks.finish()
