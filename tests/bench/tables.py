"""Figures of recorder.py from the runs, as tables."""
import statistics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List
    from variants import Variant

    Runs = Dict[str, List[Dict[str, Any]]]


def figures(variant, runs):
    # type: (Variant, Runs) -> Dict[str, Any]
    """What one variant cost in one workload: medians of its rounds."""
    mine = runs[variant.name]
    base = runs[variant.base()]

    def added(key, others):
        # type: (str, List[Dict[str, Any]]) -> List[float]
        return [one[key] - other[key] for one, other in zip(mine, others)]

    def ratio(key):
        # type: (str) -> float
        return statistics.median(one[key] / max(other[key], 1e-6)
                                 for one, other in zip(mine, base))

    row = {"variant": variant.name, "rounds": len(mine),
           "own": "events" in mine[0],
           "wall_ms": 1e3 * statistics.median(r["wall"] for r in mine),
           "ratio": ratio("wall"), "thread_ratio": ratio("thread"),
           "cpu_ratio": ratio("cpu"),
           "added_mib": statistics.median(added("peak", base)) / 1024}
    if "bytes" in mine[0] and statistics.median(
            r["events"] for r in mine) > 1000:
        row["bytes"] = statistics.median(r["bytes"] for r in mine)
    # In a run with a filter, all that would be there without.
    counted = runs.get(variant.events, [{}])
    if "events" in counted[0]:
        add_by_event(row, variant, runs, added, statistics.median(
            r["events"] for r in counted))
    return row


def add_by_event(row, variant, runs, added, events):
    # type: (Dict[str, Any], Variant, Runs, Any, float) -> None
    row["events"] = events
    base = runs[variant.base()]
    # Where the program mostly does something else, noise is more than cost.
    if statistics.median(r["thread"] for r in base) > 1e-5 * events:
        return
    times = [1e9 * t / events for t in added("wall", base)]
    row.update(added_ns=statistics.median(times), least_ns=min(times),
               most_ns=max(times))
    for key, name in (("thread", "thread_ns"), ("cpu", "process_ns")):
        row[name] = 1e9 * statistics.median(added(key, base)) / events
    if variant.floor in runs:
        row["over_floor_ns"] = 1e9 * statistics.median(
            added("thread", runs[variant.floor])) / events


COLUMNS = (("wall", "wall_ms", "%.0f"), ("ratio", "ratio", "%.2f"),
           ("own", "thread_ratio", "%.2f"),
           ("cpu", "cpu_ratio", "%.2f"), ("events", "events", "%.0f"),
           ("thread", "thread_ns", "%.1f"),
           ("- floor", "over_floor_ns", "%.1f"),
           ("ns/event", "added_ns", "%.1f"),
           ("process", "process_ns", "%.1f"), ("B/event", "bytes", "%.2f"),
           ("MiB", "added_mib", "%.1f"))

# Of the summary: title, figure, form.
MATRICES = (
    ("Processor time added to the program's own thread, ns an event",
     "thread_ns", "%.0f"),
    ("Wall time, ratio", "ratio", "%.2f"),
    ("Processor time of the program's own thread, ratio", "thread_ratio",
     "%.2f"),
    ("Processor time of the whole process, ratio", "cpu_ratio", "%.2f"),
    ("Bytes an event on disk", "bytes", "%.2f"),
    ("Peak memory added, MiB", "added_mib", "%.0f"),
    ("Events", "events", "%.0f"),
)


def print_rows(workload, rows):
    # type: (str, List[Dict[str, Any]]) -> None
    table = [[workload] + [name for name, _, _ in COLUMNS] + ["spread"]]
    for row in rows:
        spread = ""
        if "least_ns" in row:
            spread = "%.0f..%.0f" % (row["least_ns"], row["most_ns"])
        table.append([row["variant"]] + [
            form % row[key] if key in row else "" for _, key, form in COLUMNS]
            + [spread])
    widths = [max(len(line[i]) for line in table)
              for i in range(len(table[0]))]
    print()
    for line in table:
        print("  ".join(cell.rjust(width) if i else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(line, widths)))
              .rstrip())


def print_summary(found):
    # type: (Dict[str, List[Dict[str, Any]]]) -> None
    """Markdown: a table for each figure, variants by workloads."""
    for title, key, form in MATRICES:
        print("\n**%s**\n\n| | %s |\n|---|%s" % (
            title, " | ".join(name.split("_")[0] for name in found),
            "---|" * len(found)))
        by_name = {}  # type: Dict[str, Dict[str, str]]
        for workload, rows in found.items():
            for row in rows:
                cells = by_name.setdefault(row["variant"], {})
                if key in row and (key != "events" or row["own"]):
                    cells[workload] = form % row[key]
        for name, cells in by_name.items():
            if cells and not (key.endswith("ratio") and name == "untraced"):
                print("| %s | %s |" % (name, " | ".join(
                    cells.get(workload, "") for workload in found)))
