"""W6: what a small web service does with memory: parse a request, look rows
up, fill a template, answer in JSON; with a cache that forgets."""
import json
import string
import sys

PAGE = string.Template("<li class=$kind><a href=/item/$id>$name</a> $price</li>")


class Request:
    def __init__(self, line, headers, body):
        self.method, self.path, self.version = line.split(" ")
        self.headers = headers
        self.body = body

    def query(self):
        _, _, text = self.path.partition("?")
        return dict(pair.split("=", 1) for pair in text.split("&"))


def parse(raw):
    head, _, body = raw.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return Request(lines[0], headers, body)


def rows_of(query, count):
    first = int(query["first"])
    return [{"id": first + i, "name": "item %d" % (first + i),
             "kind": "new" if i % 7 else "old", "price": (first + i) * 0.25,
             "tags": ["t%d" % (i % 5), query["q"]]} for i in range(count)]


def answer(raw, cache):
    request = parse(raw)
    query = request.query()
    posted = json.loads(request.body)
    rows = rows_of(query, posted["count"])
    html = "\n".join(PAGE.substitute(row) for row in rows)
    text = json.dumps({"rows": rows, "user": posted["user"],
                       "agent": request.headers["user-agent"]})
    cache[query["first"]] = rows
    if len(cache) > 300:
        for key in list(cache)[:100]:
            del cache[key]
    return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
            % (len(html) + len(text)) + html + text)


def main(scale=1.0):
    cache = {}
    total = 0
    for i in range(max(1, round(12000 * scale))):
        raw = ("POST /list?first=%d&q=word%d HTTP/1.1\r\nHost: a.example\r\n"
               "User-Agent: load/1.0\r\nAccept: */*\r\nCookie: s=%d\r\n\r\n%s"
               % (i * 37 % 10007, i % 13, i, json.dumps(
                   {"user": {"id": i, "roles": ["a", "b"]}, "count": 20})))
        total += len(answer(raw, cache))
    return total


if __name__ == "__main__":
    print(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
