"""What the end-to-end scenarios stand on: a daemon of their own, the command line, and an eye on every process.

A scenario is a `*_test.py` beside this file. It runs the real programs, which are in the directory that the variable
ALDER_BIN_DIR names (without it, those of the dev build); with ALDER_E2E_KEEP=1 the homes of the daemons stay, to be
looked at.
"""

import dataclasses
import http.client
import json
import os
import pathlib
import pty
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCES = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("ALDER_BIN_DIR", SOURCES / "build/dev/bin")).resolve()
PATIENCE = 30.0  # seconds: of every wait, for machines that do much else
POLL = 0.02  # seconds
SKIPPED = 77  # exit code: no test of the file could run
# What sanitizers and assertions leave in the log of a program that has a bug.
BUG_MARKS = ("Sanitizer", "runtime error:", "assertion failed", "terminate called")


def gives_no_memory_back():
    """Whether the daemon was built with AddressSanitizer, which keeps what was freed."""
    return b"__asan_init" in (PROGRAMS / "alderd").read_bytes()


def wait_until(what, condition, deadline=PATIENCE):
    """Polls until `condition` returns something true, and returns that; fails the test after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= end:
            raise AssertionError(f"waited {deadline:.0f} s in vain until {what}")
        time.sleep(POLL)


@dataclasses.dataclass(frozen=True)
class Process:
    """One process; with its start time, so that a number that is used again is another process."""
    pid: int
    start: str

    def is_alive(self):
        found = status_of(self.pid)
        return found is not None and found[1] == self.start and found[2] not in "ZX"

    def __str__(self):
        try:
            words = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            words = b"gone"
        return f"{self.pid} ({words.replace(bytes(1), b' ').decode(errors='replace').strip()})"


def status_of(pid):
    """(parent, start time in clock ticks, state) of a process, None when there is none."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()  # the name before may contain anything
    return int(fields[1]), fields[19], fields[0]


def process(pid):
    found = status_of(pid)
    return Process(pid, found[1]) if found else None


