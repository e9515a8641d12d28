# LEAKS: each reload of the settings installs a signal handler that calls the
# one before, and keeps its settings.
# TYPES: function, cell, tuple, dict, str, int, list
import json
import signal

import pmtrace

TEXT = json.dumps({"hosts": ["host%d" % i for i in range(10)],
                   "limits": {"size": 10 ** 6, "time": 2.5}})


def reload_settings():
    settings = json.loads(TEXT)  # LEAK
    before = signal.getsignal(signal.SIGUSR1)

    def on_signal(number, frame):  # LEAK
        print("settings:", settings["limits"])
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGUSR1, on_signal)
    return settings


def main():
    size = 0
    for number in range(1500):
        if number == 250:
            pmtrace.mark("early")
        settings = reload_settings()
        for host in settings["hosts"]:
            size += len(host.upper())
    pmtrace.mark("late")
    print(size)


main()
