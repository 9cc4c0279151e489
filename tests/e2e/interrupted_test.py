"""alderd is killed in the middle of what it was asked for: its successor, or the command itself, does the rest once."""

import os
import pathlib
import re
import signal

import alder

# Ends two seconds after it was asked to, successfully: for `restart: transient` that is the end of it.
SLOW_STOP = """
import signal, sys, time
def end(*_):
    time.sleep(2)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open("catches", "w").close()
while True:
    time.sleep(0.05)
"""
SLOW_SERVICE = "{service: w, command: [python3, slow.py], restart: transient, stop: {timeout: 30s}}"

HALVES = """
name: t
children:
  - supervisor: a
    children:
      - {{service: mate, command: sleep 1000}}
      {in_a}
  - supervisor: b
    children:
      - {{service: far, command: sleep 1000}}
      {in_b}
"""

READINESS = """
name: t
children:
  - supervisor: a
    children:
      - {service: slow, command: sleep 1000, ready: {exec: test -e up, timeout: 60s}}
      - {service: mate, command: sleep 1000}
  - {service: other, command: sleep 1000}
"""

GIVES_UP = """
name: t
children:
  - supervisor: g
    intensity: {max_restarts: 0, within: 60s}
    children:
      - {service: w, command: [python3, slow.py], stop: {timeout: 30s}}
      - {service: bad, command: sleep 1000, backoff: none}
  - {service: other, command: sleep 1000}
"""

FAILS_LATER = """
name: u
children:
  - {service: first, command: sleep 1000}
  - {service: slow, command: sleep 1000, ready: {exec: test -e up, timeout: 60s}}
  - {service: bad, command: "false", ready: {exec: test -e up, timeout: 60s}}
"""


