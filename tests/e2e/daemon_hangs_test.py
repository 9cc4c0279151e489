"""A daemon that hangs is replaced because commands wait for it in vain: nothing here sends the keeper a signal."""

import os
import signal
import threading

import alder

TREE = """
name: plain
children:
  - { service: a, command: sleep 1000 }
  - { service: b, command: sleep 1000 }
  - { service: t, command: sleep 1000, stdin: pipe }
"""

SLOW = """
name: slow
children:
  - { service: s, command: sleep 1000, ready: { exec: test -e up, timeout: 1h } }
"""

# Hangs once for each file HANG beside it, before it has said hello; then it is the real one.
STARTS_BADLY = """#!/bin/sh
if [ -e "{here}/hang" ]; then
  rm "{here}/hang"
  exec sleep 1000
fi
exec {real} "$@"
"""


class DaemonHangs(alder.Scenario):
    def setUp(self):
        self.home = self.new_home(ALDER_WATCHDOG="1")

    def hang(self):
        """The daemon that hangs from now on."""
        daemon = self.home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        self.home.daemon_kills += 1
        return daemon

    def run_all(self, commands):
        """Runs all at once, as many people do who wait; their answers."""
        answers = {}

        def run(words):
            answers[words] = self.home.alder(*words, expect=None, timeout=100)
        threads = [threading.Thread(target=run, args=(words,)) for words in commands]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return answers

    def test_whoever_asks_is_answered_by_the_successor(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        before = self.hang()
        answers = self.run_all([("ls",), ("tree",), ("info",), ("describe", "a"), ("events",), ("logs",), ("ping",),
                                ("daemon", "status"), ("daemon", "start"), ("up", home.files / "alder.yaml"),
                                ("apply", "--dry-run", home.files / "alder.yaml")])
        for words, answer in answers.items():
            self.assertEqual(answer.code, 0, f"{answer}\n{home.story()}")
            self.assertRegex(answer.err, "the (daemon does not answer; its keeper|connection to the daemon; waiting)", words)
        self.assertNotEqual(home.info()["pid"], before)
        self.assertEqual(home.pids(), pids)
        self.assertIn("hung", home.alder("info").out)

    def test_whoever_changes_something_does_so_with_the_successor(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        before = self.hang()
        answers = self.run_all([("restart", "a"), ("stop", "b"), ("send", "t", "hello"), ("start", "--name", "extra", "--",
                                                                                      "sleep", "1000")])
        for answer in answers.values():
            self.assertEqual(answer.code, 0, f"{answer}\n{home.story()}")
        self.assertNotEqual(home.info()["pid"], before)
        self.assertEqual(home.pids()["t"], pids["t"])
        self.assertNotEqual(home.pids()["a"], pids["a"])
        self.assertEqual(home.service("b")["state"], "stopped")
        self.assertEqual(home.service("extra")["state"], "running")
        self.hang()
        home.alder("daemon", "stop", timeout=100)
        self.assertIsNone(home.keeper_pid())
        home.daemon_kills = 0

    def test_a_follower_notices_it_and_goes_on(self):
        home = self.home
        home.up(TREE)
        following = home.begin("events", "-f", "-n", "1")
        following.stdout.readline()
        before = self.hang()
        home.wait_until("the follower had it replaced", lambda: not alder.is_alive(before), deadline=90)
        home.wait_for_successor(before)
        home.kill("a")
        for line in following.stdout:
            if b"a exited" in line or b"SIGKILL" in line:
                break
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=alder.PATIENCE)
        self.assertEqual(following.returncode, 130, err)
        self.assertIn(b"does not answer", err)

    def test_who_waits_for_a_change_hears_of_it(self):
        home = self.home
        home.up(TREE)
        waiting = home.begin("up", home.write("slow.yaml", SLOW))
        home.wait_until("it is being started", lambda: home.services().get("s", {}).get("state") == "starting")
        before = self.hang()
        home.wait_until("the one that waits had it replaced", lambda: not alder.is_alive(before), deadline=90)
        home.wait_for_successor(before)
        self.assertEqual(home.service("s")["state"], "starting")
        home.write("up", "")
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, (out, err))
        self.assertIn(b"does not answer", err)
        self.assertIn(b"1 started", out)

    def test_one_that_is_left_alone_is_not_touched(self):
        home = self.home
        home.up(TREE)
        daemon = home.info()["pid"]
        home.alder("ls")
        self.assertEqual(home.info()["pid"], daemon)


class StartHangs(alder.Scenario):
    """The same before it has said a word."""

    def setUp(self):
        self.home = self.new_home(ALDER_WATCHDOG="1")
        self.programs = self.home.top / "bin"
        self.programs.mkdir()
        for name in ("alder", "alder-keeper"):
            os.link(alder.PROGRAMS / name, self.programs / name) if self.same_disk() else self.copy(name)
        daemon = self.programs / "alderd"
        daemon.write_text(STARTS_BADLY.format(here=self.programs, real=alder.PROGRAMS / "alderd"))
        daemon.chmod(0o755)
        kept = alder.PROGRAMS
        alder.PROGRAMS = self.programs
        self.addCleanup(setattr, alder, "PROGRAMS", kept)

    def same_disk(self):
        return os.stat(alder.PROGRAMS).st_dev == os.stat(self.programs).st_dev

    def copy(self, name):
        (self.programs / name).write_bytes((alder.PROGRAMS / name).read_bytes())
        (self.programs / name).chmod(0o755)

    def hang_once(self):
        (self.programs / "hang").touch()
        self.home.daemon_kills += 1

    def test_the_very_first_one(self):
        self.hang_once()
        answer = self.home.up(TREE, timeout=100)
        self.home.daemon_kills = self.home.info()["epoch"] - 1  # one that has not served is not counted
        self.assertIn("the daemon does not answer; its keeper", answer.err)
        self.assertTrue(self.home.all_run())

    def test_the_successor_of_one_that_died(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        daemon = home.info()["pid"]
        self.hang_once()
        home.daemon_kills += 1
        os.kill(daemon, signal.SIGKILL)
        answer = home.alder("ls", timeout=100)
        self.assertIn("the daemon does not answer; its keeper", answer.err)
        self.assertEqual(home.pids(), pids)

    def test_the_one_of_an_upgrade(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        self.hang_once()
        home.daemon_kills += 1  # the one that was upgraded
        upgrading = home.begin("daemon", "upgrade")
        home.wait_until("the new one hangs", lambda: not (self.programs / "hang").exists())
        home.alder("ls", timeout=100)
        upgrading.communicate(timeout=100)
        self.assertNotEqual(upgrading.returncode, 0)
        self.assertEqual(home.pids(), pids)
        self.assertIn("the upgrade failed", home.alder("info").out)


if __name__ == "__main__":
    alder.main()
