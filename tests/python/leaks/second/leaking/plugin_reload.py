# LEAKS: a plugin is reloaded whenever its settings change, and its base class
# keeps a list of all that were ever defined.
# TYPES: type, function, dict, tuple, str, list, code, bytes, cell, getset_descriptor, weakref, ReferenceType, int
import pmtrace

SOURCE = '''
class Plugin(Base):  # LEAK: "plugin.py", line 2
    threshold = {threshold}

    def check(self, value):
        return value > self.threshold

    def describe(self):
        return "more than %d" % self.threshold
'''


class Base:
    known = []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Base.known.append(cls)  # LEAK


def load(threshold):
    names = {"Base": Base, "__name__": "plugin"}  # LEAK
    source = SOURCE.format(threshold=threshold)
    exec(compile(source, "plugin.py", "exec"), names)  # LEAK
    return names["Plugin"]()


def main():
    over = 0
    for number in range(900):
        if number == 150:
            pmtrace.mark("early")
        plugin = load(number)
        over += sum(plugin.check(value) for value in range(0, 1000, 20))
    pmtrace.mark("late")
    print(over, len(Base.known))


main()
