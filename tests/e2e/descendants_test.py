"""Processes that a service leaves behind, however far they went: none survives it."""

import os
import signal

import alder

# Beside the service: a child in a session of its own, an orphan without our environment, an orphan and its child, and a
# child with neither our session nor our environment.
FAMILY = """
name: family
children:
  - service: parent
    shell: true
    command: |
      setsid sleep 2001 &
      (env -i sh -c 'sleep 2002 &')
      (sh -c 'sleep 2003 & exec sleep 2004' &)
      setsid env -i sleep 2005 &
      echo ready
      exec sleep 2000
    stop: { timeout: 5s }
"""
NAPS = ["2000", "2001", "2002", "2003", "2004", "2005"]

# Looks for leftovers of its predecessor, then makes some.
PARENT = """
import os, pathlib, subprocess
for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = file.read_bytes().split(b"\\0")
        is_ours = os.path.samefile(file.parent / "cwd", ".")
    except OSError:
        continue
    if is_ours and words[0] == b"sleep" and words[1] in (b"3000", b"3001", b"3002"):
        print("left:", words[1].decode(), flush=True)
print("looked", flush=True)
subprocess.Popen(["sleep", "3001"], start_new_session=True)
subprocess.run(["setsid", "-f", "sleep", "3002"])
os.execvp("sleep", ["sleep", "3000"])
"""

# Four workers, each of which hands over to a new process in a new session all the time.
CHAIN = """
import os, sys, time
for worker in range(4):
    if os.fork() == 0:
        for _ in range(20000):
            if os.fork(): os._exit(0)
            os.setsid()
            open(f"alive.{worker}", "w").close()
            time.sleep(float(sys.argv[1]))
time.sleep(1000)
"""


