"""A checker for the part of CDDL (RFC 8610) that spec/trace.cddl uses.

Rules of types and groups; choices; integers, ranges and names; .size on
strings; tags; arrays and maps; occurrence (?, *, +, n*m); member keys with
":" (which decides), "=>" and "^ =>".  Not here: generics, sockets, unwraps,
other control operators, floats; met in a schema they are an error.

Matching follows RFC 8610, appendix A: entries of a group are tried in their
order, greedily, without going back.
"""

import re

MAJOR = ("uint", "nint", "bytes", "text", "array", "map", "tag", "simple")


class Item:
    """A CBOR item: `major` by name, and what it holds."""

    __slots__ = ("major", "value", "inner")

    def __init__(self, major, value, inner=None):
        self.major = major
        self.value = value
        self.inner = inner

    def same(self, number):
        return (self.major in ("uint", "nint") and self.value == number)


def decode(data, at=0):
    """(Item, end) of well-formed CBOR of definite lengths."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        if info > 27:
            raise ValueError("indefinite or reserved")
        size = 1 << info - 24
        info = int.from_bytes(data[at:at + size], "big")
        at += size
    name = MAJOR[major]
    if major == 1:
        return Item(name, -1 - info), at
    if major in (2, 3):
        return Item(name, bytes(data[at:at + info])), at + info
    if major == 4:
        items = []
        for _ in range(info):
            item, at = decode(data, at)
            items.append(item)
        return Item(name, items), at
    if major == 5:
        pairs = []
        for _ in range(info):
            key, at = decode(data, at)
            value, at = decode(data, at)
            pairs.append((key, value))
        return Item(name, pairs), at
    if major == 6:
        inner, at = decode(data, at)
        return Item(name, info, inner), at
    return Item(name, info), at


# ---- the schema ----------------------------------------------------------

TOKEN = re.compile(r"""\s+|;[^\n]*|
    (?P<tag>\#6\.\d+) | (?P<control>\.[a-z]+) |
    (?P<range>-?\d+\.\.-?\d+) | (?P<occur>\d*\*\d*(?=[\s\[({a-z0-9])) |
    (?P<int>-?\d+) | (?P<name>[a-zA-Z_][a-zA-Z0-9_-]*) |
    (?P<op>=>|[=/()\[\]{},:?+^])""", re.VERBOSE)


def tokens(text):
    found = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise SyntaxError("CDDL: " + text[at:at + 40])
        at = match.end()
        if match.lastgroup:
            found.append((match.lastgroup, match.group().strip()))
    found.append(("end", ""))
    return found


class Schema:
    """Rules by name; the first is where checking begins.

    Types are tuples: ("choice", [type]), ("int", n), ("range", a, b),
    ("name", n), ("tag", n, type), ("array", group), ("map", group),
    ("size", type, type).  A group is a list of (low, high, key, cut, what):
    key is a type or None, what a type.
    """

    def __init__(self, text):
        self.tokens = tokens(text)
        self.at = 0
        self.rules = {}
        self.root = None
        while self.peek()[0] != "end":
            name = self.take("name")
            self.take("op", "=")
            if name in self.rules:
                raise SyntaxError("CDDL: %s twice" % name)
            if self.peek() == ("op", "("):
                self.next()
                self.rules[name] = ("group", self.group(")"))
            else:
                self.rules[name] = self.type()
            self.root = self.root or name
        self.used = set()
        for rule in self.rules.values():
            self.resolve(rule)
        unused = set(self.rules) - self.used - {self.root}
        if unused:
            raise SyntaxError("CDDL: not used: %s" % ", ".join(unused))

    def resolve(self, rule):
        """Every name is defined."""
        if isinstance(rule, list):
            for part in rule:
                self.resolve(part)
        elif isinstance(rule, tuple):
            if rule and rule[0] == "name":
                self.used.add(rule[1])
                if rule[1] not in self.rules and rule[1] not in PRELUDE:
                    raise SyntaxError("CDDL: no rule %s" % rule[1])
            for part in rule:
                self.resolve(part)

    # -- parsing --

    def peek(self, ahead=0):
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, sort, value=None):
        found = self.next()
        if found[0] != sort or value not in (None, found[1]):
            raise SyntaxError("CDDL: %s expected, not %s"
                              % (value or sort, found[1]))
        return found[1]

    def type(self):
        choices = [self.type1()]
        while self.peek() == ("op", "/"):
            self.next()
            choices.append(self.type1())
        return choices[0] if len(choices) == 1 else ("choice", choices)

    def type1(self):
        left = self.type2()
        if self.peek()[0] == "control":
            if self.next()[1] != ".size":
                raise SyntaxError("CDDL: control operator")
            left = ("size", left, self.type2())
        return left

    def type2(self):
        sort, value = self.next()
        if sort == "int":
            return ("int", int(value))
        if sort == "range":
            low, high = value.split("..")
            return ("range", int(low), int(high))
        if sort == "name":
            return ("name", value)
        if sort == "tag":
            self.take("op", "(")
            inner = self.type()
            self.take("op", ")")
            return ("tag", int(value[3:]), inner)
        if (sort, value) == ("op", "("):
            inner = self.type()
            self.take("op", ")")
            return inner
        if (sort, value) == ("op", "["):
            return ("array", self.group("]"))
        if (sort, value) == ("op", "{"):
            return ("map", self.group("}"))
        raise SyntaxError("CDDL: a type expected, not " + value)

    def group(self, end):
        entries = []
        while self.peek() != ("op", end):
            entries.append(self.entry())
            if self.peek() == ("op", ","):
                self.next()
        self.next()
        return entries

    def entry(self):
        low, high = 1, 1
        sort, value = self.peek()
        if (sort, value) == ("op", "?"):
            low, high = 0, 1
            self.next()
        elif (sort, value) == ("op", "+"):
            low, high = 1, None
            self.next()
        elif sort == "occur":
            a, b = value.split("*")
            low, high = int(a or 0), int(b) if b else None
            self.next()
        if self.peek(1) == ("op", ":"):         # the key decides
            sort, value = self.next()
            key = ("int", int(value)) if sort == "int" else ("label", value)
            self.next()
            return (low, high, key, True, self.type())
        what = self.type()
        cut = self.peek() == ("op", "^")
        if cut:
            self.next()
        if self.peek() == ("op", "=>"):
            self.next()
            return (low, high, what, cut, self.type())
        return (low, high, None, False, what)

    # -- checking --

    def check(self, item):
        """True when `item` is of the first rule."""
        return self.is_type(item, ("name", self.root))

    def is_type(self, item, type_):
        sort = type_[0]
        if sort == "choice":
            return any(self.is_type(item, t) for t in type_[1])
        if sort == "int":
            return item.same(type_[1])
        if sort == "range":
            return (item.major in ("uint", "nint")
                    and type_[1] <= item.value <= type_[2])
        if sort == "name":
            if type_[1] in self.rules:
                return self.is_type(item, self.rules[type_[1]])
            return PRELUDE[type_[1]](item)
        if sort == "tag":
            return (item.major == "tag" and item.value == type_[1]
                    and self.is_type(item.inner, type_[2]))
        if sort == "size":
            return (self.is_type(item, type_[1])
                    and self.is_type(Item("uint", len(item.value)),
                                     type_[2]))
        if sort == "array":
            return (item.major == "array" and self.elements(
                item.value, 0, type_[1]) == len(item.value))
        if sort == "map":
            if item.major != "map":
                return False
            left = list(item.value)
            return self.members(left, type_[1]) and not left
        raise SyntaxError("CDDL: %s is no type" % sort)

    def as_group(self, what):
        """The entries of a group rule that an entry names, or None."""
        if what[0] == "name":
            rule = self.rules.get(what[1])
            if rule and rule[0] == "group":
                return rule[1]
        return None

    def elements(self, items, at, group):
        """Where in an array the entries of a group end, or None."""
        for low, high, _, _, what in group:
            inner = self.as_group(what)
            count = 0
            while high is None or count < high:
                if inner is not None:
                    end = self.elements(items, at, inner)
                    if end is None or end == at:
                        break
                    at = end
                elif at < len(items) and self.is_type(items[at], what):
                    at += 1
                else:
                    break
                count += 1
            if count < low:
                return None
        return at

    def members(self, left, group):
        """Takes the pairs that a group matches from `left`; False when an
        entry is not satisfied, or a key decides against the map."""
        for low, high, key, cut, what in group:
            inner = self.as_group(what) if key is None else None
            if inner is not None:
                if not self.members(left, inner) and low:
                    return False
                continue
            if key is None:
                raise SyntaxError("CDDL: a member without a key")
            count = 0
            for pair in list(left):
                if high is not None and count == high:
                    break
                if not self.is_type(pair[0], key):
                    continue
                if self.is_type(pair[1], what):
                    left.remove(pair)
                    count += 1
                elif cut:
                    return False
            if count < low:
                return False
        return True


PRELUDE = {
    "any": lambda item: True,
    "uint": lambda item: item.major == "uint",
    "nint": lambda item: item.major == "nint",
    "int": lambda item: item.major in ("uint", "nint"),
    "bstr": lambda item: item.major == "bytes",
    "tstr": lambda item: item.major == "text",
}
