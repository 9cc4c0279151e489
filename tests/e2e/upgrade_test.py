"""The programs are replaced while they run: by an upgrade, by one that fails, and by files that merely change."""

import os
import signal

import alder

TREE = """
name: lasting
intensity: { max_restarts: 3, within: 1h }
backoff: none
children:
  - { service: steady, command: sleep 1000 }
  - service: ticker
    command: [python3, ticker.py]
"""

TICKER = """
import os, time
number = 0
while True:
    number += 1
    os.write(1, b"tick %d\\n" % number)
    time.sleep(0.01)
"""

# What an installation that went wrong may look like.
BROKEN = "#!/bin/sh\necho 'this version does not work' >&2\nexit 3\n"


class Upgrade(alder.Scenario):
    def setUp(self):
        super().setUp()
        self.programs = self.home.top / "bin"
        self.programs.mkdir()
        for name in ("alder", "alderd", "alder-keeper"):
            self.install(name, (alder.PROGRAMS / name).read_bytes())
        self.kept = alder.PROGRAMS
        alder.PROGRAMS = self.programs
        self.addCleanup(setattr, alder, "PROGRAMS", self.kept)
        self.home.environment["PATH"] = f"{self.programs}:{self.home.environment['PATH']}"
        self.home.write("ticker.py", TICKER)
        self.home.up(TREE)
        self.home.kill("steady")  # so that there is a history to keep
        self.home.wait_until("it runs anew", lambda: self.home.service("steady")["restarts"] == 1)
        self.home.wait_until("all run", self.home.all_run)

    def install(self, name, content):
        """As a package does it: beside, then renamed."""
        beside = self.programs / (name + ".new")
        beside.write_bytes(content if isinstance(content, bytes) else content.encode())
        beside.chmod(0o755)
        os.rename(beside, self.programs / name)

    def inode(self, pid):
        return os.stat(f"/proc/{pid}/exe").st_ino

    def assert_untouched(self, pids):
        home = self.home
        self.assertEqual(home.pids(), pids)
        self.assertEqual(home.service("steady")["restarts"], 1)
        self.assertEqual(home.trees()[0]["intensity"]["used"], 1)
        lines = home.alder("logs", "--json", "-n", 100000, "--out", "ticker").documents
        numbers = [int(line["line"].split()[1]) for line in lines]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_keeper_and_daemon_are_replaced_and_no_service_is_touched(self):
        home = self.home
        pids, before = home.pids(), home.info()
        for name in ("alderd", "alder-keeper"):
            self.install(name, (self.kept / name).read_bytes())
        answer = home.alder("daemon", "upgrade")
        self.assertIn("no service was restarted", answer.out)
        after = home.info()
        home.daemon_kills += 1
        self.assertEqual(after["keeper_pid"], before["keeper_pid"])  # replaced in place
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertEqual(self.inode(after["pid"]), os.stat(self.programs / "alderd").st_ino)
        self.assertEqual(self.inode(after["keeper_pid"]), os.stat(self.programs / "alder-keeper").st_ino)
        self.assertIn("the daemon is up: it was upgraded", [event["text"] for event in home.events()])
        self.assert_untouched(pids)
        home.kill("steady")
        home.wait_until("it is supervised", lambda: home.service("steady")["restarts"] == 2)
        home.alder("daemon", "upgrade")
        home.daemon_kills += 1
        home.wait_until("all run", home.all_run)

    def test_a_daemon_that_does_not_work_is_taken_back(self):
        home = self.home
        pids, before = home.pids(), home.info()
        self.install("alderd", BROKEN)
        answer = home.alder("daemon", "upgrade", expect=1)
        self.assertIn("the upgrade failed", answer.err)
        self.assertIn("exited with code 3", answer.err)
        after = home.info()
        self.assertEqual(after["keeper_pid"], before["keeper_pid"])
        self.assertTrue(any("the upgrade failed" in event["text"] for event in home.events()), home.story())
        self.assert_untouched(pids)
        home.daemon_kills = after["epoch"] - 1

    def test_a_keeper_that_does_not_work_is_not_taken(self):
        home = self.home
        pids = home.pids()
        self.install("alder-keeper", "no program at all\n")
        answer = home.alder("daemon", "upgrade", expect=1)
        self.assertIn("the upgrade failed", answer.err)
        self.assert_untouched(pids)
        home.daemon_kills = home.info()["epoch"] - 1

    def test_a_daemon_that_dies_goes_on_with_its_own_version_whatever_the_files_are_now(self):
        home = self.home
        pids, before = home.pids(), home.info()
        original = self.inode(before["pid"])
        self.install("alderd", BROKEN)
        self.install("alder-keeper", BROKEN)
        for _ in range(3):
            home.kill_daemon()
        self.assertEqual(self.inode(home.info()["pid"]), original)
        self.assert_untouched(pids)
        os.kill(before["keeper_pid"], signal.SIGKILL)
        home.wait_until("there is another keeper", lambda: home.info()["keeper_pid"] != before["keeper_pid"])
        self.assert_untouched(pids)
        for name in ("alderd", "alder-keeper"):
            self.install(name, (self.kept / name).read_bytes())


if __name__ == "__main__":
    alder.main()
