"""record_tracemalloc.py FOLDER: records the programs into FOLDER/trace.pmt
under tracemalloc, and writes what tracemalloc has at each mark into
FOLDER/tracemalloc.json: size, line, count and file of every site."""

import collections
import json
import sys
import tracemalloc

import pmtrace
import programs

FOLDER = sys.argv[1]


def main():
    recorder = pmtrace.Recorder(FOLDER + "/trace.pmt", when_full="wait",
                                frames=1)
    mark = pmtrace._recorder.mark
    take = tracemalloc._tracemalloc._get_traces if hasattr(
        tracemalloc, "_tracemalloc") else tracemalloc._get_traces
    kept = []
    moments = []
    recorder.start()
    mark("start")
    tracemalloc.start(1)
    for program in programs.PROGRAMS:
        kept.append(program())
        mark(program.__name__)
        traces = take()
        counts = collections.Counter()
        for row in traces:
            size, frames = row[1], row[2]
            counts[frames[0][0], frames[0][1], size] += 1
        traces = row = frames = None
        moments.append((program.__name__, "\n".join(
            "%d %d %d %s" % (s, n, c, f)
            for (f, n, s), c in counts.items())))
        counts = None
    tracemalloc.stop()
    recorder.stop()
    with open(FOLDER + "/tracemalloc.json", "w") as file:
        json.dump(moments, file)


if __name__ == "__main__":
    main()
