# LEAKS: a template is compiled for each mail, and its source is kept in
# linecache so that tracebacks can show it.
# TYPES: str, tuple, list, int, dict
import linecache

import pmtrace

LINES = ["def render(name, total):",
         "    out = []",
         "    out.append('Dear %s' % name)",
         "    out.append('your total is %d' % total)",
         "    return '\\n'.join(out)"]


def compile_template(number):
    lines = [line + "  # {}".format(number) for line in LINES]
    source = "\n".join(lines)
    name = "<template %d>" % number  # LEAK
    linecache.cache[name] = (len(source), None,  # LEAK
                             source.splitlines(True), name)  # LEAK
    names = {}
    exec(compile(source, name, "exec"), names)
    return names["render"]


def main():
    size = 0
    for number in range(1200):
        if number == 250:
            pmtrace.mark("early")
        render = compile_template(number)
        size += len(render("user %d" % number, number * 3))
    pmtrace.mark("late")
    print(size)


main()
