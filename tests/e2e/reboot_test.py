"""The machine goes down and comes back: what was up comes up again when the boot unit asks for it."""

import os
import signal

import alder

TREE = """
name: {name}
children:
  - {{ service: {name}-a, command: sleep 1000 }}
  - {{ service: {name}-b, command: sleep 1000 }}
"""


class Reboot(alder.Scenario):
    def bring_up(self):
        home = self.home
        home.up(TREE.format(name="one"), name="one.yaml")
        home.up(TREE.format(name="two"), name="two.yaml")
        home.alder("stop", "one-b")
        home.alder("stop", "two")

    EXPECTED = {"one-a": "running", "one-b": "stopped", "two-a": "stopped", "two-b": "stopped"}

    def power_cut(self):
        """Everything is gone at once, and nobody could say anything."""
        home = self.home
        for one in home.processes():
            os.kill(one.pid, signal.SIGSTOP)
        for one in home.processes():
            os.kill(one.pid, signal.SIGKILL)
        home.wait_until("everything is gone", lambda: not home.processes())
        (home.path / "run/keeper.mark").unlink()  # it is of another start of the machine

    def test_trees_come_back_after_a_power_cut(self):
        home = self.home
        self.bring_up()
        self.power_cut()
        home.alder("daemon", "start", "--resurrect")
        home.wait_until("what was up is up", lambda: home.states() == self.EXPECTED)
        home.kill_daemon()
        self.assertEqual(home.states(), self.EXPECTED)

    def test_trees_come_back_after_an_orderly_shutdown(self):
        home = self.home
        self.bring_up()
        for _ in range(2):
            home.stop_daemon()
            home.alder("daemon", "start", "--resurrect")
            home.wait_until("what was up is up", lambda: home.states() == self.EXPECTED)

    def test_how_services_ended_and_why_they_run_is_shown(self):
        home = self.home
        self.bring_up()
        home.stop_daemon()
        home.alder("daemon", "start")
        service = home.service("one-a")
        self.assertEqual((service["state"], service["last_exit"]["signal"], service["reason"]),
                         ("stopped", "SIGTERM", "stopped because the daemon was stopped"))
        self.assertEqual(home.service("one-b")["reason"], "stopped on request")
        self.assertIn("daemon start --resurrect", home.request("GET", "/v1/services/one")[1]["reason"])
        ended = service["last_exit"]["at"]
        home.alder("daemon", "start", "--resurrect")
        home.wait_until("what was up is up", lambda: home.states() == self.EXPECTED)
        service = home.service("one-a")
        self.assertEqual(service["last_exit"]["at"], ended)
        self.assertEqual(service["reason"], "started because its tree was up before the daemon started")
        self.assertIn("one is running, " + service["reason"], [event["text"] for event in home.events()])
        home.stop_daemon()
        home.up(TREE.format(name="one"), name="one.yaml")
        service = home.service("one-a")
        self.assertEqual((service["last_exit"]["signal"], service["reason"]), ("SIGTERM", "started by its supervisor"))
        self.assertGreater(service["last_exit"]["at"], ended, "that of the latest stop")
        self.power_cut()
        home.alder("daemon", "start")
        service = home.service("one-a")
        self.assertEqual(service["last_exit"], {"text": "unknown"})
        self.assertEqual(service["reason"], "stopped because the machine or its keeper went down")

    def test_without_being_asked_nothing_starts(self):
        home = self.home
        self.bring_up()
        home.stop_daemon()
        home.alder("daemon", "start")
        self.assertEqual(set(home.states().values()), {"stopped"})
        home.alder("start", "one")
        home.wait_until("it is up", lambda: home.states()["one-a"] == "running")

    def test_what_was_up_can_still_be_brought_up_when_a_daemon_runs(self):
        home = self.home
        self.bring_up()
        home.stop_daemon()
        hint = home.alder("daemon", "start").err
        self.assertIn("one", hint)
        self.assertNotIn("two", hint, "that was stopped by hand")
        self.assertIn("alder daemon start --resurrect", hint)
        home.stop_daemon()  # nothing of that is forgotten
        home.alder("daemon", "start")
        home.kill_daemon()
        home.wait_until("the next daemon answers", home.daemon_answers)
        self.assertEqual(set(home.states().values()), {"stopped"})
        self.assertIn("starting what ran before: one", home.alder("daemon", "start", "--resurrect").out)
        home.wait_until("what was up is up", lambda: home.states() == self.EXPECTED)
        before = home.pids()
        self.assertIn("so is everything that ran before", home.alder("daemon", "start", "--resurrect").out)
        home.kill_daemon()
        home.wait_until("the next daemon answers", home.daemon_answers)
        self.assertEqual(home.states(), self.EXPECTED)
        self.assertEqual(home.pids(), before)
        home.alder("down", "--all")

    def test_what_is_stopped_by_hand_after_a_start_is_not_brought_up(self):
        home = self.home
        self.bring_up()
        home.stop_daemon()
        home.alder("daemon", "start")
        home.alder("stop", "one")
        home.alder("daemon", "start", "--resurrect")
        self.assertEqual(set(home.states().values()), {"stopped"})

    def test_the_boot_unit(self):
        home = self.home
        shown = home.alder("startup", "--print").out
        for line in ("Type=forking", "daemon start --resurrect", "daemon stop", f"ALDER_HOME={home.path}"):
            self.assertIn(line, shown)
        if os.getuid() == 0:
            return  # the machine's own units are not for tests
        variables = {"XDG_CONFIG_HOME": str(home.top / "config")}
        home.alder("startup", variables=variables)
        unit = home.top / "config/systemd/user/alder.service"
        self.assertEqual(unit.read_text(), home.alder("startup", "--print", variables=variables).out)
        home.alder("unstartup", variables=variables)
        self.assertFalse(unit.exists())


if __name__ == "__main__":
    alder.main()
