"""R2: a real program: unit tests that parse modules of the standard library,
walk their syntax trees and write them as JSON."""
import ast
import io
import json
import os
import sys
import unittest

MODULES = ('shlex', 'textwrap', 'heapq', 'csv', 'calendar')
COUNT = 20


def plain(node):
    """A syntax tree of dicts, lists and constants."""
    if isinstance(node, ast.AST):
        found = {'type': type(node).__name__}
        for name, value in ast.iter_fields(node):
            found[name] = plain(value)
        return found
    if isinstance(node, list):
        return [plain(item) for item in node]
    if node is None or isinstance(node, (str, int)):
        return node
    return repr(node)


class Check(unittest.TestCase):
    module = ''

    def setUp(self):
        path = os.path.join(os.path.dirname(os.__file__),
                            self.module + '.py')
        with open(path, encoding='utf-8') as file:
            self.text = file.read()
        self.tree = ast.parse(self.text)

    def test_json(self):
        tree = plain(self.tree)
        text = json.dumps(tree, indent=1, sort_keys=True)
        self.assertEqual(json.loads(text), tree)

    def test_walk(self):
        names = {}
        for node in ast.walk(self.tree):
            names.setdefault(type(node).__name__, []).append(
                getattr(node, 'lineno', 0))
        self.assertIn('FunctionDef', names)
        self.assertLessEqual(max(names['FunctionDef']),
                             self.text.count('\n') + 1)

    def test_dump(self):
        dumped = ast.dump(self.tree)
        again = ast.dump(ast.parse(self.text.replace('\t', ' ' * 8)))
        self.assertEqual(len(dumped), len(again))


def main(scale=1.0):
    suite = unittest.TestSuite()
    for i in range(max(1, round(COUNT * scale))):
        module = MODULES[i % len(MODULES)]
        kind = type(module, (Check,), {'module': module})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(kind))
    result = unittest.TextTestRunner(io.StringIO()).run(suite)
    return result.testsRun, result.wasSuccessful()


if __name__ == '__main__':
    print(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
