"""Each request adds a handler to the logger."""
import io
import logging

log = logging.getLogger("app")
log.propagate = False
log.setLevel(logging.ERROR)


def request(number):
    log.addHandler(logging.StreamHandler(io.StringIO()))  # LEAK
    log.debug("request %d", number)
    return ["%d" % n for n in range(number % 11)]


for number in range(1500):
    request(number)