class Descendants(alder.Scenario):
    def naps(self):
        return sorted(words[1] for words in self.sleepers().values())

    def sleepers(self):
        found = {}
        for one in self.home.processes():
            words = str(one).partition("(")[2].rstrip(")").split()
            if len(words) == 2 and words[0] == "sleep":
                found[one] = words
        return found

    def bring_up(self):
        self.home.up(FAMILY)
        self.home.wait_until("the family is complete", lambda: self.naps() == NAPS)

    def test_none_lives_after_stop(self):
        self.bring_up()
        before = self.sleepers()
        self.home.alder("stop", "parent")
        self.assertEqual([str(one) for one in before if one.is_alive()], [])

    def test_none_lives_after_down(self):
        self.bring_up()
        before = self.sleepers()
        self.home.alder("down", "family")
        self.assertEqual([str(one) for one in before if one.is_alive()], [])

    def test_leftovers_are_gone_before_the_replacement_runs(self):
        home = self.home
        home.write("parent.py", PARENT)
        home.up("name: family\nbackoff: none\nintensity: { max_restarts: 20, within: 60s }\n"
                "children:\n  - { service: parent, command: [python3, parent.py] }\n")
        for _ in range(3):
            home.wait_until("the family is complete", lambda: self.naps() == ["3000", "3001", "3002"])
            before = home.pids()
            old = self.sleepers()
            home.kill("parent")
            self.assert_runs_anew(before, "parent")
            self.assertEqual([str(one) for one in old if one.is_alive()], [])
        home.wait_until("it has looked 4 times",
                        lambda: home.alder("logs", "--no-prefix").lines.count("looked") == 4)
        self.assertEqual(set(home.alder("logs", "--no-prefix").lines), {"looked"})

    def test_the_daemons_death_does_not_hide_them(self):
        self.bring_up()
        self.home.kill_daemon()
        before = self.sleepers()
        self.assertEqual(self.naps(), NAPS)
        self.home.alder("stop", "parent")
        self.assertEqual([str(one) for one in before if one.is_alive()], [])

    def test_leftovers_of_a_death_while_the_daemon_was_away_are_gone(self):
        home = self.home
        home.up("""
name: t
intensity: { max_restarts: 20, within: 60s }
backoff: none
children:
  - { service: top, shell: true, command: "setsid sleep 2001 & sleep 2002 & exec sleep 2000" }
  - supervisor: below
    intensity: { max_restarts: 20, within: 60s }
    children:
      - { service: deep, shell: true, command: "setsid sleep 2004 & sleep 2005 & exec sleep 2003" }
""")
        for name in ("top", "deep") * 2:
            home.wait_until("both families are complete", lambda: self.naps() == [*NAPS])
            daemon, before, old = home.info()["pid"], home.pids(), home.members_of(name)
            os.kill(daemon, signal.SIGSTOP)  # so that nobody is there when the service dies
            os.kill(before[name], signal.SIGKILL)
            home.daemon_kills += 1
            os.kill(daemon, signal.SIGKILL)
            home.wait_for_successor(daemon)
            self.assert_runs_anew(before, name)
            self.assertEqual([str(one) for one in old if one.is_alive()], [])

    def test_leftovers_of_a_stop_that_the_daemon_did_not_survive_are_gone(self):
        home = self.home
        self.bring_up()
        for _ in range(3):
            daemon, old = home.info()["pid"], self.sleepers()
            home.request("POST", "/v1/services/parent/stop")
            home.daemon_kills += 1
            os.kill(daemon, signal.SIGKILL)
            home.wait_for_successor(daemon)
            state = home.wait_until("it has settled", lambda: [
                state for state in home.states().values() if state in ("running", "stopped")])
            if state == ["running"] and home.pids()["parent"] in [one.pid for one in old]:
                home.alder("stop", "parent")
            self.assertEqual([str(one) for one in old if one.is_alive()], [])
            home.alder("start", "parent")
            home.wait_until("the family is complete", lambda: self.naps() == NAPS)

    def test_one_that_ignores_sigterm_is_killed_after_its_timeout(self):
        home = self.home
        home.up("""
name: t
children:
  - service: deaf
    shell: true
    command: trap 'echo no' TERM; echo ready; while :; do sleep 1000 & wait; done
    stop: { signal: TERM, timeout: 500ms }
""")
        home.wait_until("it is ready", lambda: home.alder("logs", "--no-prefix").out == "ready\n")
        before = home.processes()
        pid = home.pids()["deaf"]
        home.alder("stop", "deaf")
        self.assertFalse(alder.is_alive(pid))
        self.assertEqual(home.service("deaf")["last_exit"]["signal"], "SIGKILL")
        self.assertIn("no", home.alder("logs", "--no-prefix").lines)
        self.assertEqual([str(one) for one in before if one.is_alive() and "sleep" in str(one)], [])
        warned = [event["text"] for event in home.events("deaf") if event["kind"] == "warning"]
        self.assertTrue(warned, "that it had to be killed is worth a warning")

    def test_one_that_hid_in_every_way_ends_with_the_daemon(self):
        home = self.home
        home.up("name: t\nchildren:\n"
                "  - { service: hider, command: [sh, -c, '(prlimit --locks=unlimited env -i setsid -f sleep 4001); exec sleep 4000'] }\n")
        home.wait_until("both are there", lambda: self.naps() == ["4000", "4001"])
        before = self.sleepers()
        home.stop_daemon()
        self.assertEqual([str(one) for one in before if one.is_alive()], [])

    def test_a_daemon_that_has_dropped_everything_we_gave_it_ends_with_its_service(self):
        home = self.home
        home.up("name: t\nchildren:\n"
                "  - { service: forking, restart: transient, command: [sh, -c, 'env -i setsid -f sleep 4001'] }\n")
        home.wait_until("it has ended", lambda: home.states() == {"forking": "finished"})
        self.assertEqual(self.naps(), [], "what it leaves behind goes with it")
        home.up("name: u\nchildren:\n  - { service: both, command: [sh, -c, 'env -i setsid -f sleep 4001; exec sleep 4000'] }\n",
                name="u.yaml")
        home.wait_until("both are there", lambda: self.naps() == ["4000", "4001"])
        home.alder("stop", "both")
        self.assertEqual(self.naps(), [])

    def test_nobody_elses_processes_are_touched(self):
        home = self.home
        home.write("chain.py", CHAIN)
        home.up("""
name: t
children:
  - { service: chain, command: [python3, -S, -E, chain.py, "0.01"] }
  - { service: other, command: sleep 5000 }
""")
        alive = [home.files / f"alive.{worker}" for worker in range(4)]
        home.wait_until("all four work", lambda: all(file.exists() for file in alive))
        for _ in range(10):
            home.alder("restart", "other")
            listed = home.alder("describe", "other", "--json").json["detail"]["processes"]
            self.assertEqual([one["command"] for one in listed], ["sleep 5000"])
        for file in alive:
            file.unlink()
        home.wait_until("all four work still", lambda: all(file.exists() for file in alive))

    def test_what_changes_its_process_all_the_time_is_stopped_all_the_same(self):
        home = self.home
        home.write("chain.py", CHAIN)
        home.up("name: t\nchildren:\n  - { service: chain, command: [python3, -S, -E, chain.py, '0.002'],\n"
                "      stop: { timeout: 100ms } }\n")
        for _ in range(10):
            home.wait_until("they work", lambda: (home.files / "alive.3").exists())
            home.alder("stop", "chain")
            left = [str(one) for one in home.processes() if "chain.py" in str(one)]
            self.assertEqual(left, [])
            (home.files / "alive.3").unlink()
            home.alder("start", "chain")

    def test_what_a_hook_or_a_check_leaves_in_the_background_ends_with_it(self):
        home = self.home
        home.up("""
name: t
children:
  - service: app
    command: sleep 1000
    hooks: { before_start: "sh -c 'sleep 6001 & exit 0'", after_start: "sh -c 'setsid sleep 6002 & touch hooked'" }
    health: { exec: "sh -c 'sleep 6003 & touch checked'", interval: 200ms }
""")
        for name in ("hooked", "checked"):
            home.wait_until(name, lambda: (home.files / name).exists())
        home.wait_until("nothing of them is left", lambda: self.naps() == ["1000"])

    def test_a_signal_of_its_own_stops_it(self):
        home = self.home
        home.up("""
name: t
children:
  - service: polite
    shell: true
    command: trap 'echo bye; exit 0' USR1; echo ready; while :; do sleep 1000 & wait; done
    stop: { signal: USR1, timeout: 20s }
""")
        home.wait_until("it is ready", lambda: home.alder("logs", "--no-prefix").out == "ready\n")
        home.alder("stop", "polite")
        self.assertEqual(home.alder("logs", "--no-prefix").lines, ["ready", "bye"])
        self.assertEqual(home.service("polite")["last_exit"]["code"], 0)

    def test_a_frozen_process_hears_its_stop_signal(self):
        home = self.home
        home.up("name: t\nchildren:\n  - { service: frozen, command: sleep 1000, stop: { timeout: 100s } }\n")
        home.kill("frozen", signal.SIGSTOP)
        home.alder("stop", "frozen")
        self.assertEqual(home.service("frozen")["state"], "stopped")
        self.assertEqual(home.service("frozen")["last_exit"]["signal"], "SIGTERM", "it was woken to hear it")


if __name__ == "__main__":
    alder.main()
