"""200 names that try to do something: to shells, gnuplot, terminals, tables,
browsers, fonts, and to whoever counts columns. And what they must look like.

A name that runs something makes a file whose name begins with CANARY.
"""

import re
import unicodedata

CANARY = "canary"


def _commands():
    """What would make a file, in each way of quoting there is. %s is the
    command."""
    frames = [
        "$(%s)", "`%s`", "\"; system(\"%s\") #", "'; system('%s') #",
        "'; !%s", "\"; !%s", "\n!%s", "\n!%s\n", "\r\n!%s\r\n",
        "\"\nsystem \"%s\"\n#", "'\nsystem '%s'\n#", "\\\"; system(\"%s\") #",
        "\\\\\"; system(\"%s\") #", "''; system('%s') #", "\\'; !%s #",
        "\\\n!%s", "\"`%s`\"", "'`%s`'", "\\`%s\\`", "{`%s`}", "@`%s`",
        "a\nEOD\n!%s\n", "EOD\nsystem('%s')\n$p << EOD", "\nEOF\n!%s\n",
        "\n\n\n!%s", "#\n!%s", "\";|%s|\"", "| %s", "< %s", "'< %s'",
        "\"< %s\"", "; %s;", "&& %s &&", "|| %s", "& %s &", "> /dev/null; %s",
        "plot '< %s'", "\nset output '|%s'\n", "\nset print '|%s'\n",
        "\"\nset output '| %s' #", "\nload '< %s'\n", "\neval 'system(\"%s\")'",
        "\" using (system('%s')) #", "\\140%s\\140", "\\042; system('%s') #",
        "\\47; !%s", "\\x60%s\\x60", "\\u0060%s\\u0060", "%%s`%s`", "%%n$(%s)",
        "$(%s", "`%s", "`%s`\\", "\"; do for [i=1:1] { system('%s') } #",
        "\"; if (1) { !%s\n} #", "@A; !%s", "{/Symbol `%s`}",
        "\t`%s`\t", "\v!%s", "\f!%s", "\x1a!%s", "\u2028!%s", "\u0085!%s",
        "\u037e !%s", "\uff07; !%s", "$$(%s)", "${IFS}%s", "$0`%s`",
        "-o$(%s)", "--persist;`%s`", "-e '!%s'", "/$(%s)/x.py", "~/`%s`",
    ]
    return [frame.replace("%%", "\0") .replace("%s", "touch %s%d" % (CANARY, n))
            .replace("\0", "%") for n, frame in enumerate(frames)]


GNUPLOT = [
    "load 'x'", "call \"x\"", "unset", "exit", "quit", "reset", "pause -1",
    "EOF", "EOD", "e", "$data << EOD", "$panel0", "@panel0", "set term x11",
    "{/Bold a}", "{/:Bold b}_{c}^{d}", "a_b^c&{d}~e{.8-}", "@_x", "\\U+2713",
    "NaN", "1/0", "%g %s %n %%", "%.1s%cB", "#comment", "a # b",
    "title 'x' with lines", "'' using 1:2", "''", "\"\"", "'", "\"", "`", "``",
    "\\", "\\\\", "\\\"", "\\n", "\\101", "7", "\\1237", "\\07", "-",
]
MARKUP = [
    "<script>alert(1)</script>", "</text><script>alert(2)</script>",
    "\"><script>alert(3)</script>", "']]><script>alert(4)</script>", "]]>",
    "<![CDATA[x]]>", "<!-- x", "-->", "&amp;", "&lt;script&gt;", "&#60;x&#62;",
    "&nosuch;", "& <", "<?xml x?>", "<!ENTITY x SYSTEM 'y'>", "<svg onload=x>",
    "');alert(5);//", "\");alert(6);//", "</script><script>alert(7)//",
    "javascript:alert(8)", "<a href='x'>", "(a) Tj ET", "%%EOF", "endstream",
]
TERMINAL = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b[2J", "\x1bP0;1|x\x1b\\", "\x9b31m",
    "\x1b[?1049h", "\x08\x08\x08back", "\x07bell", "\x7fdel", "\x00nul",
    "a\x00b\x00", "tab\there", "two\nlines", "\r", "carriage\rreturn", "\n",
    "\x01\x02\x03", "\x80\x81\x85\x9f", b"\x9b31m", b"\x80\x90\x9d\x9f",
    b"\xff\xfe\xfd", b"\xc0\xaf", b"a\xe4b", b"\xed\xa0\x80 surrogate",
    b"\xf4\x90\x80\x80", b"cut \xe2\x82", b"\xf8\x88\x80\x80\x80",
]
LETTERS = [
    "\u202egnp.\u202c", "\u2066isolate\u2069", "\u200fmark\u200e",
    "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627 abc",
    "e\u0301\u0302\u0303", "a" + "\u0336" * 300, "\u0300" * 5000,
    "\u200bzero\u200d\u200cwide\ufeff", "\U0001f4a5 \U0001f469\u200d\U0001f4bb",
    "\U0001f1e9\U0001f1ea", "\u4e16\u754c" * 4, "\uff21\uff22", "\ufffd",
    "\ufffe\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff", "\ue000",
    "\U000e0041\U000e0042", "\u2028\u2029", "\xa0nbsp\xa0", "\xad",
    "", " ", "   spaces   in   it   ", "x" * 10000, "y\n" * 5000,
    "/" * 10000, "/long" * 2000, "z\u0335" * 5000, "\U0001f4a3" * 2500, "\"" * 400, "\\" * 401,
]
NAMES = _commands() + GNUPLOT + MARKUP + TERMINAL + LETTERS


def as_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


# Marks, embeddings, overrides and isolates of the bidirectional algorithm,
# separators, tags: category Cf, but for soft hyphen, joiners and spaces of no
# width, which change nothing around them; Zl, Zp. And what is no character.
KEPT = "\xad\u200b\u200c\u200d"


def looks(name):
    """The name as it must be shown: nothing in it moves anything, no heap of
    marks covers the lines around it."""
    out = []
    for char in as_bytes(name).decode("utf-8", "surrogateescape"):
        point, kind = ord(char), unicodedata.category(char)
        if 0xdc80 <= point <= 0xdcff:
            out.append("\\x%02x" % (point - 0xdc00))
        elif kind == "Cc":
            out += ["\\x%02x" % byte for byte in char.encode()]
        elif kind in ("Zl", "Zp") or kind == "Cf" and char not in KEPT or \
                point & 0xfffe == 0xfffe or 0xfdd0 <= point <= 0xfdef:
            out.append("\\U%08x" % point if point > 0xffff
                       else "\\u%04x" % point)
        else:
            out.append(char)
    return re.sub("([\u0300-\u036f]{4})[\u0300-\u036f]+", "\\1\u2026",
                  "".join(out))


def is_shown(name, text, room):
    """Is `text`, out of an SVG, that name, whole if it has `room` columns, or
    else with a gap in the middle (and maybe a path without its front)?"""
    whole = looks(name).replace("]]>", "]]\\x3e")    # gnuplot would leave it
    if text == whole:
        return True
    if len(whole) <= room and unicodedata.east_asian_width(
            max(whole, default="a")) not in "WF":
        return False
    head, gap, tail = text.rpartition("\u2026")
    head = head.rpartition("\u2026")[0] or head
    return bool(gap) and len(text) >= min(room, len(whole)) // 2 and \
        (whole.endswith(tail) or len(as_bytes(name)) > 1000) and \
        (whole.startswith(head) or "/" in whole)
