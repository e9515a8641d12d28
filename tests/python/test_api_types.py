"""The stubs (.pyi) say what the modules have: the same names, parameters and
defaults; and every public name has a docstring."""

import ast
import inspect
import os
import re

import pmtrace
from pmtrace import _options, pymemtrace
from recorder_support import check, equal, finish, skip

if pmtrace._recorder is None:
    skip("the recorder is not built")


def parameters_of_stub(node):
    """[(name, default or None, keyword only)]; without self and cls."""
    args = node.args
    names = [a.arg for a in getattr(args, "posonlyargs", []) + args.args]
    defaults = [None] * (len(names) - len(args.defaults)) + args.defaults
    rows = [(n, d, False) for n, d in zip(names, defaults)]
    rows += [(a.arg, d, True)
             for a, d in zip(args.kwonlyargs, args.kw_defaults)]
    rows = [(n, None if d is None else ast.literal_eval(d), k)
            for n, d, k in rows if n not in ("self", "cls")]
    return rows + [(a.arg, None, None) for a in (args.vararg, args.kwarg) if a]


def parameters_of(function):
    rows = []
    for p in inspect.signature(function).parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            rows.append((p.name, None, None))
        else:
            rows.append((p.name, None if p.default is p.empty else p.default,
                         p.kind == p.KEYWORD_ONLY))
    return rows


def look_at(what, stub, thing):
    """A function or method; `with` takes its arguments as they come."""
    if stub.name == "__exit__":
        return
    decorators = [d.id for d in stub.decorator_list]
    if "property" in decorators:
        check(isinstance(thing, property), what + " is no property")
        return
    equal(parameters_of(thing), parameters_of_stub(stub), what)
    check(stub.returns is not None, what + ": the stub has no return")


def members(thing):
    return {name for cls in thing.__mro__[:-1] for name in vars(cls)
            if not name.startswith("_") and
            not inspect.ismemberdescriptor(vars(cls)[name])}


def compare(module):
    path = os.path.splitext(module.__file__)[0] + ".pyi"
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    public = set()
    declared = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            public.add(node.name)
            look_at(node.name, node, getattr(module, node.name))
        elif isinstance(node, ast.AnnAssign):
            public.add(node.target.id)
        elif isinstance(node, ast.ClassDef):
            own = {n.name: n for n in node.body
                   if isinstance(n, ast.FunctionDef)}
            for base in node.bases:
                own = dict(declared.get(base.id, {}), **own)
            declared[node.name] = own
            if node.name.startswith("_"):
                continue
            public.add(node.name)
            cls = getattr(module, node.name)
            for name, stub in own.items():
                thing = inspect.getattr_static(cls, name)
                if not isinstance(thing, property):
                    thing = getattr(cls, name)
                look_at("%s.%s" % (node.name, name), stub, thing)
            equal(members(cls) - set(own), set(),
                  node.name + ": not in the stub")
    equal(public, set(module.__all__), module.__name__ + ".__all__")
    for name in module.__all__:
        thing = getattr(module, name)
        if not isinstance(thing, str):
            check(thing.__doc__, name + " has no docstring")
        if inspect.isclass(thing):
            for member in members(thing):
                check(getattr(thing, member).__doc__,
                      "%s.%s has no docstring" % (name, member))


def settings():
    """Recorder has every setting as an argument, with the default that the
    command lines use, but for children, and its docstring tells of it."""
    rows = {name: default for name, default, _ in
            parameters_of(pmtrace.Recorder) if name != "settings"}
    for name, default in dict(_options.DEFAULTS, children=0).items():
        equal(rows.get(name, "nothing"), default, name)
    equal(set(rows) - set(_options.DEFAULTS),
          {"path", "force", "snapshot_values"}, "arguments")
    text = inspect.cleandoc(pmtrace.Recorder.__doc__)
    for name, default in rows.items():
        match = re.search(r"^%s  ?(.*?)^\w" % name, text, re.M | re.S)
        check(match, "the docstring does not tell of " + name)
        if name == "path" or not match:
            continue
        value = '"%s"' % default if isinstance(default, str) else str(default)
        check("default %s)" % value in " ".join(match.group(1).split()) or
              '(default "%s")' % default in " ".join(match.group(1).split()),
              "the docstring does not tell the default of %s" % name)


compare(pmtrace)
compare(pymemtrace)
settings()
finish()
