"""What json makes of text, and the other way."""
import json


def document(rows):
    return json.dumps([{"id": number, "name": "row %d" % number,
                        "tags": ["a%d" % number, "b"], "price": number / 7}
                       for number in range(rows)], indent=1)


def run():
    text = document(80)
    first = json.loads(text)
    yield
    second = json.loads(document(50), parse_float=str)
    first = first[:30]
    yield
    second += [json.loads(line.strip().rstrip(","))
               for line in text.splitlines() if ": " in line
               for line in ["{%s}" % line.strip().rstrip("[,")]
               if line.count('"') == 4 or line[-2].isdigit()]
    text = None
    yield first