def is_alive(pid):
    found = process(pid)
    return found is not None and found.is_alive()


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on, below those the kernel hands out by itself."""
    found = []
    for port in random.sample(range(15000, 32000), 500):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("there are no free ports")


class Answer:
    """What a command said. With --json all of its standard output is JSON, one document a line."""

    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err
        self.lines = out.splitlines()
        self.documents = []
        if "--json" in words:
            try:
                self.documents = [json.loads(line) for line in self.lines if line]
            except ValueError as broken:
                raise AssertionError(f"{self} is not JSON alone: {broken}") from broken

    @property
    def json(self):
        if len(self.documents) != 1:
            raise AssertionError(f"{self} is not one JSON document")
        return self.documents[0]

    @property
    def said(self):
        return self.out + self.err

    def __str__(self):
        return f"`alder {' '.join(self.words)}`: exit code {self.code}\nstdout:\n{self.out}\nstderr:\n{self.err}"


class Listener:
    """Collects the lines that a program writes, as they come."""

    def __init__(self, stream):
        self.lines = []
        self.thread = threading.Thread(target=self.listen, args=(stream,), daemon=True)
        self.thread.start()

    def listen(self, stream):
        for line in stream:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("alder", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Home:
    """One ALDER_HOME: a directory, perhaps a daemon in it, and all processes that belong to it."""

    def __init__(self, variables=None):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="alder-e2e.", dir="/tmp"))
        self.path = self.top / "home"
        self.files = self.top / "files"  # configurations and what services write
        self.files.mkdir()
        self.socket = self.path / "run" / "alder.sock"
        self.daemon_kills = 0  # since this keeper started
        self.seen = set()  # every process of this home that was ever found
        self.members = set()  # how ALDER_MEMBER of our services begins
        self.background = []
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        python = os.path.dirname(os.path.realpath(sys.executable))
        self.environment = kept | {
            "ALDER_HOME": str(self.path),
            "HOME": str(self.top),
            "PATH": f"{PROGRAMS}:{python}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        } | (variables or {})

    # Running commands

    def alder(self, *words, expect=0, timeout=60.0, cwd=None, variables=None):
        """Runs `alder WORDS`; fails the test when the exit code is not `expect` (None: any)."""
        words = [str(word) for word in words]
        try:
            done = subprocess.run([PROGRAMS / "alder", *words], cwd=cwd or self.files, stdin=subprocess.DEVNULL,
                                  env=self.environment | (variables or {}), capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"`alder {' '.join(words)}` did not end within {timeout} s\n{late.stdout}\n"
                                 f"{late.stderr}\n{self.story()}") from late
        answer = Answer(words, done.returncode, done.stdout.decode(errors="replace"),
                        done.stderr.decode(errors="replace"))
        if expect is not None and answer.code != expect:
            raise AssertionError(f"expected exit code {expect} of {answer}\n{self.story()}")
        return answer

    def begin(self, *words, **options):
        """Starts `alder WORDS` and returns its Popen; it is ended with the home."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "cwd": self.files, "env": self.environment} | options
        started = subprocess.Popen([PROGRAMS / "alder", *[str(word) for word in words]], **options)
        self.background.append(started)
        return started

    def write(self, name, text):
        file = self.files / name
        file.write_text(text)
        return file

    def up(self, text, *words, name="alder.yaml", **options):
        """Writes a configuration and brings it up."""
        return self.alder("up", self.write(name, text), *words, **options)

    def request(self, method, target, body=None, headers=None, timeout=PATIENCE):
        """(status, document) of one request to the daemon; the body may be text, or something to say as JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection = UnixConnection(self.socket, timeout)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    # Looking

    def info(self):
        return self.alder("info", "--json").json

    def trees(self):
        return self.alder("tree", "--json").json["trees"]

    def services(self):
        """The services by name; by tree/name where several trees have the same."""
        found = self.alder("ls", "--json").json["services"]
        names = [service["name"] for service in found]
        return {name if names.count(name) == 1 else f"{service['tree']}/{name}": service
                for name, service in zip(names, found)}

    def steady_services(self):
        """The same but for what they use, which is measured anew each time."""
        return {name: {key: value for key, value in service.items() if key != "usage"}
                for name, service in self.services().items()}

    def service(self, name):
        return self.services()[name]

    def pids(self):
        return {name: service["pid"] for name, service in self.services().items() if "pid" in service}

    def states(self):
        return {name: service["state"] for name, service in self.services().items()}

    def events(self, *names, count=10000):
        return self.alder("events", "--json", "-n", count, *names).documents

    def kinds(self, *names):
        return [event["kind"] for event in self.events(*names)]

    def all_run(self):
        found = self.services()
        return bool(found) and all(service["state"] == "running" and is_alive(service.get("pid", 0))
                                   for service in found.values())

    def daemon_answers(self):
        try:
            return self.request("GET", "/_ping", timeout=5)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def story(self):
        """What happened here, for a test that failed."""
        parts = []
        for words in (["tree"], ["events", "-n", "40"]):
            try:
                done = subprocess.run([PROGRAMS / "alder", *words], env=self.environment, capture_output=True,
                                      timeout=10)
                parts.append(f"$ alder {' '.join(words)}\n" + (done.stdout + done.stderr).decode(errors="replace"))
            except subprocess.TimeoutExpired:
                parts.append(f"$ alder {' '.join(words)}\n(no answer)")
        for log in ("keeper.log", "daemon.log"):
            file = self.path / "state" / log
            if file.exists():
                parts.append(f"{log}:\n" + "\n".join(file.read_text(errors="replace").splitlines()[-40:]))
        return "\n".join(parts)

    def wait_until(self, what, condition, deadline=PATIENCE):
        try:
            return wait_until(what, condition, deadline)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.story()}") from None

    # Processes

    def keeper_pid(self):
        """Of the keeper that has the home's lock; None when there is none."""
        try:
            pid = int((self.path / "run" / "keeper.lock").read_text())
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid) and "alder-keeper" in str(process(pid)) else None

    def processes(self):
        """Every living process of this home: the keeper, all below it, and who has our marks in its environment."""
        parents, marked = {}, set()
        home = f"ALDER_HOME={self.path}".encode()
        keeper = self.keeper_pid()
        if keeper:
            self.members.add(f"ALDER_MEMBER={keeper}.{process(keeper).start}/".encode())
        for entry in os.scandir("/proc"):
            found = status_of(entry.name) if entry.name.isdigit() else None
            if not found or found[2] in "ZX":
                continue
            one = Process(int(entry.name), found[1])
            parents[one] = found[0]
            try:
                variables = pathlib.Path(entry.path, "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it has just ended, or is somebody else's
            if home in variables or any(one_of.startswith(tuple(self.members)) for one_of in variables):
                marked.add(one)
        family = {one for one in parents if one in marked or one.pid == keeper}
        while True:
            pids = {one.pid for one in family}
            more = {one for one, parent in parents.items() if parent in pids} - family
            if not more:
                break
            family |= more
        self.seen |= family
        return family

    def members_of(self, name, tree=None):
        """Processes that were started for a service, however far from it they are by now."""
        found = set()
        for one in self.processes():
            try:
                variables = pathlib.Path(f"/proc/{one.pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            for variable in variables:
                if variable.startswith(b"ALDER_MEMBER="):
                    service = "/".join(variable.decode().split("/")[1:-1])  # PREFIX/TREE/NAME/GENERATION
                    if service == f"{tree}/{name}" or (tree is None and service.split("/")[-1] == name):
                        found.add(one)
        return found

    def kill(self, name, how=signal.SIGKILL):
        """Sends a signal to the main process of a service and returns its number."""
        pid = self.service(name)["pid"]
        os.kill(pid, how)
        return pid

    def kill_daemon(self):
        """Kills alderd and waits until its successor answers; returns the two numbers."""
        before = self.request("GET", "/v1/info")[1]
        self.daemon_kills += 1
        os.kill(before["pid"], signal.SIGKILL)
        return before["pid"], self.wait_for_successor(before["pid"])

    def wait_for_successor(self, pid):
        def successor():
            try:
                now = self.request("GET", "/v1/info", timeout=5)[1]
            except (OSError, http.client.HTTPException):
                return None
            return now["pid"] if now["pid"] != pid else None
        return self.wait_until("another daemon answers", successor)

    def stop_daemon(self):
        """`alder daemon stop`, and a look at what it leaves: nothing may."""
        self.processes()
        had_keeper = self.keeper_pid() is not None
        if had_keeper and self.daemon_answers():
            epoch = self.info()["epoch"]
            if epoch != 1 + self.daemon_kills:
                raise AssertionError(f"the daemon was started {epoch} times, but was killed {self.daemon_kills} times: "
                                     f"it crashed\n{self.story()}")
        answer = self.alder("daemon", "stop", timeout=90)
        if answer.out.strip() not in ("the daemon has stopped", "no daemon is running"):
            raise AssertionError(f"unexpected words of {answer}")
        self.daemon_kills = 0
        try:
            wait_until("no process of this home is left", lambda: not self.processes(), deadline=10)
        except AssertionError as late:
            raise AssertionError(f"{late}: {', '.join(map(str, self.processes()))}\n{self.story()}") from None
        left = [one for one in self.seen if one.is_alive()]
        if left:
            raise AssertionError(f"processes are left: {', '.join(map(str, left))}\n{self.story()}")

    def close(self):
        """Ends everything; fails the test when something is left or a program of ours had a bug."""
        try:
            for one in self.background:
                if one.poll() is None:
                    one.terminate()
                one.wait(PATIENCE)
            self.stop_daemon()
            for one in self.background:
                one.communicate(timeout=PATIENCE)  # nobody is left who could hold its pipes
            for log in self.path.glob("state/**/*.log"):
                text = log.read_text(errors="replace")
                if any(mark in text for mark in BUG_MARKS):
                    raise AssertionError(f"a bug, in {log.name}:\n{text[-8000:]}")
        finally:
            for one in self.seen | self.processes():
                if one.is_alive():
                    os.kill(one.pid, signal.SIGKILL)
            if not os.environ.get("ALDER_E2E_KEEP"):
                shutil.rmtree(self.top, ignore_errors=True)


class Scenario(unittest.TestCase):
    """A test with a home of its own, which must be empty afterwards."""
    maxDiff = None
    longMessage = True

    def setUp(self):
        self.home = self.new_home()

    def new_home(self, **variables):
        home = Home(variables)
        self.addCleanup(home.close)
        return home

    def need(self, *programs):
        """Skips the test, with a notice, when a program it is about is not installed."""
        missing = [one for one in programs if not shutil.which(one, path=self.home.environment["PATH"])]
        if missing:
            self.skipTest(f"not installed: {', '.join(missing)}")

    def need_terminals(self):
        """Skips the test, with a notice, where there are none, as in a bare chroot."""
        try:
            for end in pty.openpty():
                os.close(end)
        except OSError as none:
            self.skipTest(f"no pseudo-terminal to be had here: {none}")

    def assert_runs_anew(self, before, *names):
        """Waits until all services run, and exactly those in `names` have other processes than in `before`."""
        home = self.home

        def anew():
            found = home.services()
            pids = {name: service.get("pid", 0) for name, service in found.items() if service["state"] == "running"}
            return len(pids) == len(found) and all(map(is_alive, pids.values())) and all(
                pids.get(name, before[name]) != before[name] for name in names) and pids
        after = home.wait_until(f"{', '.join(names)} run anew", anew)
        self.assertEqual(sorted(after), sorted(before))
        self.assertEqual(sorted(name for name in after if after[name] != before[name]), sorted(names), home.story())
        return after


def main():
    """Runs the scenarios of a file; says so with its exit code when none could run."""
    result = unittest.main(verbosity=2, exit=False).result
    if result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED)
    sys.exit(0 if result.wasSuccessful() else 1)
