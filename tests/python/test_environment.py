"""PMTRACE as an operator writes it: what it takes, what a wrong word does, and
that links in a folder that others may write to lead nowhere."""
# RUN: few
# MODE: alloc

import json
import os
import stat
import sys

from recorder_support import (PYTHON, Trace, check, equal, finish, path, run,
                              skip, write)
import pmtrace
from pmtrace import _launch, _options

if pmtrace._recorder is None:
    skip("the recorder is not built")

PROGRAM = write("program.py", """\
import sys
kept = [bytearray(71001) for i in range(5)]
print("ran", sys.argv[1:])
sys.exit(3)
""")
PLAIN = (3, "ran ['x']\n", "")


def started(text, name=None, **how):
    """Runs the program with PMTRACE=text, as an installed pmtrace would."""
    env = {"PYTHONPATH": _launch.bootstrap_folder(), "PMTRACE": text}
    return run([PYTHON, PROGRAM, "x"], env=env, **how)


def settings_of(name):
    settings = Trace(name).stream()["settings"]
    return dict(settings.items() if isinstance(settings, dict) else settings)


def recorded(text, name, **wanted):
    result = started(text)
    equal(result.triple(), PLAIN, text)
    if not os.path.exists(name):
        check(False, "%s: no trace" % text)
        return
    equal(stat.S_IMODE(os.stat(name).st_mode), 0o600, text + ": mode")
    found = settings_of(name)
    for key, value in wanted.items():
        equal(found.get(key), value, "%s: %s" % (text, key))
    os.unlink(name)


def taken():
    one = path("one.pmt")
    host = path(os.uname().nodename + ".pmt")
    recorded("out=" + one, one, mode="alloc", children="1", max_size="0")
    recorded("1,out=" + one, one, mode="alloc", sample_bytes="0")
    recorded("mode=alloc,sample_bytes=512k,out=%s,max_size=256M"
             % path("%h.pmt"), host, sample_bytes="524288",
             max_size="268435456")
    recorded(" mode=alloc , rss , max_size = 64m ,out=%s, max_age=2h " % one,
             one, mode="alloc,rss", max_size="67108864", max_age="7200")
    recorded("always,out=" + one, one, mode="alloc,heap,rss",
             sample_bytes="524288", rss_ms="1000", heap_ms="60000",
             when_full="drop", max_size="268435456", children="1")
    recorded("always,out=%s,sample_bytes=64K,children=0" % one, one,
             sample_bytes="65536", rss_ms="1000", children="0")
    recorded("out=%s,dump_signal=usr2,dump_marks=out of*,!x" % one, one,
             dump_signal="12", dump_marks="out of*,!x")
    recorded("out=" + path("a%20b%2Cc.pmt"), path("a b,c.pmt"))
    os.mkdir(path("folder"))
    result = started("out=" + path("folder/"))
    equal(result.triple(), PLAIN, "a folder")
    equal(os.listdir(path("folder")), ["python-%d.pmt" % result.pid],
          "a name in a folder")
    result = started("mode=alloc", cwd=path("folder"))
    check(os.path.exists(path("folder/python-%d.pmt" % result.pid)),
          "the default name")
    for text in ("", "0", " 0 "):
        before = sorted(os.listdir(path("folder")))
        equal(started(text, cwd=path("folder")).triple(), PLAIN, repr(text))
        equal(sorted(os.listdir(path("folder"))), before, "a trace")


