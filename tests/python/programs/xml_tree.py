"""A tree of elements, parsed and changed."""
import xml.etree.ElementTree as tree


def document(count):
    return "<list>%s</list>" % "".join(
        "<item id='%d' kind='k%d'><name>thing %d</name>tail</item>"
        % (number, number % 5, number) for number in range(count))


def run():
    root = tree.fromstring(document(150))
    yield
    for item in root.findall("item")[::2]:
        root.remove(item)
    text = tree.tostring(root)
    yield
    for number in range(40):
        tree.SubElement(root, "extra", number=str(number)).text = "x" * number
    text = text.split(b"<")
    yield
