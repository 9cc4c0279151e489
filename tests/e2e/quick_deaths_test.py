"""Keeper and daemon are killed together, again and again, at any moment of the next start: while it looks for what runs,
while it starts, stops and restarts. Each service keeps books by itself, and a lock that two copies of it cannot have.
Services start children that keep the mark of their environment: in the same session, as leaders of their own, and by
forking twice; many of these outlive them. At the end the books say what must be so.

    quick_deaths_test.py                        what CI can afford: 12 services, 12 kills
    quick_deaths_test.py services=60 kills=200  some ten minutes; seed=N plays the same again
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import alder

SERVICES = 12
KILLS = 12
SEED = random.randrange(10**6)

# Says nothing: whoever writes while nobody reads would die of it.
WORKER = """
import fcntl, os, random, signal, sys, time
name, pid = sys.argv[1], os.getpid()
generation = os.environ["ALDER_MEMBER"].rsplit("/", 1)[1]
books = os.open("books/" + name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
lock = os.open("locks/" + name, os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of this process, not of its children
except OSError:
    os.write(books, b"copy %d %d\\n" % (int(generation), pid))
    os._exit(9)
os.write(books, b"start %d %d\\n" % (int(generation), pid))
dice = random.Random(f"{name} {pid} {time.monotonic_ns()}")

def child(steps):
    if os.fork():
        return
    for step in steps:
        if step == "session":
            os.setsid()
        elif os.fork():
            os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(dice.choice([0.01, 1000]))
    os._exit(0)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for steps in dice.sample([[], ["session"], ["session", "fork"], ["fork", "session"], ["fork"]], dice.randrange(4)):
    child(steps)
end = time.monotonic() + dice.choice([dice.uniform(0, 0.1), dice.uniform(0.2, 2), dice.uniform(2, 6)])
while time.monotonic() < end and not os.path.exists("over"):
    time.sleep(0.01)
while os.path.exists("over"):
    time.sleep(1000)
code = dice.randint(1, 120)
os.write(books, b"exit %d %d\\n" % (int(generation), code))
os._exit(code)
"""

RULES = "intensity: { max_restarts: 4000, within: 2h }"


def tree():
    text = f"name: quick\nbackoff: none\n{RULES}\nchildren:\n"
    for number in range(SERVICES):
        text += f"  - {{ service: s{number}, command: [python3, -S, -E, worker.py, s{number}], stop: {{ timeout: 2s }} }}\n"
    text += f"  - supervisor: toys\n    strategy: rest_for_one\n    {RULES}\n    children:\n"
    for number in range(3):
        text += f"      - {{ service: toy{number}, shell: true, command: 'setsid sleep 1000 & exec sleep 1000' }}\n"
    return text


class QuickDeaths(alder.Scenario):
    def ours(self):
        """The keepers and daemons of this home, whichever and however many there are."""
        words = f"--run-dir\0{self.home.path}/run\0".encode()
        found = []
        for entry in os.scandir("/proc"):
            try:
                line = pathlib.Path(entry.path, "cmdline").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if words in line and not self.is_to_be_a_program(entry.name):
                found.append(int(entry.name))
        return found

    @staticmethod
    def is_to_be_a_program(pid):
        """A child of the keeper that looks as the keeper does, before it becomes a service: struck a moment later, it
        would be the service that was killed."""
        try:
            parent = pathlib.Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[1]
            lines = [pathlib.Path("/proc", one, "cmdline").read_bytes().split(b"\0")[0] for one in (pid, parent)]
        except (OSError, IndexError):
            return False
        return all(line.endswith(b"alder-keeper") for line in lines)

    def strike(self, dice):
        """Everything of Alder that is there, in any order; what it had just started may be left."""
        found = self.ours()
        dice.shuffle(found)
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            if dice.random() < 0.3:
                time.sleep(dice.uniform(0, 0.004))

    def play(self, dice, over):
        """Somebody works with the command line meanwhile; what it says does not matter here."""
        while not over.is_set():
            words = dice.choice([["ls"], ["restart", f"toy{dice.randrange(3)}"], ["stop", "toy2"], ["start", "toy2"]])
            subprocess.run([alder.PROGRAMS / "alder", *words], env=self.home.environment, cwd=self.home.files,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
            over.wait(dice.uniform(0, 0.2))

    def test_books_are_exact(self):
        home, dice = self.home, random.Random(SEED)
        print(f"seed {SEED}: {SERVICES} services, {KILLS} kills", flush=True)
        for name in ("books", "locks"):
            (home.files / name).mkdir()
        home.write("worker.py", WORKER)
        home.up(tree(), timeout=180)
        over = threading.Event()
        player = threading.Thread(target=self.play, args=(random.Random(SEED + 1), over))
        player.start()
        try:
            for _ in range(KILLS):
                home.processes()  # so that everything is remembered by its mark
                self.strike(dice)
                time.sleep(dice.choice([0, 0, dice.uniform(0, 0.05), dice.uniform(0, 0.5)]))
                home.begin("daemon", "start", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(dice.choice([dice.uniform(0, 0.05), dice.uniform(0, 0.4), dice.uniform(0.4, 2)]))
        finally:
            over.set()
            player.join()
        for one in home.background:
            one.wait(120)
        home.background.clear()
        home.alder("daemon", "start", timeout=120)
        (home.files / "over").touch()  # nobody ends any more
        home.wait_until("all have settled", lambda: not self.open_books(), deadline=90)
        home.alder("start", "toy2", expect=None)
        home.wait_until("all run", home.all_run)
        self.check_books()
        self.check_processes()
        home.daemon_kills = home.info()["epoch"] - 1  # it is counted anew with each keeper
        home.stop_daemon()

    def names(self):
        return [f"s{number}" for number in range(SERVICES)]

    def book(self, name):
        kinds = {"start": [], "exit": [], "copy": []}
        file = self.home.files / "books" / name
        for line in file.read_text().splitlines() if file.exists() else []:
            word, *numbers = line.split()
            kinds[word].append([int(number) for number in numbers])
        return kinds

    def open_books(self):
        services = self.home.services()
        found = []
        for name in self.names():
            book = self.book(name)
            if len(book["start"]) != len(book["exit"]) + 1 or services[name].get("pid") != book["start"][-1][1]:
                found.append(name)
        return found

    def check_books(self):
        services, total = self.home.services(), 0
        for name in self.names():
            book = self.book(name)
            total += len(book["exit"])
            story = f"{name}: {book}\n{self.home.alder('events', '-n', 60, name, expect=None).out}"
            self.assertEqual(book["copy"], [], f"there were two of {story}")
            self.assertEqual(len(book["start"]), len(book["exit"]) + 1, f"started without an exit of its own: {story}")
            self.assertEqual(services[name]["restarts"], len(book["exit"]), f"exits that were counted of {story}")
            self.assertEqual(services[name]["pid"], book["start"][-1][1], f"the main process of {story}")
        print(f"{total} exits, each counted once", flush=True)

    def check_processes(self):
        """All of each service is of its last generation; nothing of a former one is left."""
        for name in self.names() + ["toy0", "toy1", "toy2"]:
            pid = self.home.pids()[name]
            generations = set()
            for one in self.home.members_of(name, tree="quick"):
                variables = pathlib.Path(f"/proc/{one.pid}/environ").read_bytes().split(b"\0")
                generations |= {variable for variable in variables if variable.startswith(b"ALDER_MEMBER=")}
            self.assertEqual(len(generations), 1, f"generations of {name} that live: {generations}")
            self.assertEqual(os.getsid(pid), pid)


if __name__ == "__main__":
    while len(sys.argv) > 1 and "=" in sys.argv[1]:
        what, _, number = sys.argv.pop(1).partition("=")
        if what == "services":
            SERVICES = int(number)
        elif what == "kills":
            KILLS = int(number)
        elif what == "seed":
            SEED = int(number)
        else:
            sys.exit(f"unknown: {what}")
    alder.main()
