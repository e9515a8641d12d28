"""A log of the last lines: a handler that flushes when it is full."""
import io
import logging
import logging.handlers

log = logging.getLogger("app")
log.setLevel(logging.INFO)
target = logging.StreamHandler(io.StringIO())
target.stream.write = lambda text: len(text)
log.addHandler(logging.handlers.MemoryHandler(200, target=target))
log.propagate = False
for number in range(1500):
    log.info("line %d", number)
