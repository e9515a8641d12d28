# LEAKS: an upload that fails its check is never taken out of the table.
# TYPES: BytesIO, bytes, str, int
import hashlib
import io
import random

import pmtrace

uploads = {}


def begin(name):
    uploads[name] = io.BytesIO()  # LEAK


def chunk(name, data):
    uploads[name].write(data)  # LEAK


def finish(name, expected):
    digest = hashlib.sha1(uploads[name].getvalue()).hexdigest()  # LEAK
    if digest != expected:
        raise ValueError(name)
    return uploads.pop(name).tell()


def main():
    rng = random.Random(6)
    stored = failed = 0
    for number in range(1200):
        if number == 200:
            pmtrace.mark("early")
        name = "upload-%d" % number  # LEAK
        begin(name)
        check = hashlib.sha1()
        for _ in range(rng.randrange(4, 20)):
            data = bytes(rng.randrange(256) for _ in range(30)) * 8
            chunk(name, data)
            check.update(data)
        if rng.random() < 0.15:
            check.update(b"damaged")
        try:
            stored += finish(name, check.hexdigest())
        except ValueError:
            failed += 1
    pmtrace.mark("late")
    print(stored, failed)


main()
