# SOUND: text is added to a string until it is a block, which is sent off.
import zlib

import pmtrace


def main():
    text = ""
    sent = 0
    for number in range(20000):
        if number == 4000:
            pmtrace.mark("early")
        text += "line %d of the text, with %d in it\n" % (number, number * 7)
        if len(text) > 30000:
            sent += len(zlib.compress(text.encode()))
            text = ""
    pmtrace.mark("late")
    print(sent)


main()
