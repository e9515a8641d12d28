"""Each job leaves something to be done at the end."""
import atexit


def clean(path):
    return len(path)


def job(number):
    path = "/tmp/job-%d/with/a/long/path" % number
    atexit.register(clean, path + ".lock")  # LEAK
    return path.split("/")


for number in range(4000):
    job(number)
