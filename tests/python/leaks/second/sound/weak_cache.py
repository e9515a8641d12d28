# SOUND: a cache that keeps nothing alive: what nobody uses goes.
import random
import weakref

import pmtrace

images = weakref.WeakValueDictionary()


class Image:
    def __init__(self, name):
        self.name = name
        self.pixels = bytearray(500)


def image(name):
    found = images.get(name)
    if found is None:
        found = images[name] = Image(name)
    return found


def main():
    rng = random.Random(17)
    shown = [None] * 200
    for number in range(8000):
        if number == 1500:
            pmtrace.mark("early")
        picture = image("image%d" % rng.randrange(5000))
        picture.pixels[number % 500] = 1
        shown[rng.randrange(200)] = picture
    pmtrace.mark("late")
    print(len(images))


main()
