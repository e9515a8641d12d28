"""Makes up the web server's side of the example: logs, customers, routes.

Everything follows from the seed, so two runs read the same requests.
"""
import collections
import csv
import datetime
import json
import math
import os
import random

ROUTES = {
    "home": r"^/$",
    "product": r"^/product/\d+$",
    "search": r"^/search\?q=\w+",
    "cart": r"^/cart(/add)?$",
    "checkout": r"^/checkout$",
    "asset": r"^/static/",
    "api": r"^/api/v[12]/",
}
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1",
    "curl/8.5.0",
    "ExampleBot/2.1 (+https://example.org/bot.html)",
]
WORDS = ["lamp", "chair", "desk", "rug", "shelf", "mirror", "clock", "vase"]
COUNTRIES = ["DE", "FR", "US", "IN", "BR", "JP"]
FIRST_DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)


def write_site(folder, days, requests, seed=7):
    """Write routes.json, customers.csv and a log for each day.

    `requests` is their number over all days.  Returns the logs' paths.
    """
    rng = random.Random(seed)
    with open(os.path.join(folder, "routes.json"), "w") as file:
        json.dump(ROUTES, file, indent=2)
    visitors = ["10.%d.%d.%d" % (rng.randrange(256), rng.randrange(256),
                                 rng.randrange(1, 255))
                for _ in range(max(20, requests // 25))]
    with open(os.path.join(folder, "customers.csv"), "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["address", "customer", "country"])
        for i, address in enumerate(visitors[::2]):
            rows.writerow([address, "customer-%04d" % i,
                           rng.choice(COUNTRIES)])
    paths = []
    for day in range(days):
        path = os.path.join(folder, "access-%d.log" % (day + 1))
        write_log(path, rng, FIRST_DAY + datetime.timedelta(days=day),
                  requests // days, visitors)
        paths.append(path)
    return paths


def write_log(path, rng, day, requests, visitors):
    """Write one day's log in the combined format of web servers."""
    here = collections.deque(maxlen=40)
    with open(path, "w") as file:
        for i in range(requests):
            when = day + datetime.timedelta(days=time_of_day(i / requests))
            # Most requests are from someone who is there already; of the
            # others few come often, many seldom.
            if here and rng.random() < 0.8:
                visitor = rng.choice(here)
            else:
                visitor = int(len(visitors) * rng.random() ** 2)
                here.append(visitor)
            status = rng.choices([200, 304, 404, 500], [88, 7, 4, 1])[0]
            size = int(rng.paretovariate(1.2) * 900) if status == 200 else 0
            file.write('%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s" %.3f\n' % (
                visitors[visitor], when.strftime("%d/%b/%Y:%H:%M:%S %z"),
                "GET" if rng.random() < 0.93 else "POST", url(rng), status,
                size, AGENTS[visitor % len(AGENTS)], rng.expovariate(12)))


def time_of_day(part):
    """When this part of a day's requests is over, as a part of the day."""
    return part + 0.5 * math.sin(2 * math.pi * part) / (2 * math.pi)


def url(rng):
    """The path of one request."""
    dice = rng.random()
    if dice < 0.15:
        return "/"
    if dice < 0.45:
        return "/product/%d" % rng.randrange(400)
    if dice < 0.55:
        return "/search?q=%s%d" % (rng.choice(WORDS), rng.randrange(50))
    if dice < 0.62:
        return rng.choice(["/cart", "/cart/add", "/checkout"])
    if dice < 0.90:
        return "/static/%s.css" % rng.choice(WORDS)
    return "/api/v%d/items/%d" % (rng.choice([1, 2]), rng.randrange(400))
