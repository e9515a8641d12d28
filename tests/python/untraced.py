"""Programs that must behave recorded as they do unrecorded: the same output,
exit status and exception, at most one line of ours on standard error, and a
trace that is whole but for what its loss records say."""

import collections
import json
import os
import re
import subprocess
import sys

from recorder_support import PYTHON, check, equal, path, run, write

# Options of `pmt record`, by the name of a way to record. `all` has every
# mode that this CPython can do.
EVERY = "alloc,call,line,heap,rss,gc" + (
    ",object" if sys.version_info >= (3, 13) else "")
WAYS = {
    "alloc": ["--mode=alloc"],
    "always": ["--always"],
    "events": ["--mode=call,line"],
    "all": ["--mode=" + EVERY],
}

# A program that calls witness(n) has three blocks of witness_bytes(n) in an
# exact trace.
WITNESS = """\
def witness(n):
    return [bytearray(77000 + 100 * n) for i in range(3)]


"""
# CPython's own: a null byte behind, and from 3.15 a header.
AROUND = (33,) if sys.version_info >= (3, 15) else (1,)

_addresses = re.compile(r"0x[0-9a-f]+")
_said = re.compile(r"^pmtrace: .*\n", re.M)


class Recorded:
    """A run of a program, recorded."""

    def __init__(self, name, way, result, trace):
        self.name = "%s, %s" % (name, way)
        self.way = way
        self.result = result
        self.trace = trace  # its path
        self.ours = _said.findall(result.err)

    def lines(self, *kinds):
        """The lines of `pmt dump --json`, one at a time: they may be many."""
        dump = subprocess.Popen(
            ["pmt", "dump", "--json", "--kind", ",".join(kinds), self.trace],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in dump.stdout:
            yield line
        said = dump.communicate()[1]
        equal((dump.returncode, said), (0, b""), self.name + ": dump")

    def lost(self):
        """Events that loss records count."""
        return sum(json.loads(line).get("events", 0)
                   for line in self.lines("loss") if b'"loss"' in line)


def _sound(recorded):
    """`pmt check` finds no damage; what died is recovered before."""
    trace = recorded.trace
    if not os.path.exists(trace):
        check(False, recorded.name + ": no trace")
        return
    if os.path.exists(trace + ".journal"):
        whole = trace[:-len(".pmt")] + "-whole.pmt"
        done = run(["pmt", "recover", "-q", "-f", "-o", whole, trace])
        equal(done.status, 0, "%s: recover: %s" % (recorded.name, done.err))
        recorded.trace = trace = whole
    done = run(["pmt", "check", trace])
    equal(done.status, 0, "%s: check: %s" % (recorded.name,
                                             (done.out + done.err)[-800:]))


def _witnessed(recorded, numbers):
    """The blocks of witness(n), as often as the program asked for them."""
    if not numbers:
        return
    sizes = collections.Counter()
    for line in recorded.lines("alloc"):
        if b'"size":7' in line:
            record = json.loads(line)
            if record["op"] in ("malloc", "calloc", "realloc"):
                sizes[record["size"]] += 1
    for n in sorted(set(numbers)):
        found = sum(sizes[77000 + 100 * n + more] for more in AROUND)
        check(found == 3 * list(numbers).count(n) or recorded.lost(),
              "%s: %d blocks of witness(%d)" % (recorded.name, found, n))


def same(name, source, ways=("alloc", "always", "all"), witnessed=(),
         python=(), args=(), alike=lambda text: text, sound=True, plain=None,
         options=(), script=None, **how):
    """Runs `source` unrecorded, and recorded in each way; returns the
    recorded runs.

    witnessed  numbers that the program gives to witness()
    python     options of the interpreter
    alike      takes out of standard error what differs from run to run
    plain      the result of the run unrecorded, where it is known
    options    more options of pmt record
    script     what is run instead of a file of `source`
    """
    script = [script] if script else [
        write("program_%s.py" % name, WITNESS + source)]
    words = [PYTHON] + list(python) + script + list(args)
    if plain is None:
        plain = run(words, **how)
    runs = []
    for way in ways:
        trace = path("%s-%s.pmt" % (name, way))
        result = run(["pmt", "record", "-f", "-o", trace] + WAYS[way] +
                     list(options) + ["--"] + words, **how)
        recorded = Recorded(name, way, result, trace)
        equal((result.status, result.out,
               _addresses.sub("0x", alike(_said.sub("", result.err)))),
              (plain.status, plain.out,
               _addresses.sub("0x", alike(plain.err))), recorded.name)
        check(len(recorded.ours) <= 1, "%s: lines of ours: %s"
              % (recorded.name, recorded.ours))
        if sound:
            _sound(recorded)
            if "alloc" in " ".join(WAYS[way]) and way != "always":
                _witnessed(recorded, witnessed)
        runs.append(recorded)
    return runs
