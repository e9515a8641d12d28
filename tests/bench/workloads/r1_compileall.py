"""R1: a real program: compileall of packages of the standard library."""
import compileall
import contextlib
import io
import os
import shutil
import sys
import tempfile

PACKAGES = ('json', 'logging', 'html')
ROUNDS = 30


def copy(target):
    library = os.path.dirname(os.__file__)
    for package in PACKAGES:
        os.makedirs(os.path.join(target, package))
        for name in sorted(os.listdir(os.path.join(library, package))):
            if name.endswith('.py'):
                shutil.copy(os.path.join(library, package, name),
                            os.path.join(target, package, name))


def main(scale=1.0):
    folder = tempfile.mkdtemp()
    try:
        copy(folder)
        good = True
        for _ in range(max(1, round(ROUNDS * scale))):
            with contextlib.redirect_stdout(io.StringIO()):
                good &= bool(compileall.compile_dir(folder, quiet=1,
                                                    force=True))
        return sum(len(names) for _, _, names in os.walk(folder)), good
    finally:
        shutil.rmtree(folder)


if __name__ == '__main__':
    print(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
