"""A cache by time of day: no key ever comes again."""
cache = {}


def render(page, moment):
    return "<html>" + page * 5 + str(moment) + "</html>"


def cached(page, moment):
    key = (page, moment)
    if key not in cache:
        cache[key] = ["head", page.upper(), str(moment)]  # LEAK
    return cache[key]


for moment in range(4000):
    cached("index", moment)
    render("index", moment)