def wrong():
    """One line, which names what is right; the program runs; no trace."""
    out = ",out=" + path("never.pmt")
    os.mkdir(path("closed"), 0o500)
    write("file", "text")
    cases = [("mode=aloc" + out, "snapshot"), ("level=99" + out, "-7 to 19"),
             ("max_sise=3" + out, "max_size?"), ("nonesuch=3" + out, "max_age"),
             ("max_size=5X" + out, "256M"), ("max_size=1M" + out, "4 MiB"),
             ("max_age=soon" + out, "10m"), ("frames=x" + out, "number"),
             ("dump_signal=NOPE" + out, "NOPE"), ("hello" + out, "mode=alloc"),
             ("when_full=never" + out, "drop or wait"),
             ("domains=all" + out, "raw, mem, obj"),
             ("sample_bytes=1K,track=1" + out, "track"), ("out=", "name"),
             ("out=" + path("%z"), "%p"),
             ("out=" + path("none/x.pmt"), path("none") + ": No such file"),
             ("out=" + path("closed"), "folder; with / behind it"),
             ("children=yes" + out, "1 or 0"), ("yes" + out, "always"),
             ("LEVELS=3" + out, "is it level?"),
             ("dump_signal=KILL" + out, "dump_signal"),
             ("out=" + path("file/x.pmt"), "Not a directory"),
             ("out=/proc/x.pmt", "/proc/x.pmt")]
    if sys.version_info < (3, 13):
        cases.append(("mode=object" + out, "3.13"))
    if os.getuid():
        cases.append(("out=" + path("closed/x.pmt"), "denied"))
    for text, word in cases:
        result = started(text)
        equal((result.status, result.out), PLAIN[:2], text)
        lines = result.err.splitlines()
        check(len(lines) == 1 and lines[0].startswith("pmtrace: ") and
              lines[0].endswith("; the program runs unrecorded") and
              word in lines[0], "%s: %r" % (text, result.err))
    check(not os.path.exists(path("never.pmt")), "a trace was made")
    # Standard error may be closed, or full.
    for redirect in ("2>&-", "2>/dev/full", "2>&- >&-"):
        result = run(["sh", "-c", "exec %s %s x %s" % (PYTHON, PROGRAM,
                                                       redirect)],
                     env={"PYTHONPATH": _launch.bootstrap_folder(),
                          "PMTRACE": "mode=aloc"})
        plain = run(["sh", "-c", "exec %s %s x %s" % (PYTHON, PROGRAM,
                                                      redirect)])
        equal((result.status, result.out), (plain.status, plain.out), redirect)


def words():
    """What one process writes, the next one reads."""
    for settings in ({"out": "a, b=%p c.pmt", "types": "A*,!B", "mode": "alloc"},
                     {"out": " x ", "files": "*/%41,b c"}):
        found = _options.split(_options.join(settings))
        equal(found, settings, "join and split")
    equal(_options.split("types=A*, !B ,C,frames=3"),
          {"types": "A*,!B,C", "frames": "3"}, "a list")


def links():
    """Links that another user put where the trace, its journal and the next
    part are to be: nothing is written where they lead."""
    victim = write("victim", "precious\n")
    shared = path("shared")
    os.mkdir(shared)
    os.chmod(shared, 0o1777)
    name = os.path.join(shared, "x.pmt")
    for number, (link, target) in enumerate((
            (name, victim), (name, path("created")),
            (name + ".journal", victim), (name + ".journal", path("created")),
            (name + ".new", victim), (name + ".000000", victim))):
        for force in ("", "force=1,"):
            os.symlink(target, link)
            result = started(
                force + "mode=alloc,chunk_records=1000,max_size=4M,out=" +
                name)
            what = "%s at %s %s" % (os.path.basename(target),
                                    os.path.basename(link), force)
            equal((result.status, result.out), PLAIN[:2], what)
            check(len(result.err.splitlines()) <= 1, what + result.err)
            with open(victim) as file:
                equal(file.read(), "precious\n", what)
            check(not os.path.exists(path("created")), what + ": made")
            for entry in os.listdir(shared):
                entry = os.path.join(shared, entry)
                if not os.path.islink(entry):
                    equal(stat.S_IMODE(os.stat(entry).st_mode), 0o600, entry)
                os.unlink(entry)


def odd_files():
    """A folder, a pipe or a file without permission where they are to be."""
    for what in ("folder", "pipe", "locked"):
        for suffix in ("", ".journal", ".new"):
            name = path("odd-%s%s.pmt" % (what, suffix))
            there = name + suffix
            if what == "folder":
                os.mkdir(there)
            elif what == "pipe":
                os.mkfifo(there)
            else:
                os.close(os.open(there, os.O_CREAT | os.O_WRONLY, 0))
            result = started("mode=alloc,max_size=4M,out=" + name)
            equal((result.status, result.out), PLAIN[:2], there)
            check(len(result.err.splitlines()) <= 1, there + result.err)
            check(os.path.lexists(there), there + " is gone")


taken()
wrong()
words()
links()
odd_files()
finish()
