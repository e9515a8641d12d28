"""A memory limit for a process that runs, by a memory cgroup (version 1 or 2);
RLIMIT_AS is not the same: it makes malloc fail, and kills nobody."""

import os
import time


def _v1():
    """The memory controller's folder of version 1, where groups can be
    made."""
    return "/sys/fs/cgroup/memory"


def _v2():
    return "/sys/fs/cgroup"


def _root():
    """(folder, version) where a group can be made, or None."""
    for folder, version, limit in ((_v1(), 1, "memory.limit_in_bytes"),
                                   (_v2(), 2, "memory.max")):
        name = os.path.join(folder, "pmtrace-probe-%d" % os.getpid())
        try:
            os.mkdir(name)
        except OSError:
            continue
        able = os.path.exists(os.path.join(name, limit))
        os.rmdir(name)
        if able:
            return folder, version
    return None


class MemoryLimit:
    """The process may take so many bytes more than it has; then the kernel
    kills it."""

    _possible = None

    def __init__(self, pid, more):
        root, version = _root()
        self.name = os.path.join(root, "pmtrace-%d" % pid)
        os.mkdir(self.name)
        # What a process has already stays with its old group, so a new one
        # begins at 0 in both versions.
        self._write("memory.limit_in_bytes" if version == 1 else "memory.max",
                    more)
        if version == 2:
            self._write("memory.swap.max", 0, may_fail=True)
        self._write("cgroup.procs", pid)

    def _write(self, name, value, may_fail=False):
        try:
            with open(os.path.join(self.name, name), "w") as file:
                file.write(str(value))
        except OSError:
            if not may_fail:
                raise

    def release(self):
        for _ in range(50):
            try:
                os.rmdir(self.name)
                return
            except OSError:
                time.sleep(0.1)

    @classmethod
    def possible(cls):
        if cls._possible is None:
            cls._possible = _root() is not None
        return cls._possible
