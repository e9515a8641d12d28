# SOUND: modules are imported when a request first needs them.
import importlib
import random

import pmtrace

NAMES = ["json", "csv", "decimal", "fractions", "html.parser", "http.client",
         "email.message", "email.parser", "xml.dom.minidom", "zipfile",
         "tarfile", "sqlite3", "statistics", "difflib", "argparse",
         "configparser", "calendar", "gettext", "optparse", "pprint",
         "textwrap", "smtplib", "ftplib", "uuid", "wave", "plistlib"]


def handle(rng, number):
    if number % 60 == 0 and number // 60 < len(NAMES):
        importlib.import_module(NAMES[number // 60])
    words = ["w%d" % rng.randrange(100) for _ in range(20)]
    return len({word: words.count(word) for word in words})


def main():
    rng = random.Random(3)
    total = 0
    for number in range(2500):
        if number == 400:
            pmtrace.mark("early")
        total += handle(rng, number)
    pmtrace.mark("late")
    print(total)


main()
