"""Services live and die by themselves, write numbered lines and keep books, while alderd is killed again and again at
moments made of a seed. At the end the books say what must be so: nobody was started without an exit of their own, every
exit was seen and counted once, every line is there once, nothing is left over.

    crash_survival_test.py                         30 services, 12 kills, 3 hangs
    crash_survival_test.py 100 200 20 [SEED]       100 services, 200 kills, 20 hangs: some ten minutes
"""

import os
import random
import signal
import sys
import threading
import time

import alder

SERVICES, KILLS, HANGS = 30, 12, 3
SEED = random.randrange(10**6)

# Lives for a while, says a number a line, and writes down that it started and how it ends.
WORKER = """
import os, random, sys, time
name, pid = sys.argv[1], os.getpid()
books = os.open("books/" + name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(books, b"start %d\\n" % pid)
dice = random.Random(f"{name} {pid} {time.monotonic_ns()}")
try:
    number = int(open("numbers/" + name).read())
except OSError:
    number = 0
end = time.monotonic() + dice.uniform(1, 12)
while time.monotonic() < end and not os.path.exists("over"):
    number += 1
    os.write(1, b"%s line %d\\n" % (name.encode(), number))
    time.sleep(dice.uniform(0.01, 0.2))
if os.path.exists("over"):
    while True:
        time.sleep(1000)
with open("numbers/" + name, "w") as file:
    file.write(str(number))
code = dice.randint(1, 120)
os.write(books, b"exit %d %d\\n" % (pid, code))
os._exit(code)
"""


def tree():
    text = "name: survival\nintensity: { max_restarts: 100000, within: 2h }\nchildren:\n"
    for number in range(SERVICES):
        text += f"  - {{ service: s{number}, command: [python3, -S, -E, worker.py, s{number}] }}\n"
    text += "  - supervisor: toys\n    strategy: rest_for_one\n"
    text += "    intensity: { max_restarts: 100000, within: 2h }\n    children:\n"
    for number in range(3):
        text += f"      - {{ service: toy{number}, command: sleep 1000 }}\n"
    return text


class CrashSurvival(alder.Scenario):
    def play(self, dice, over):
        """Somebody works with the command line meanwhile; what it says does not matter here."""
        home = self.home
        while not over.is_set():
            words = dice.choice([["ls"], ["tree"], ["describe", "s1"], ["restart", f"toy{dice.randrange(3)}"],
                                 ["stop", "toy2"], ["start", "toy2"], ["logs", "-n", "5"], ["events", "-n", "5"]])
            home.alder(*words, expect=None, timeout=90)
            over.wait(dice.uniform(0.05, 0.5))

    def test_nothing_is_lost_doubled_or_forgotten(self):
        home, dice = self.home, random.Random(SEED)
        print(f"seed {SEED}: {SERVICES} services, {KILLS} kills, {HANGS} hangs", flush=True)
        for name in ("books", "numbers"):
            (home.files / name).mkdir()
        home.write("worker.py", WORKER)
        home.up(tree(), timeout=180)
        over = threading.Event()
        player = threading.Thread(target=self.play, args=(random.Random(SEED + 1), over))
        player.start()
        try:
            deeds = ["kill"] * KILLS + ["hang"] * HANGS
            dice.shuffle(deeds)
            for deed in deeds:
                time.sleep(dice.choice([0.0, dice.uniform(0, 0.1), dice.uniform(0, 2), dice.uniform(2, 4)]))
                self.strike(dice, deed)
        finally:
            over.set()
            player.join()
        self.assertEqual(home.info()["epoch"], 1 + home.daemon_kills)
        (home.files / "over").touch()  # nobody ends any more
        home.wait_until("all have settled", self.books_are_closed, deadline=60)
        home.alder("start", "toy2", expect=None)
        home.wait_until("all run", home.all_run)
        self.check_books()
        self.check_processes()
        home.wait_until("all lines are there", self.lines_are_there, deadline=30)
        home.stop_daemon()

    def strike(self, dice, deed):
        home = self.home
        pid = home.wait_until("a daemon answers", self.daemon_pid)
        home.daemon_kills += 1
        if deed == "hang":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(dice.uniform(0, 1.5))
            if dice.random() < 0.5:  # and a power cut tore its last record
                with open(home.path / "state" / "journal", "ab") as journal:
                    journal.write(b"0badc0de\tmemory/survival/survival\t{\"generation\":1,\"rest")
        os.kill(pid, signal.SIGKILL)
        home.wait_for_successor(pid)

    def daemon_pid(self):
        try:
            return self.home.request("GET", "/v1/info", timeout=10)[1]["pid"]
        except OSError:
            return None

    def book(self, name):
        starts, exits = [], []
        for line in (self.home.files / "books" / name).read_text().splitlines():
            word, *numbers = line.split()
            (starts if word == "start" else exits).append([int(number) for number in numbers])
        return starts, exits

    def names(self):
        return [f"s{number}" for number in range(SERVICES)]

    def books_are_closed(self):
        """Each has started once more than it ended, and is counted so."""
        services = self.home.services()
        return all(len(starts) == len(exits) + 1 and services[name]["restarts"] >= len(exits)
                   for name in self.names() for starts, exits in [self.book(name)])

    def check_books(self):
        home = self.home
        services = home.services()
        told = {}
        for event in home.events(count=100000):
            if event["kind"] == "exited":
                told.setdefault(event["name"], {}).setdefault(event["generation"], set()).add(event["exit"].get("code"))
        total = 0
        for name in self.names():
            starts, exits = self.book(name)
            total += len(exits)
            service = services[name]
            self.assertEqual(len(starts), len(exits) + 1, f"{name} was started without an exit of its own")
            self.assertEqual(service["restarts"], len(exits), f"exits of {name} that were counted")
            self.assertEqual(service["pid"], starts[-1][0])
            if exits:
                self.assertEqual(service["last_exit"].get("code"), exits[-1][1], f"the last exit of {name}")
            codes = iter(code for _, code in exits)
            for generation, said in sorted(told.get(name, {}).items()):
                self.assertEqual(len(said), 1, f"what was told of the end of {name}, generation {generation}")
                self.assertTrue(any(code in said for code in codes), f"{name} never ended with {said}")
        used = home.trees()[0]["intensity"]["used"]
        self.assertEqual(used, total, "restarts that count for the intensity")
        print(f"{total} exits, each seen and counted once", flush=True)

    def check_processes(self):
        home = self.home
        keeper = home.keeper_pid()
        for name in self.names() + ["toy0", "toy1", "toy2"]:
            found = home.members_of(name, tree="survival")
            self.assertEqual([one.pid for one in found], [home.pids()[name]], f"processes of {name}")
        for entry in os.listdir("/proc"):
            status = alder.status_of(entry) if entry.isdigit() else None
            if status and status[0] == keeper:
                self.assertNotEqual(status[2], "Z", f"{entry} is a zombie of the keeper")

    def lines_are_there(self):
        for name in self.names():
            lines = (self.home.path / f"log/survival/{name}.out.log").read_text().splitlines()
            numbers = [int(line.split()[2]) for line in lines]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), f"lines of {name}")
        return True


if __name__ == "__main__":
    numbers = []
    while len(sys.argv) > 1 and sys.argv[1].isdigit():
        numbers.append(int(sys.argv.pop(1)))
    SERVICES, KILLS, HANGS, SEED = (numbers + [SERVICES, KILLS, HANGS, SEED][len(numbers):])[:4]
    alder.main()
