"""Each job adds to the list of what a signal shall do."""
import functools
import signal

handlers = []


def on_term(signum, frame):
    for handler in handlers:
        handler()


def clean(state):
    state.clear()


def job(number):
    handlers.append(functools.partial(clean, {"job": number}))  # LEAK
    return sorted(str(number))


signal.signal(signal.SIGTERM, on_term)
for number in range(3000):
    job(number)
