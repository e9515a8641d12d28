# SOUND: an editor that keeps the last hundred states of its text.
import random

import pmtrace

WORDS = "one two three four five six seven eight nine ten".split()


class Editor:
    def __init__(self):
        self.words = []
        self.undo = []

    def change(self, rng):
        self.undo.append(list(self.words))
        if len(self.undo) > 100:
            self.undo.pop(0)
        if len(self.words) > 150:
            del self.words[rng.randrange(150)]
        self.words.insert(rng.randrange(len(self.words) + 1),
                          "%s%d" % (rng.choice(WORDS), rng.randrange(99)))
        if rng.random() < 0.1:
            self.words = self.undo.pop()


def main():
    rng = random.Random(20)
    editor = Editor()
    for number in range(6000):
        if number == 1000:
            pmtrace.mark("early")
        editor.change(rng)
    pmtrace.mark("late")
    print(len(" ".join(editor.words)))


main()
