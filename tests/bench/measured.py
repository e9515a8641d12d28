"""Runs commands by measure.c, round by round, for analyse*.py."""
import json
import os
import statistics
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence

    Runs = List[Dict[str, Any]]


class Bench:
    """Where things are, and how commands are run.

    build   the build folder
    folder  for traces and results; what is there already is used again
    core    the processor to hold commands on, or None
    """

    def __init__(self, build, folder, core):
        # type: (str, str, Optional[int]) -> None
        self.build = os.path.abspath(build)
        self.folder = os.path.abspath(folder)
        self.core = core
        os.makedirs(self.folder, exist_ok=True)

    def path(self, name):
        # type: (str) -> str
        return os.path.join(self.folder, name)

    def pmt(self, *args):
        # type: (str) -> List[str]
        return [os.path.join(self.build, "bin", "pmt")] + list(args)

    def made(self, name, make):
        # type: (str, Callable[[str], None]) -> str
        """The file `name`, made by `make` unless it is there."""
        path = self.path(name)
        if not os.path.exists(path):
            make(path + ".new")
            os.rename(path + ".new", path)
        return path

    def run(self, command, statuses=(0,), output=None, env=None):
        # type: (Sequence[str], Sequence[int], Optional[str], Any) -> Dict[str, Any]  # noqa: E501
        """What the command took; its lines are counted, or go to a file."""
        report = self.path("report-%d" % os.getpid())
        with open(report, "w"):
            pass
        how = ["-o", output] if output else ["-l"]
        if self.core is not None:
            how += ["-c", str(self.core)]
        done = subprocess.run(
            [os.path.join(self.build, "tests", "bench", "measure")] + how +
            [report] + list(command), stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=env)
        with open(report) as file:
            found = json.load(file)  # type: Dict[str, Any]
        if found["status"] not in statuses:
            raise RuntimeError("%s: status %d\n%s" % (
                " ".join(command), found["status"],
                done.stderr.decode(errors="replace")))
        found["cpu"] = found["user"] + found["system"]
        return found


def median(runs, key):
    # type: (Runs, str) -> float
    return statistics.median(one[key] for one in runs)


def load():
    # type: () -> str
    """The load averages, for the reader of the figures."""
    return "%.1f, %.1f, %.1f" % os.getloadavg()


def print_table(rows):
    # type: (List[List[str]]) -> None
    """Markdown, the first row its head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i, row in enumerate(rows):
        print("| " + " | ".join(
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths))) + " |")
        if i == 0:
            print("|" + "---|" * len(row))
    print(flush=True)
