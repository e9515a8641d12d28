"""Programs that tracemalloc and the recorder watch at the same time, for tests
that compare what `pmt` says with what tracemalloc says. CPython 3.13 and later:
before that tracemalloc can't be kept from moving blocks (programs/record.py).

    from both import EXCLUDE, MOMENTS, PROGRAMS, Run

    run = Run("lists")             # records; skips where that can't be exact
    run.trace                      # the trace; marks "start", "one", "two",
                                   # "three"
    run.snapshots["one"]           # a tracemalloc.Snapshot of that moment

A snapshot has exactly the blocks that were made after the mark "start" and
live at the mark of the moment, but for those of the files EXCLUDE, which are
the harness itself, recorder included: of the trace they are to be left out
(`--exclude`), of the snapshots they are. So, with --from mark:start,

    pmt top --by lineno run.trace@mark:one    is  snapshot.statistics("lineno")

The programs are programs/NAME.py: each has run(), a generator that stops at
three moments, holding its data; standard library only. programs/record.py says
how the two are kept from seeing each other's blocks.
"""

import os
import tempfile
import tracemalloc

from recorder_support import FOLDER, PYTHON, run, skip

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
PROGRAMS = sorted(name[:-3] for name in os.listdir(HERE)
                  if name.endswith(".py") and name != "record.py")
MOMENTS = ("one", "two", "three")
EXCLUDE = ("*/programs/record.py", "<pmtrace>")
FRAMES = 100 # more than there are: hidden frames count for the recorder


class Run:
    """A program that was recorded."""

    def __init__(self, name, frames=FRAMES):
        self.name, self.frames = name, frames
        self.folder = tempfile.mkdtemp(dir=FOLDER)
        self.trace = os.path.join(self.folder, "trace.pmt")
        done = run([PYTHON, os.path.join(HERE, "record.py"), name,
                    self.folder, str(frames)])
        if done.status == 77:
            skip("before CPython 3.13 tracemalloc moves blocks to other lines")
        if done.status or done.out or done.err:
            raise SystemExit("%s: status %s\n%s%s" % (
                name, done.status, done.out[-2000:], done.err[-4000:]))
        filters = [tracemalloc.Filter(False, each) for each in EXCLUDE]
        self.snapshots = {
            moment: tracemalloc.Snapshot.load(os.path.join(
                self.folder, moment + ".snapshot")).filter_traces(filters)
            for moment in MOMENTS}
