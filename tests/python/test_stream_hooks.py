"""The stream's `hooks` say what was watched, and how: spec 8.1."""
# MODE: all

import sys

import pmtrace
from recorder_support import Trace, equal, finish, path

# mode, options, what the header says
CASES = [
    ("alloc", {}, ["alloc:raw", "alloc:mem", "alloc:obj", "stack:32"]),
    ("alloc", {"frames": 0, "domains": "obj"}, ["alloc:obj", "stack:none"]),
    ("alloc", {"sample_bytes": 4096, "frames": 5},
     ["alloc:raw", "alloc:mem", "alloc:obj", "alloc:sampled:4096",
      "stack:5"]),
    ("call", {}, ["call", "call:c", "rss", "stack:1"]),
    ("call", {"c_calls": 0, "rss_us": 0}, ["call", "stack:1"]),
    ("call", {"rss_trigger": 8192, "rss_us": 0},
     ["call", "call:c", "rss", "rss:trigger:8192", "stack:1"]),
    ("line", {}, ["line", "rss", "stack:1"]),
    ("line", {"opcodes": 1}, ["line", "line:opcode", "rss", "stack:1"]),
    ("snapshot", {"frames": 9}, ["snapshot", "stack:9"]),
    ("snapshot", {"snapshot_records": 1},
     ["alloc:raw", "alloc:mem", "alloc:obj", "snapshot", "stack:32"]),
    ("heap", {}, ["heap", "gc"]),
    ("rss", {}, ["rss"]),
    ("gc", {}, ["gc"]),
    ("alloc,rss,gc", {}, ["alloc:raw", "alloc:mem", "alloc:obj", "rss", "gc",
                          "stack:32"]),
]

if sys.version_info >= (3, 13):
    CASES += [
        ("object", {}, ["object", "stack:1"]),
        ("object", {"object_rss": 1, "object_frames": 4},
         ["object", "rss", "stack:4"]),
    ]


def main():
    for number, (mode, options, wanted) in enumerate(CASES):
        name = path("%d.pmt" % number)
        with pmtrace.Recorder(name, mode=mode, **options):
            pass
        found = [hook for hook in Trace(name).stream()["hooks"]
                 if hook != "object:destroy-unreliable"]
        equal(sorted(found), sorted(wanted + ["exit"]), "hooks of %s %s" % (mode, options))
    finish()


main()