class Interrupted(alder.Scenario):
    def bring_up_slow_stop(self, text):
        home = self.home
        home.write("slow.py", SLOW_STOP)
        home.up(text)
        home.wait_until("it catches SIGTERM", (home.files / "catches").exists)

    def kill_while(self, name, state):
        self.home.wait_until(f"{name} is {state}", lambda: self.home.states().get(name) == state)
        self.home.kill_daemon()

    def end_of(self, command):
        out, err = command.communicate(timeout=60)
        return command.returncode, out.decode() + err.decode()

    def test_a_service_that_moves_to_another_supervisor_is_started_there(self):
        home = self.home
        self.bring_up_slow_stop(HALVES.format(in_a="- " + SLOW_SERVICE, in_b=""))
        before = home.pids()
        home.write("alder.yaml", HALVES.format(in_a="", in_b="- " + SLOW_SERVICE))
        home.begin("apply", "--sync", "alder.yaml")
        self.kill_while("w", "stopping")
        after = self.assert_runs_anew(before, "w")
        home.wait_until("the change is complete", lambda: "resumed" in home.kinds("t"))
        self.assertEqual(home.pids(), after)
        self.assertEqual(home.service("w")["restarts"], 0, "nobody asked for that exit to be one")
        self.assertIn("matches the file", home.alder("apply", "--dry-run", "--sync", "alder.yaml").said)

    def test_a_supervisor_that_was_giving_up_gives_up_once(self):
        home = self.home
        self.bring_up_slow_stop(GIVES_UP)
        before = home.pids()
        home.kill("bad")
        self.kill_while("w", "stopping")
        home.wait_until("w runs anew", lambda: home.pids().get("w") not in (None, before["w"]))
        home.wait_until("it was restarted", lambda: home.states() == dict.fromkeys(("w", "bad", "other"), "running"))
        kinds = [event["kind"] for event in home.events("g", count=200)]
        self.assertEqual(kinds.count("gave_up"), 1)
        starts = [event for event in home.events("bad", count=200) if event["kind"] == "started"]
        self.assertEqual(len(starts), 2, "with the tree, and with its supervisor when that was restarted")
        self.assertEqual(home.service("other")["restarts"], 0)

    def test_a_start_that_fails_after_the_crash_is_undone(self):
        home = self.home
        home.up("name: t\nchildren:\n  - {service: other, command: sleep 1000}\n")
        home.write("u.yaml", FAILS_LATER)
        home.begin("up", "u.yaml")
        self.kill_while("slow", "starting")
        home.write("up", "")
        home.wait_until("it is undone", lambda: home.states().get("first") == "stopped")
        self.assertEqual(home.states()["bad"], "failed")
        self.assertEqual(home.states()["slow"], "stopped")
        self.assertEqual(home.states()["other"], "running")

    def test_what_is_to_be_of_another_kind_is_stopped_as_what_it_is(self):
        home = self.home
        service, supervisor = "  - {service: g, command: sleep 1000}\n", (
            "  - supervisor: g\n    children:\n      - {service: mate, command: sleep 1000}\n"
            f"      - {SLOW_SERVICE}\n")
        other = "  - {service: o, command: sleep 1000}\n"
        self.bring_up_slow_stop("name: t\nchildren:\n" + supervisor + other)
        old = home.pids()
        home.write("alder.yaml", "name: t\nchildren:\n" + service + other)
        command = home.begin("apply", "--sync")
        self.kill_while("w", "stopping")
        code, said = self.end_of(command)
        self.assertEqual(code, 0, said)
        home.wait_until("g is a service", lambda: set(home.states()) == {"g", "o"} and home.all_run())
        self.assertEqual([name for name, pid in old.items() if alder.is_alive(pid)], ["o"])
        self.assertEqual(home.kinds("o").count("started"), 1)
        # And back, with a service that takes its time.
        home.write("slow.py", SLOW_STOP.replace("sys.exit(0)", 'open("saved", "w").close(); sys.exit(0)'))
        os.remove(home.files / "catches")
        home.write("alder.yaml", "name: t\nchildren:\n" + SLOW_SERVICE.replace("{service: w", "  - {service: g") + "\n" + other)
        home.alder("apply", "--sync")
        home.wait_until("it catches SIGTERM", (home.files / "catches").exists)
        home.write("alder.yaml", "name: t\nchildren:\n" + service.replace("}", ", instances: 2}") + other)
        command = home.begin("apply", "--sync")
        self.kill_while("g", "stopping")
        code, said = self.end_of(command)
        self.assertEqual(code, 0, said)
        home.wait_until("g is a pool", lambda: set(home.states()) == {"g:0", "g:1", "o"} and home.all_run())
        self.assertTrue((home.files / "saved").exists(), "it had the time it was promised")

    def test_a_change_that_waits_for_another_is_carried_out_behind_it(self):
        home = self.home
        self.bring_up_slow_stop("name: t\nchildren:\n  - {service: p, command: [python3, slow.py], instances: 2, "
                                "stop: {timeout: 30s}}\n")
        first = home.begin("scale", "p", "1")
        home.wait_until("p:1 is stopping", lambda: home.states().get("p:1") == "stopping")
        second = home.begin("scale", "p", "3")
        home.wait_until("the second one waits", lambda: "queued" in home.kinds())
        home.kill_daemon()
        for command in (first, second):
            code, said = self.end_of(command)
            self.assertEqual(code, 0, said)
        self.assertEqual(set(home.states()), {"p:0", "p:1", "p:2"})
        self.assertTrue(home.all_run())

    def test_a_removal_is_completed(self):
        home = self.home
        self.bring_up_slow_stop(HALVES.format(in_a="- " + SLOW_SERVICE, in_b=""))
        home.begin("remove", "w")
        self.kill_while("w", "stopping")
        home.wait_until("it is gone", lambda: "w" not in home.services())
        kinds = [event["kind"] for event in home.events() if event.get("name") == "w"]
        self.assertIn("stopped", kinds)
        self.assertNotIn("exited", kinds)

    def test_what_a_change_does_not_start_stays_down(self):
        home = self.home
        idle = "- {service: idle, command: sleep 1000}"
        self.bring_up_slow_stop(HALVES.format(in_a=f"{idle}\n      - {SLOW_SERVICE}", in_b=""))
        home.alder("stop", "idle")
        home.write("alder.yaml", HALVES.format(in_a="- {service: fresh, command: sleep 1000}", in_b=idle))
        home.begin("apply", "--stop-removed", "--restart-changed", "alder.yaml")  # and not --start-added
        self.kill_while("w", "stopping")
        home.wait_until("the change is complete", lambda: "resumed" in home.kinds("t"))
        self.assertEqual(home.states(), {"mate": "running", "far": "running", "idle": "stopped", "fresh": "stopped"})
        home.alder("start", "idle", "fresh")

    def test_what_was_being_added_is_supervised(self):
        home = self.home
        home.up(HALVES.format(in_a="", in_b=""))
        more = home.write("more.yaml", "name: more\nchildren:\n  - {service: new, command: sleep 1000, "
                          "ready: {exec: test -e up, timeout: 60s}}\n  - {service: next, command: sleep 1000}\n")
        adding = home.begin("add", "a", more)
        home.wait_until("it has a process", lambda: home.pids().get("new"))
        pid = home.pids()["new"]
        home.kill_daemon()
        self.end_of(adding)
        home.wait_until("it is known", lambda: home.states().get("new") == "starting")
        home.write("up", "")
        home.wait_until("it is up", lambda: home.states()["new"] == "running")
        self.assertEqual(home.pids()["new"], pid)
        self.assertNotIn("next", home.services())
        home.kill("new")
        home.wait_until("it is restarted", lambda: home.pids().get("new") not in (None, pid))

    def start_slowly(self):
        """A restart of `slow` is under way."""
        self.home.write("up", "")
        self.home.up(READINESS)
        (self.home.files / "up").unlink()
        restart = self.home.begin("restart", "slow")
        self.home.wait_until("it starts", lambda: self.home.states()["slow"] == "starting")
        return restart

    def test_a_child_that_is_starting_holds_nobody_up(self):
        home = self.home
        restart = self.start_slowly()
        before = home.pids()
        home.kill_daemon()
        home.wait_until("the others are taken over", lambda: home.pids() == before)
        home.kill("other")
        home.wait_until("it is restarted", lambda: home.pids().get("other") not in (None, before["other"]))
        self.assertEqual(home.states()["slow"], "starting")
        home.alder("restart", "other", timeout=20)
        home.write("up", "")
        self.assertEqual(self.end_of(restart)[0], 0)
        self.assertEqual(home.pids()["slow"], before["slow"], "it was started once")

    def test_a_stop_that_waited_is_carried_out(self):
        home = self.home
        self.start_slowly()
        home.alder("stop", "mate", "--no-wait")  # nobody is there to ask again
        waiting = home.begin("stop", "mate")
        home.kill_daemon()
        home.write("up", "")
        home.wait_until("both are done", lambda: home.states() == {
            "slow": "running", "mate": "stopped", "other": "running"})
        self.assertEqual(self.end_of(waiting)[0], 0)

    def test_a_rolling_restart_goes_on(self):
        home = self.home
        home.up("name: t\nchildren:\n  - {service: api, instances: 3, command: sleep 1000}\n")
        before = home.pids()
        roll = home.begin("restart", "api:*")
        home.wait_until("the second has its turn", lambda: home.pids().get("api:1") not in (None, before["api:1"]))
        self.assertEqual(home.pids()["api:2"], before["api:2"])
        home.kill_daemon()
        code, said = self.end_of(roll)
        self.assertEqual(code, 0, said)
        self.assertIn("waiting for the daemon that replaces it", said)
        after = home.services()
        self.assertEqual([after[f"api:{n}"]["generation"] for n in range(3)], [2, 2, 2], "each once")
        self.assertTrue(all(after[name]["pid"] != before[name] for name in before))

    def test_a_stop_does_not_undo_a_later_start(self):
        home = self.home
        self.bring_up_slow_stop(HALVES.format(in_a="- " + SLOW_SERVICE, in_b=""))
        before = home.pids()
        stopping = home.begin("stop", "w")
        home.wait_until("it stops", lambda: home.states()["w"] == "stopping")
        starting = home.begin("start", "w")
        home.wait_until("the start waits", lambda: self.noted_acts() == 2)
        home.kill_daemon()
        self.assertEqual(self.end_of(stopping)[0], 0)
        self.assertEqual(self.end_of(starting)[0], 0)
        self.assert_runs_anew(before, "w")

    def noted_acts(self):
        """How many acts the journal has seen, done or not."""
        journal = pathlib.Path(self.home.alder("paths", "--state").out.strip(), "journal")
        return len(set(re.findall(rb"operation/act/\d+", journal.read_bytes())))

    def test_a_supervisor_is_restarted_once_and_the_next_name_follows(self):
        home = self.home
        self.bring_up_slow_stop(HALVES.format(in_a="- " + SLOW_SERVICE, in_b=""))
        before = home.pids()
        restart = home.begin("restart", "a", "b")
        self.kill_while("w", "stopping")
        code, said = self.end_of(restart)
        self.assertEqual(code, 0, said)
        self.assertIn("2 restarted in", said)
        after = self.assert_runs_anew(before, "w", "mate", "far")
        self.assertEqual(home.pids(), after)
        self.assertEqual({name: one["generation"] for name, one in home.services().items()},
                         {"w": 2, "mate": 2, "far": 2})

    def test_up_goes_on_and_waits(self):
        home = self.home
        home.alder("daemon", "start")
        home.write("alder.yaml", READINESS)
        up = home.begin("up", "alder.yaml")
        home.wait_until("it starts", lambda: home.states().get("slow") == "starting")
        home.kill_daemon()
        home.wait_until("it goes on", lambda: home.states().get("slow") == "starting")
        home.write("up", "")
        code, said = self.end_of(up)
        self.assertEqual(code, 0, said)
        self.assertIn("3 started in", said)

    def test_a_temporary_task_that_ended_meanwhile_is_not_run_again(self):
        home = self.home
        home.up("name: t\nchildren:\n  - {service: job, shell: true, command: 'echo run >> runs; "
                "while [ ! -e go ]; do sleep 0.1; done', task: true, restart: temporary, autostart: false}\n")
        start = home.begin("start", "job")
        home.wait_until("it runs", lambda: home.states()["job"] == "running")
        job, daemon = home.pids()["job"], home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)
        home.write("go", "")
        home.wait_until("it has ended", lambda: not alder.is_alive(job))
        os.kill(daemon, signal.SIGKILL)
        home.daemon_kills += 1
        home.wait_for_successor(daemon)
        code, said = self.end_of(start)
        self.assertEqual(code, 0, said)
        self.assertEqual((home.files / "runs").read_text(), "run\n")

    def test_what_was_down_before_the_daemon_was_stopped_keeps_its_reason(self):
        home = self.home
        home.up(HALVES.format(in_a="", in_b=""))
        home.alder("stop", "a")
        home.stop_daemon()
        home.alder("daemon", "start")
        reasons = {name: service["reason"] for name, service in home.services().items()}
        self.assertEqual(reasons, {"mate": "stopped on request", "far": "stopped because the daemon was stopped"})


if __name__ == "__main__":
    alder.main()
