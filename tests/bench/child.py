"""One measurement of recorder.py: puts the hooks in, runs a program, takes the
hooks out, and prints what it took as JSON.

usage: python3 child.py JSON
"""
import json
import os
import resource
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

HERE = os.path.dirname(os.path.abspath(__file__))


def peak_kib():
    # type: () -> int
    """Most resident memory of this program; getrusage() would count what the
    process was before exec."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise OSError("no VmHWM in /proc/self/status")


def cpu():
    # type: () -> float
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Runs the program. Processor time counts from its making to close()."""

    def __init__(self, spec, run):
        # type: (Dict[str, Any], Any) -> None
        self.run = run
        self.scale = spec["scale"]
        self.result = {}  # type: Dict[str, Any]
        self.cpu = cpu()

    def program(self):
        # type: () -> None
        start = time.perf_counter()
        start_thread = time.thread_time()
        self.run(self.scale)
        self.result["thread"] = time.thread_time() - start_thread
        self.result["wall"] = time.perf_counter() - start

    def close(self):
        # type: () -> None
        self.result["cpu"] = cpu() - self.cpu
        self.result["peak"] = peak_kib()


def plain(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    meter.program()
    meter.close()


def imported(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    import pmtrace  # noqa: F401

    meter.cpu = cpu()
    plain(meter, spec)


def floor(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    from pmtrace import _recorder

    meter.cpu = cpu()
    _recorder._floor(spec["given"]["modes"])
    plain(meter, spec)


def record(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    import pmtrace

    recorder = pmtrace.Recorder(spec["trace"], when_full="wait",
                                **spec["given"])
    meter.cpu = cpu()
    recorder.start()
    before = recorder.stats()["records"]
    meter.program()
    after = recorder.stats()
    recorder.stop()
    meter.close()
    end = recorder.stats()
    if any(end["lost"].values()) or end["error"]:
        raise RuntimeError("events were lost: %r" % end)
    meter.result["events"] = after["records"] - before
    meter.result["bytes"] = end["trace_bytes"] / max(end["records"], 1)


def tracemalloc(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    import tracemalloc

    tracemalloc.start(spec["given"]["frames"])
    plain(meter, spec)


def memray(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    import memray

    path = spec["trace"]
    meter.cpu = cpu()
    with memray.Tracker(path, trace_python_allocators=True):
        meter.program()
    meter.close()
    events = memray.FileReader(path).metadata.total_allocations
    meter.result["events"] = events
    meter.result["bytes"] = os.path.getsize(path) / max(events, 1)


def pymemtrace(meter, spec):
    # type: (Meter, Dict[str, Any]) -> None
    from pymemtrace import cPyMemTrace

    given = dict(spec["given"], filepath=spec["trace"])
    tracer = getattr(cPyMemTrace, given.pop("kind"))(**given)
    meter.cpu = cpu()
    with tracer:
        meter.program()
    meter.close()
    with open(spec["trace"], "rb") as log:
        # Beside the events: SOF, the names of the columns, EOF.
        lines = sum(1 for _ in log) - 3
    meter.result["events"] = max(lines, 1)
    meter.result["bytes"] = os.path.getsize(spec["trace"]) / max(lines, 1)


WHATS = {"plain": plain, "import": imported, "floor": floor,
         "record": record, "tracemalloc": tracemalloc, "memray": memray,
         "pymemtrace": pymemtrace}


def main():
    # type: () -> None
    spec = json.loads(sys.argv[1])
    if spec["core"]:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.path.insert(0, os.path.join(HERE, "workloads"))
    sys.path.insert(0, spec["package"])
    if spec["peers"]:
        sys.path.append(spec["peers"])
    meter = Meter(spec, __import__(spec["workload"]).main)
    WHATS[spec["what"]](meter, spec)
    print(json.dumps(meter.result))


if __name__ == "__main__":
    main()
