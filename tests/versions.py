"""The table of CPython versions and modes, from what the tests found.

A test of the recorder says which modes it is about by a line `# MODE: alloc`
near its top (several by commas; `all`: every mode that the version can
record).
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "interpreters"))
from built import modes  # noqa: E402

# Versions that the recorder is made for; t: without the GIL.
PROMISED = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15",
            "3.13t", "3.14t", "3.15t")


def modes_of_test(path):
    """The modes in the test's line, ["all"], or none."""
    with open(path, encoding="utf-8") as file:
        head = [next(file, "") for _ in range(20)]
    for line in head:
        if line.startswith("# MODE:"):
            return [word.strip() for word in line[len("# MODE:"):].split(",")]
    return []


def minor(version):
    """3.13 of 3.13.2, 3.13t of 3.13.2t."""
    return ".".join(version.split(".")[:2]) + "t" * version.endswith("t")


def order(version):
    numbers = version.rstrip("t").split("+")[0].split(".")
    return ([int("".join(c for c in n if c.isdigit()) or 0)
             for n in numbers], version)


def cell(needs, verdicts):
    if needs:
        return "needs " + needs
    count = verdicts.count("ok")
    if "FAIL" in verdicts:
        return "FAILED %d of %d" % (verdicts.count("FAIL"),
                                    verdicts.count("FAIL") + count)
    return "ok %d" % count if count else "not run"


def table(build, found, results):
    """Lines of text. `found`: [(version, interpreter)]; `results`: (version,
    modes of the test, 'ok', 'FAIL' or 'skip') of each test that was run."""
    can = {version: modes(build, real) for version, real in found}
    names = []
    for pairs in can.values():
        names += [name for name, _ in pairs if name not in names]
    rows = [["CPython"] + names]
    for version in sorted(can, key=order):
        needs = dict(can[version])
        row = [version]
        for name in names:
            row.append(cell(needs.get(name, "a recorder with it"), [
                verdict for v, about, verdict in results
                if v == version and (name in about or "all" in about)]))
        rows.append(row)
    here = {minor(version) for version in can}
    rows += [[version, "not on this machine"] for version in PROMISED
             if version not in here]
    widths = [max([len(row[i]) for row in rows if len(row) == len(rows[0])])
              for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths))
            .rstrip() for row in rows]
