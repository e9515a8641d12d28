"""The web services that are recorded: a virtual environment with gunicorn,
uWSGI, Jinja2 and pmtrace from this source, their commands, and the load."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))

PACKAGES = ("gunicorn", "jinja2", "uwsgi")


def give_up(text):
    print(text)
    sys.exit(77)


def environment(python, packages=PACKAGES):
    """The folder of a virtual environment that has all; it is kept. The
    interpreter needs no pip of its own."""
    words = subprocess.run(
        [python, "-c", "import sysconfig;"
         "print(sysconfig.get_config_var('SOABI'))"],
        stdout=subprocess.PIPE, check=True).stdout.decode().split()
    folder = os.path.join(
        os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")),
        "pmtrace", "service-" + words[0])
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check",
           "--python", os.path.join(folder, "bin", "python"), "install"]
    if not os.path.exists(os.path.join(folder, "bin", "python")):
        subprocess.run([python, "-m", "venv", "--without-pip", folder],
                       check=True)
    missing = [name for name in packages if subprocess.run(
        [os.path.join(folder, "bin", "python"), "-c",
         "from importlib.metadata import version; version(%r)" % name],
        stderr=subprocess.DEVNULL).returncode != 0]
    if missing:
        print("installing %s in %s, some minutes" % (
            ", ".join(missing), folder), flush=True)
        subprocess.run(pip + missing, check=True)
    subprocess.run(pip + ["--force-reinstall", "--no-deps",
                          "--no-build-isolation", SOURCE], check=True)
    if shutil.which("wrk") is None:
        give_up("no wrk, the load generator; Debian has it in package wrk")
    return folder


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """A server with a master and workers, on a port of 127.0.0.1."""

    def __init__(self, kind, venv, folder, workers, setting, cpu=None,
                 application="app"):
        self.kind = kind
        self.folder = folder
        self.module = application + ":application"
        self.port = free_port()
        self.workers = workers
        os.makedirs(folder)
        self.log_path = os.path.join(folder, "server.log")
        self.side_path = os.path.join(folder, "side.log")
        self.env = dict(os.environ, SERVICE_LOG=self.side_path)
        self.env.pop("PYTHONPATH", None)
        self.env.pop("PMTRACE", None)
        if setting:
            self.env["PMTRACE"] = setting
        self.words = self.command(os.path.join(venv, "bin"), venv)
        if cpu is not None:
            self.words[:0] = ["taskset", "-c", str(cpu)]

    def command(self, bin_folder, venv):
        address = "127.0.0.1:%d" % self.port
        if self.kind == "uwsgi":
            # --py-call-osafterfork: uWSGI forks without telling Python
            # otherwise.
            return [os.path.join(bin_folder, "uwsgi"), "--master",
                    "--http-socket", address, "--processes",
                    str(self.workers), "--home", venv, "--chdir", HERE,
                    "--wsgi", self.module, "--need-app",
                    "--die-on-term", "--py-call-osafterfork",
                    "--enable-threads", "--disable-logging"]
        words = [os.path.join(bin_folder, "gunicorn"), "--bind", address,
                 "--workers", str(self.workers), "--chdir", HERE,
                 "--log-level", "info", "--timeout", "60"]
        if self.kind == "gunicorn gthread":
            words += ["--worker-class", "gthread", "--threads", "4"]
        return words + [self.module]

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.words, env=self.env, cwd=self.folder, stdout=log,
                stderr=subprocess.STDOUT)
        until = time.monotonic() + 60
        while len(self.worker_pids()) < self.workers or not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit("%s did not start:\n%s" % (self.kind,
                                                            self.log()))
            time.sleep(0.05)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                s.sendall(b"GET /page HTTP/1.0\r\n\r\n")
                return s.recv(4096).startswith(b"HTTP/1.")
        except OSError:
            return False

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def worker_pids(self):
        """As the kernel has them: children of the master."""
        name = "/proc/%d/task/%d/children" % (self.process.pid,
                                              self.process.pid)
        try:
            with open(name) as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []

    def told_pids(self):
        """All workers that there ever were, as the server's log tells."""
        found = re.findall(r"Booting worker with pid: (\d+)|"
                           r"spawned uWSGI worker \d+ \(pid: (\d+)|"
                           r"Respawned uWSGI worker \d+ \(new pid: (\d+)\)",
                           self.log())
        return sorted({int(a or b or c) for a, b, c in found})

    def load(self, seconds, connections=4, leak_every=0, leak_bytes=0,
             cpu=None):
        """Starts wrk, which ends by itself."""
        words = ["wrk", "-t", "1", "-c", str(connections), "-d",
                 "%ds" % seconds, "--timeout", "20s", "-s",
                 os.path.join(HERE, "load.lua"),
                 "http://127.0.0.1:%d" % self.port]
        if cpu is not None:
            words[:0] = ["taskset", "-c", str(cpu)]
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, LEAK_EVERY=str(leak_every),
                     LEAK_BYTES=str(leak_bytes)))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def figures(load):
    """(requests, requests a second, errors) that wrk counted."""
    text = load.communicate()[0].decode()
    done = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    if load.returncode != 0 or not done or not rate:
        raise SystemExit("wrk: status %d\n%s" % (load.returncode, text))
    # Not "read": uWSGI closes the connection after each answer.
    errors = sum(map(int, re.findall(
        r"(?:connect|timeout|responses:) (\d+)", text)))
    return int(done.group(1)), float(rate.group(1)), errors


def pmt_json(venv, *words):
    """What a pmt command prints as JSON lines; its status."""
    result = subprocess.run([os.path.join(venv, "bin", "pmt")] + list(words),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ([json.loads(line) for line in result.stdout.splitlines()],
            result.returncode, result.stderr.decode("utf-8", "replace"))
