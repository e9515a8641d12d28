"""The flight recorder, modes alloc, exact and sampled: what is alive by the
ring is what is alive by the whole trace, whatever was let go; the ring stays
within its limit, the recorder's memory does not grow, and nothing is lost."""
# RUN: once
# MODE: alloc

import flight_support as flight
from flight_support import FULL, fly, is_flat, kept_within
from recorder_support import check, finish

LIMIT = 4 << 20

moments = 100 if FULL else 7
said, last, watch, _ = fly("alloc", moments, 0.1 if FULL else 0.35, 0.0002,
                           gone=2.5, max_size=LIMIT, frames=8)
kept_within("alloc", watch, LIMIT)
is_flat("alloc", [one["stats"]["memory_bytes"] for one in said])
check(last["let_go"] > 2 * (last["records"] - last["let_go"]),
      "most of it was let go: %r" % last)

moments = 100 if FULL else 4
said, last, watch, _ = fly("alloc", moments, 0.1 if FULL else 0.35, 0.0002,
                           sampled=True, max_size=LIMIT, sample_bytes=256,
                           frames=4)
kept_within("sampled", watch, LIMIT)
is_flat("sampled", [one["stats"]["memory_bytes"] for one in said])

finish()
