"""The keeper is killed: the daemon starts another one, and services go on, are supervised, and end with their own code."""

import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import time

import alder

TREE = """
name: kept
intensity: { max_restarts: 1000, within: 1h }
backoff: none
children:
  - { service: steady, command: sleep 1000 }
  - service: ticker
    command: [python3, ticker.py]
  - service: mortal
    command: [python3, mortal.py]
    restart: transient
    clean_exit_codes: [0]
  - supervisor: group
    strategy: rest_for_one
    intensity: { max_restarts: 1000, within: 1h }
    children:
      - { service: first, command: sleep 1000 }
      - { service: second, shell: true, command: "sleep 1000 & sleep 1000 & wait" }
"""

TICKER = """
import os, time
number = 0
while True:
    number += 1
    os.write(1, b"tick %d\\n" % number)
    time.sleep(0.01)
"""

# Ends with the code that the file "end" names, once.
MORTAL = """
import os, sys, time
while True:
    try:
        code = int(open("end").read())
    except (OSError, ValueError):
        time.sleep(0.01)
        continue
    os.unlink("end")
    print("last words of mortal", flush=True)
    sys.exit(code)
"""


class KeeperKilled(alder.Scenario):
    def bring_up(self):
        home = self.home
        home.write("ticker.py", TICKER)
        home.write("mortal.py", MORTAL)
        home.up(TREE)

    def kill_keeper(self):
        home = self.home
        home.processes()  # so that everything is remembered by its mark
        before = home.keeper_pid()
        os.kill(before, signal.SIGKILL)
        return home.wait_until("there is another keeper", lambda: home.keeper_pid() not in (None, before)
                               and home.daemon_answers() and home.info()["keeper_pid"] == home.keeper_pid()
                               and home.keeper_pid())

    def test_services_go_on_and_are_supervised(self):
        home = self.home
        self.bring_up()
        daemon, pids = home.info()["pid"], home.pids()
        self.kill_keeper()
        self.assertEqual(home.info()["pid"], daemon)
        self.assertEqual(home.pids(), pids)
        self.assertTrue(any("keeper was killed" in event["text"] for event in home.events()), home.story())

        home.kill("first")  # of the old keeper: no child of the new one
        after = self.assert_runs_anew(pids, "first", "second")
        self.assertEqual(home.service("first")["last_exit"]["signal"], "SIGKILL")
        home.kill("first")  # and of the new one
        after = self.assert_runs_anew(after, "first", "second")
        home.alder("restart", "steady")
        after = self.assert_runs_anew(after, "steady")
        home.kill_daemon()
        self.assertEqual(home.pids(), after)

    def test_an_exit_code_is_known_though_the_parent_is_gone(self):
        home = self.home
        self.bring_up()
        self.kill_keeper()
        os.rename(home.write("end.new", "7"), home.files / "end")
        home.wait_until("it was restarted", lambda: home.service("mortal")["restarts"] == 1)
        self.assertEqual(home.service("mortal")["last_exit"]["text"], "code 7")

    def test_exits_that_nobody_has_decided_on_are_counted_by_the_next_daemon(self):
        """Many at once, which are restarted one after the other, and first the keeper and then the daemon is killed."""
        home = self.home
        home.up("name: kept\nintensity: { max_restarts: 1000, within: 1h }\nbackoff: none\nchildren:\n" +
                "".join(f"  - {{ service: s{number}, command: sleep 1000 }}\n" for number in range(60)))
        for _ in range(3):
            before, daemon, keeper = home.services(), home.info()["pid"], home.keeper_pid()
            os.kill(daemon, signal.SIGSTOP)
            for service in before.values():
                os.kill(service["pid"], signal.SIGKILL)
            os.kill(daemon, signal.SIGCONT)
            os.kill(keeper, signal.SIGKILL)
            home.wait_until("another keeper was told of everything", lambda: home.keeper_pid() not in (None, keeper)
                            and home.request("GET", "/v1/info")[1]["keeper_pid"] == home.keeper_pid())
            os.kill(daemon, signal.SIGKILL)
            home.daemon_kills += 1
            home.wait_until("all run again", lambda: home.daemon_answers() and home.all_run() and
                            all(home.services()[name]["pid"] != one["pid"] for name, one in before.items()))
            after = home.services()
            self.assertEqual({name: one["restarts"] - before[name]["restarts"] for name, one in after.items()},
                             {name: 1 for name in before}, home.story())

    def test_twenty_times(self):
        home = self.home
        self.bring_up()
        pids = home.pids()
        for _ in range(20):
            self.kill_keeper()
            self.assertEqual(home.pids(), pids, home.story())
        lines = home.alder("logs", "--json", "-n", 100000, "--out", "ticker").documents
        numbers = [int(line["line"].split()[1]) for line in lines]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(home.info()["epoch"], 1)

    def kill_both(self):
        """At the same moment, as far as they can tell."""
        home = self.home
        home.processes()
        daemon = home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        os.kill(home.keeper_pid(), signal.SIGKILL)
        os.kill(daemon, signal.SIGKILL)
        home.wait_until("both are gone", lambda: home.keeper_pid() is None and not alder.is_alive(daemon))

    def mains_of(self, name):
        """The processes of a service that lead a session: one, unless it runs twice."""
        found = []
        for one in self.home.members_of(name, tree="kept"):
            try:
                found += [one.pid] if os.getsid(one.pid) == one.pid else []
            except ProcessLookupError:
                pass  # it has just ended
        return found

    def test_keeper_and_daemon_at_once(self):
        home = self.home
        self.bring_up()
        home.kill("first")
        home.wait_until("first has been restarted", lambda: home.service("first")["restarts"] == 1)
        home.wait_until("all run", home.all_run)
        before = home.services()
        ticker = before["ticker"]
        for _ in range(2):
            self.kill_both()
            home.alder("daemon", "start")
            home.wait_until("all run", home.all_run)
            for name in before:  # the end of the ticker may be noticed later
                home.wait_until(f"{name} has one main process", lambda name=name: self.mains_of(name) ==
                                [home.service(name).get("pid")])
            after = home.services()
            for name in ("steady", "mortal", "first", "second"):  # who writes to nobody dies of it, as the ticker does
                for field in ("pid", "restarts"):
                    self.assertEqual(after[name][field], before[name][field], f"{field} of {name}\n{home.story()}")
            # It dies when it writes while nobody reads, and then it was one exit; else it went on.
            was_gone = after["ticker"]["pid"] != ticker["pid"]
            self.assertEqual(after["ticker"]["restarts"], ticker["restarts"] + (1 if was_gone else 0), home.story())
            ticker = after["ticker"]
        self.assertTrue(any("killed together" in event["text"] for event in home.events()), home.story())
        os.rename(home.write("end.new", "7"), home.files / "end")
        home.wait_until("it was restarted", lambda: home.service("mortal")["restarts"] == 1)
        self.assertEqual(home.service("mortal")["last_exit"]["text"], "code 7")
        self.assertIn("last words of mortal", home.alder("logs", "mortal", "--no-prefix").out)
        home.kill_daemon()
        home.stop_daemon()

    def test_without_a_daemon_as_many_are_counted_as_are_found_later(self):
        home = self.home
        home.up("""
name: count
children:
  - { service: plain, command: sleep 1000 }
  - { service: bare, command: env -i sleep 1000 }
  - { service: leads, command: [sh, -c, "setsid sleep 1000 & exec sleep 1000"] }
  - { service: overwrites, command: [python3, -S, -c, "import os; os.execve('/bin/sleep', ['sleep', '1000'], {'A': 'b'})"] }
""")
        home.wait_until("bare has no environment", lambda: all(
            b"ALDER" not in pathlib.Path(f"/proc/{home.pids()[name]}/environ").read_bytes()
            for name in ("bare", "overwrites")))
        before = home.pids()
        self.kill_both()
        for command in ("ls", "info"):
            self.assertIn("4 services are still running", home.alder(command, expect=5).err)
        os.kill(before["plain"], signal.SIGKILL)
        home.wait_until("plain is gone", lambda: not alder.is_alive(before["plain"]))
        self.assertIn("3 services are still running", home.alder("ls", expect=5).err)
        home.alder("daemon", "start")
        self.assertTrue(any("3 services were found running" in event["text"] for event in home.events()), home.story())
        home.wait_until("all run", home.all_run)
        self.assertEqual({name: pid for name, pid in home.pids().items() if name != "plain"},
                         {name: pid for name, pid in before.items() if name != "plain"})

    def test_a_stop_under_another_keeper_sees_the_last_process_end(self):
        """Nobody is told when a process ends that is no child of the new keeper."""
        home = self.home
        home.write("late.py", "import os, signal, time\nif os.fork() == 0:\n"
                              "    signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), os._exit(0)))\n"
                              "    open('ready', 'w').close()\nwhile True: signal.pause()\n")
        home.up("name: t\nchildren:\n  - { service: late, command: [python3, -S, -E, late.py], "
                "ready: { file: ready }, stop: { timeout: 1h } }\n")
        before = home.processes()
        self.kill_keeper()
        home.alder("stop", "late")
        self.assertEqual([str(one) for one in before if one.is_alive() and "late.py" in str(one)], [])
        # And when the keeper dies while they are waited for.
        (home.files / "ready").unlink()
        home.alder("start", "late")
        before = home.processes()
        main = home.pids()["late"]
        stop = home.begin("stop", "late")
        home.wait_until("the main process has ended", lambda: not alder.is_alive(main))
        self.kill_keeper()
        self.assertEqual(stop.wait(alder.PATIENCE), 0)
        self.assertEqual([str(one) for one in before if one.is_alive() and "late.py" in str(one)], [])
        self.kill_keeper()
        home.alder("daemon", "stop", timeout=9)  # after 10 s the keeper would look whether the daemon has ended

    def test_the_daemon_right_after_the_keeper(self):
        """While it starts another keeper, or before it has told that one of all it holds."""
        home = self.home
        home.up("name: t\nchildren:\n" + "".join(f"  - {{ service: s{n}, command: sleep 1000 }}\n" for n in range(8)))
        pids = home.pids()
        for number in range(12):
            home.processes()  # so that everything is remembered by its mark
            keeper, daemon = home.keeper_pid(), home.info()["pid"]
            os.kill(keeper, signal.SIGKILL)
            time.sleep(number * 0.0005)  # the moment of the blow
            os.kill(daemon, signal.SIGKILL)
            home.wait_until("both are gone", lambda: not alder.is_alive(keeper) and not alder.is_alive(daemon))
            home.alder("daemon", "start")
            self.assertEqual(home.pids(), pids, home.story())
            for name, pid in pids.items():
                self.assertEqual([one.pid for one in home.members_of(name, tree="t")], [pid], home.story())
        home.daemon_kills = home.info()["epoch"] - 1  # it is counted anew when nothing was left
        home.stop_daemon()
        self.assertFalse([pid for pid in pids.values() if alder.is_alive(pid)])

    def test_a_keeper_whose_daemon_is_gone_does_not_wait_for_the_end_of_another(self):
        home = self.home
        run = home.path / "run"
        run.mkdir(mode=0o700, parents=True)
        with open(run / "keeper.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            libc, of_opening_and_closing = ctypes.CDLL(None), 0x20 | 0x18
            watch = libc.inotify_init1(os.O_NONBLOCK)
            self.assertGreater(libc.inotify_add_watch(watch, os.fsencode(lock.name), of_opening_and_closing), 0)
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.close()
            late = subprocess.Popen(
                [alder.PROGRAMS / "alder-keeper", "--run-dir", run, "--state-dir", home.path / "state", "--log-dir",
                 home.path / "logs", "--daemon", alder.PROGRAMS / "alderd", "--adopt-fd", str(its.fileno()),
                 "--daemon-pid", "999999999", "--mark", "1.1", "--epoch", "1"],
                env=home.environment, pass_fds=[its.fileno()], stderr=subprocess.PIPE)
            its.close()
            self.assertEqual((late.communicate(timeout=alder.PATIENCE)[1], late.returncode), (b"", 0))
            opened_and_closed_once = 2 * 16  # bytes
            self.assertEqual(len(os.read(watch, 65536)), opened_and_closed_once, "it waits for the lock")
            os.close(watch)

    def test_a_tree_of_which_nothing_runs_goes_on_too(self):
        home = self.home
        home.up("name: t\nchildren:\n  - { service: job, task: true, command: [sh, -c, 'echo >> runs'], "
                "schedule: { cron: '* * * * * *' } }\n  - { service: idle, command: sleep 1000 }\n")
        home.alder("stop", "idle")
        runs = home.files / "runs"
        home.wait_until("it has run", lambda: runs.exists() and len(runs.read_text()) > 1)
        self.kill_both()
        before = len(runs.read_text())
        home.alder("daemon", "start")
        home.wait_until("it runs again", lambda: len(runs.read_text()) > before + 1)
        self.assertEqual(home.states()["idle"], "stopped")
        home.alder("start", "idle")
        self.assertEqual(home.states()["idle"], "running")
        home.stop_daemon()

    def test_keeper_and_daemon_one_after_the_other(self):
        home = self.home
        self.bring_up()
        pids = home.pids()
        for _ in range(3):
            self.kill_keeper()
            home.kill_daemon()
            self.assertEqual(home.pids(), pids, home.story())
        home.stop_daemon()
        self.assertFalse([pid for pid in pids.values() if alder.is_alive(pid)])


if __name__ == "__main__":
    alder.main()
