# LEAKS: the elements of a stream that never ends stay children of its root.
# TYPES: Element, xml.etree.ElementTree.Element, dict, str, list
import xml.etree.ElementTree as ElementTree

import pmtrace


class Stream:
    def __init__(self):
        self.parser = ElementTree.XMLPullParser(["end"])
        self.parser.feed("<stream>")
        self.seen = 0

    def feed(self, text):
        self.parser.feed(text)  # LEAK
        for _, element in self.parser.read_events():
            if element.tag == "message":
                self.handle(element)

    def handle(self, element):
        self.seen += len(element.findtext("body"))


def main():
    stream = Stream()
    for number in range(3000):
        if number == 600:
            pmtrace.mark("early")
        stream.feed('<message from="u%d" id="m%d"><body>hello, number %d'
                    '</body></message>' % (number % 9, number, number))
    pmtrace.mark("late")
    print(stream.seen)


main()
