"""What the tests of bad circumstances share: a program is run alone and
recorded, in the same circumstance; its output, its end and what it wrote must
be the same, and the trace whole but for what it says is lost."""

import glob
import os
import shutil
import subprocess
import tempfile

from recorder_support import (PYTHON, Trace, check, equal, path, run, sized,
                              write)

# Blocks whose sizes tell which they are: known(n) makes n of them.
BASE = 700000
KNOWN = """\
import sys
_made = 0
def known(n):
    global _made
    for i in range(n):
        block = bytearray(%d + _made)
        _made += 1
""" % BASE
BUILT = os.path.join(os.environ["PMT_BUILD"], "python")


class Case:
    """A program that ran alone and recorded."""

    def __init__(self, what, alone, found, name):
        self.what = what
        self.alone = alone
        self.found = found
        self.name = name
        self.trace = None

    def read(self):
        """The trace, once it was checked; None where there is none."""
        if not os.path.exists(self.name):
            check(False, "%s: no trace: %s" % (self.what, self.found.err))
            return None
        result = run(["pmt", "check", self.name])
        check(result.status == 0, "%s: pmt check: %s%s"
              % (self.what, result.out, result.err))
        self.trace = Trace(self.name)
        equal(self.trace.status, 0, self.what + ": pmt dump")
        return self.trace

    def lost(self):
        return sum(r["events"] for r in self.trace.of("loss"))

    def blocks(self, wanted):
        """All known blocks are in the trace, or something is counted as
        lost."""
        if self.read() is None:
            return
        found = {r["size"] for r in sized(self.trace, BASE, BASE + 10000)}
        if not self.lost():
            equal(len(found), wanted, self.what + ": blocks in the trace")
        print("%s: %d of %d blocks, %d events lost"
              % (self.what, len(found), wanted, self.lost()))

    def whole(self, wanted):
        """It ended as it should, and nothing was lost."""
        self.blocks(wanted)
        if self.trace is not None:
            check(self.trace.complete(), "%s: not whole: %s"
                  % (self.what, self.trace.warnings))
            equal(self.lost(), 0, self.what + ": lost")
            check(not os.path.exists(self.name + ".journal"),
                  self.what + ": a journal is left")


def split(err):
    """Lines of others, and of ours."""
    lines = err.splitlines(True)
    ours = [line for line in lines if line.startswith("pmtrace: ")]
    return "".join(line for line in lines if line not in ours), ours


def files_in(folder):
    """{name: bytes} of all files below a folder but traces."""
    found = {}
    for name in glob.glob(os.path.join(folder, "**"), recursive=True):
        if os.path.isfile(name) and ".pmt" not in name:
            with open(name, "rb") as file:
                found[os.path.relpath(name, folder)] = file.read()
    return found


def both(what, program, options=(), trace=None, same=lambda text: text,
         status=0, by_environment=False, **how):
    """Runs it alone and recorded, each in an empty folder, which is
    $FOLDER too, by `python3 -m pmtrace` or by PMTRACE (with its options); `trace` is the name in it. `same` takes out of the output what
    differs from one run to the next; `status` is how it must end. Returns the
    Case."""
    script = write("%s.py" % "".join(c if c.isalnum() else "-" for c in what),
                   KNOWN + program)
    results, files = [], []
    name = None
    for recorded in (False, True):
        folder = tempfile.mkdtemp(dir=path(""))
        os.chmod(folder, 0o777)
        words = [PYTHON]
        if recorded:
            name = os.path.join(folder, trace or "x.pmt")
            words += ["-m", "pmtrace", "-o", name] + list(options)
        extra = dict(how.get("env") or {}, FOLDER=folder)
        if recorded and by_environment:
            words = [PYTHON]
            extra["PMTRACE"] = ",".join(["out=" + name] + list(options))
            extra["PYTHONPATH"] = os.pathsep.join(
                [os.path.join(BUILT, "pmtrace", "bootstrap"), BUILT])
        results.append(run(words + [script], cwd=folder,
                           **dict(how, env=extra)))
        files.append(files_in(folder))
        if not recorded:
            shutil.rmtree(folder, ignore_errors=True)
    alone, found = results
    equal(alone.status, status, what + ", alone: " + alone.err)
    rest, ours = split(found.err)
    equal((found.status, same(found.out), same(rest)),
          (alone.status, same(alone.out), same(alone.err)), what)
    equal(sorted(files[1]), sorted(files[0]), what + ": names of its files")
    for each in files[0]:
        check(files[1].get(each) == files[0][each],
              "%s: the program's file %s differs" % (what, each))
    check(len(ours) <= 1, "%s: says %r" % (what, ours))
    case = Case(what, alone, found, name)
    case.ours = ours
    return case


def compiled(name, source):
    """A shared object made of C, to be preloaded; None without a
    compiler."""
    made = path(name + ".so")
    text = write(name + ".c", source)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or subprocess.call(
            [compiler, "-shared", "-fPIC", "-O1", "-o", made, text,
             "-ldl"]) != 0:
        return None
    return made
