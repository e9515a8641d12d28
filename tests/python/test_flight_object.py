"""The flight recorder, mode object: what is alive by type by the ring is what
is alive by the whole trace and what the program has; the ring by age."""
# MODE: object

import sys

import flight_support as flight
from flight_support import FULL, fly, is_flat, kept_within
from recorder_support import Trace, check, finish, skip

if sys.version_info < (3, 13, 3):
    skip("mode object needs CPython 3.13.3 or later for all destructions")

LIMIT = 4 << 20

said, last, watch, _ = fly("object", 100 if FULL else 6, 0.1 if FULL else 0.5,
                           0.0002, by="type", gone=1.5, max_size=LIMIT)
kept_within("object", watch, LIMIT)
is_flat("object", [one["stats"]["memory_bytes"] for one in said])
check(last["let_go"] > last["records"] - last["let_go"],
      "most of it was let go: %r" % last)
finish()
