"""Work, and imports when they are needed."""
def stage_one():
    import json
    return len(json.dumps(list(range(200))))


def stage_two():
    import decimal
    return sum(decimal.Decimal(n) for n in range(200))


def stage_three():
    import xml.etree.ElementTree as tree
    return tree.fromstring("<a><b/></a>").tag


def stage_four():
    import email.message
    return str(email.message.EmailMessage())


for _ in range(30):
    stage_one()
    stage_two()
for _ in range(30):
    stage_three()
    stage_four()
