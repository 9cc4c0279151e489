"""A daemon that hangs is replaced, one that keeps ending is waited for, and people are told what is wrong."""

import os
import signal
import time

import alder

TREE = """
name: plain
children:
  - { service: a, command: sleep 1000 }
  - { service: b, command: sleep 1000 }
"""


class DaemonInTrouble(alder.Scenario):
    def test_one_that_hangs_is_replaced(self):
        home = self.new_home(ALDER_WATCHDOG="2")
        home.up(TREE)
        pids = home.pids()
        daemon = home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        home.daemon_kills += 1
        os.kill(home.keeper_pid(), signal.SIGUSR1)  # what `alder` sends when it gets no answer
        home.wait_for_successor(daemon)
        self.assertEqual(home.pids(), pids)
        self.assertIn("hung", home.alder("info").out)
        self.assertTrue(any("no sign of life" in event["text"] for event in home.events()), home.story())

    def test_a_hanging_one_is_noticed_when_a_service_dies(self):
        home = self.new_home(ALDER_WATCHDOG="2")
        home.up(TREE)
        pids = home.pids()
        daemon = home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        home.daemon_kills += 1
        os.kill(pids["a"], signal.SIGKILL)
        home.wait_for_successor(daemon)
        home.wait_until("it runs anew", lambda: home.pids().get("a") not in (None, pids["a"]))
        self.assertEqual(home.pids()["b"], pids["b"])

    def test_one_that_is_only_slow_is_left_alone(self):
        home = self.new_home(ALDER_WATCHDOG="4")
        home.up(TREE)
        daemon = home.info()["pid"]
        for _ in range(3):
            os.kill(daemon, signal.SIGSTOP)
            os.kill(home.keeper_pid(), signal.SIGUSR1)
            time.sleep(0.5)
            os.kill(daemon, signal.SIGCONT)
            home.wait_until("it answers", home.daemon_answers)
        self.assertEqual(home.info()["pid"], daemon)

    def test_one_that_keeps_ending_is_told_of(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        keeper = home.keeper_pid()

        def daemon():
            return next((int(entry) for entry in os.listdir("/proc") if entry.isdigit()
                         and (alder.status_of(entry) or (0,))[0] == keeper
                         and "alderd" in str(alder.process(int(entry)))), None)
        end = time.monotonic() + alder.PATIENCE
        trouble = home.path / "run" / "daemon.trouble"

        def deaths():
            try:
                return int(trouble.read_text().split()[0])
            except FileNotFoundError:  # not yet, or a daemon that lived for a while was well
                return 0
        while deaths() < 5:  # until it is worth some seconds
            self.assertLess(time.monotonic(), end, "the keeper writes nothing down")
            victim = daemon()
            if victim:
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                home.daemon_kills += 1
                alder.wait_until("it is gone", lambda: not alder.is_alive(victim))
        answer = home.alder("ls", expect=5)
        for words in ("keeps exiting", "your services keep running", "SIGKILL", "daemon.log"):
            self.assertIn(words, answer.err)
        for pid in pids.values():
            self.assertTrue(alder.is_alive(pid))
        home.wait_until("it serves again", home.daemon_answers)
        self.assertEqual(home.pids(), pids)
        self.assertFalse(trouble.exists())
        home.daemon_kills = home.info()["epoch"] - 1  # some were killed before they had said hello


if __name__ == "__main__":
    alder.main()
