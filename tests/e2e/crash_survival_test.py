"""Services live and die by themselves, write numbered lines and keep books, while alderd is killed again and again at
moments made of a seed. At the end the books say what must be so: nobody was started without an exit of their own, every
exit was seen and counted once, every line is there once, nothing is left over.

    crash_survival_test.py                                  what CI can afford: 30 services, 12 kills, 3 hangs …
    crash_survival_test.py services=100 kill=200 hang=20    some fifteen minutes
    crash_survival_test.py keeper=20 both=20 upgrade=10 full=10    and other deeds; seed=N plays the same again

`both` kills keeper and daemon together, and starts them again; lines of that moment can be missing or doubled.
`hang` stops the daemon before it is killed, and tears the end of its journal half of the time. `keeper` kills
alder-keeper. `upgrade` installs the programs anew and runs `alder daemon upgrade`. `full` fills the disk with
journal and logs for a while, and kills the daemon half of the time meanwhile; it needs root. The logs block: the
default policy would drop lines on a full disk.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import alder

SERVICES = 30
DEEDS = {"kill": 12, "hang": 3, "keeper": 1, "both": 1, "upgrade": 1, "full": 0}
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
    while True:
        try:
            os.write(1, b"%s line %d\\n" % (name.encode(), number))
            break
        except BrokenPipeError:  # neither keeper nor daemon lives
            time.sleep(0.01)
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


GROUPS = 10
RULES = "intensity: { max_restarts: 4000, within: 2h }"  # a window is remembered up to 4096 restarts


def tree():
    text = f"name: survival\nbackoff: none\n{RULES}\nlog: {{ pressure: block }}\nchildren:\n"
    for group in range(GROUPS):
        text += f"  - supervisor: g{group}\n    {RULES}\n    children:\n"
        for number in range(group, SERVICES, GROUPS):
            text += f"      - {{ service: s{number}, command: [python3, -S, -E, worker.py, s{number}] }}\n"
    text += "  - supervisor: toys\n    strategy: rest_for_one\n"
    text += f"    {RULES}\n    children:\n"
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
        print(f"seed {SEED}: {SERVICES} services, {DEEDS}", flush=True)
        self.restarts_unknown = False  # a daemon died on a full disk
        self.install_own_programs()
        if DEEDS["full"]:
            self.mount_small_disk()
        for name in ("books", "numbers"):
            (home.files / name).mkdir()
        home.write("worker.py", WORKER)
        home.up(tree(), timeout=180)
        over = threading.Event()
        player = threading.Thread(target=self.play, args=(random.Random(SEED + 1), over))
        player.start()
        try:
            deeds = [deed for deed, times in DEEDS.items() for _ in range(times)]
            dice.shuffle(deeds)
            for deed in deeds:
                time.sleep(dice.choice([0.0, dice.uniform(0, 0.1), dice.uniform(0, 2), dice.uniform(2, 4)]))
                if deed in ("kill", "hang"):
                    self.strike(dice, deed)
                else:
                    getattr(self, deed)(dice)
        finally:
            over.set()
            player.join()
        self.assertEqual(home.info()["epoch"], 1 + home.daemon_kills)
        (home.files / "over").touch()  # nobody ends any more
        try:
            home.wait_until("all have settled", self.books_are_closed, deadline=60)
        except AssertionError:
            print("open books: " + self.open_books(), flush=True)
            for name in self.open_books().replace(",", ":").split(": ")[::2]:
                print(name, self.book(name) if name in self.names() else "", flush=True)
            for event in home.events(count=100000):
                if event.get("name", "") + ":" in self.open_books():
                    print(event, flush=True)
            raise
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

    def keeper(self, _):
        home = self.home
        home.wait_until("a daemon answers", self.daemon_pid)
        home.processes()  # so that everything is remembered by its mark
        before = home.keeper_pid()
        os.kill(before, signal.SIGKILL)
        home.wait_until("there is another keeper", lambda: home.keeper_pid() not in (None, before)
                        and home.daemon_answers() and home.info()["keeper_pid"] == home.keeper_pid())

    def both(self, dice):
        """In any order; what they had just started may still be there for a moment."""
        home = self.home
        daemon = home.wait_until("a daemon answers", self.daemon_pid)
        home.processes()
        victims = [daemon, home.keeper_pid()]
        dice.shuffle(victims)
        os.kill(victims[0], signal.SIGSTOP)  # it does not notice the end of the other
        for pid in reversed(victims):
            os.kill(pid, signal.SIGKILL)
        time.sleep(dice.choice([0, dice.uniform(0, 0.1)]))
        home.alder("daemon", "start", timeout=90)
        home.daemon_kills = 0  # of this keeper

    def install_own_programs(self):
        """So that they can be replaced."""
        self.kept, alder.PROGRAMS = alder.PROGRAMS, self.home.top / "bin"
        self.addCleanup(setattr, alder, "PROGRAMS", self.kept)
        alder.PROGRAMS.mkdir()
        self.home.environment["PATH"] = f"{alder.PROGRAMS}:{self.home.environment['PATH']}"
        for name in ("alder", "alderd", "alder-keeper"):
            self.install(name)

    def install(self, name):
        beside = alder.PROGRAMS / (name + ".new")
        shutil.copy(self.kept / name, beside)
        os.rename(beside, alder.PROGRAMS / name)

    def upgrade(self, _):
        home = self.home
        before = home.wait_until("a daemon answers", self.daemon_pid)
        for name in ("alderd", "alder-keeper"):
            self.install(name)
        home.daemon_kills += 1
        home.alder("daemon", "upgrade", timeout=90)
        self.assertNotEqual(self.daemon_pid(), before)

    def mount_small_disk(self):
        """For the journal, the logs and everything else of the daemon."""
        disk = self.home.path
        disk.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "none", disk],
                          capture_output=True).returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        if not os.environ.get("ALDER_E2E_KEEP"):
            self.addCleanup(subprocess.run, ["umount", "-l", disk])
        self.addCleanup(self.home.stop_daemon)  # whose socket is there

    def full(self, dice):
        home = self.home
        home.wait_until("a daemon answers", self.daemon_pid)
        filler = home.path / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        time.sleep(dice.uniform(0, 3))
        if dice.random() < 0.5:
            self.restarts_unknown = True
            self.strike(dice, "kill")
        filler.unlink()
        home.wait_until("it has caught up", lambda: "journal" not in home.alder("ls", expect=None).err)

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
        return not self.open_books()

    def open_books(self):
        services = self.home.services()
        books = {name: self.book(name) for name in self.names()}
        return ", ".join(f"{name}: {len(starts)} starts, {len(exits)} exits, {services[name]['restarts']} restarts"
                         for name, (starts, exits) in books.items()
                         if len(starts) != len(exits) + 1 or services[name]["restarts"] < len(exits))

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
            if exits and (not DEEDS["both"] or "code" in service["last_exit"]):
                self.assertEqual(service["last_exit"].get("code"), exits[-1][1], f"the last exit of {name}")
            codes = iter(code for _, code in exits)
            for generation, said in sorted(told.get(name, {}).items()):
                if None in said:  # nobody saw it
                    continue
                self.assertEqual(len(said), 1, f"what was told of the end of {name}, generation {generation}")
                self.assertTrue(any(code in said for code in codes), f"{name} never ended with {said}")
        for group in home.trees()[0]["children"]:
            names = [child["name"] for child in group["children"]]
            used = group["intensity"]["used"]
            if group["name"] == "toys" and self.restarts_unknown:
                continue  # a stop that people asked for, and that no journal could take, looks like an end of its own
            ends = sum(len(self.book(name)[1]) for name in names if name.startswith("s"))
            self.assertLessEqual(used, ends, f"restarts that count for the intensity of {group['name']}")
            if not self.restarts_unknown:
                self.assertEqual(used, ends, f"restarts that count for the intensity of {group['name']}")
        print(f"{total} exits, each seen and counted once", flush=True)

    def check_processes(self):
        home = self.home
        keeper = home.keeper_pid()
        for name in self.names() + ["toy0", "toy1", "toy2"]:
            found = home.members_of(name, tree="survival")
            service = home.services()[name]
            self.assertEqual([one.pid for one in found], [service.get("pid")], f"processes of {name}: {service}")
        for entry in os.listdir("/proc"):
            status = alder.status_of(entry) if entry.isdigit() else None
            if status and status[0] == keeper:
                self.assertNotEqual(status[2], "Z", f"{entry} is a zombie of the keeper")

    def lines_are_there(self):
        for name in self.names():
            lines = (self.home.path / f"log/survival/{name}.out.log").read_text().splitlines()
            numbers = [int(line.split()[2]) for line in lines]
            if DEEDS["both"]:
                steps = sum(after != before + 1 for before, after in zip(numbers, numbers[1:]))
                self.assertLessEqual(steps, DEEDS["both"], f"gaps in the lines of {name}")
                continue
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), f"lines of {name}")
        return True


if __name__ == "__main__":
    while len(sys.argv) > 1 and "=" in sys.argv[1]:
        what, _, number = sys.argv.pop(1).partition("=")
        if what == "services":
            SERVICES = int(number)
        elif what == "seed":
            SEED = int(number)
        else:
            DEEDS[what] = int(number)
    alder.main()
