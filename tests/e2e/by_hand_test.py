"""What a person types: tasks are waited for and not run again by accident, a rolling restart ends at the first crash, and
without a daemon the log files are named."""

import json

import alder

TREE = """
name: shop
children:
  - service: migrate
    task: true
    command: sh -c 'echo ran >> runs; while [ ! -e go ]; do sleep 0.02; done; exit $(cat code)'
  - { service: web, shell: true, command: exec $(cat program), instances: 3 }
  - { service: nightly, task: true, command: sh -c 'echo ran >> nights', schedule: { cron: "0 3 1 1 *" } }
"""


class ByHand(alder.Scenario):
    def setUp(self):
        super().setUp()
        for name, text in {"go": "", "code": "0", "program": "sleep 1000"}.items():
            self.home.write(name, text)
        self.home.up(TREE)

    def lines(self, name):
        path = self.home.files / name
        return path.read_text().splitlines() if path.exists() else []

    def state(self, name):
        return self.home.services()[name]["state"]

    def test_a_task_is_waited_for(self):
        home = self.home
        for verb in ("start", "restart"):
            (home.files / "go").unlink()
            waiting = home.begin(verb, "migrate")
            home.wait_until("it runs", lambda: self.state("migrate") == "running")
            self.assertIsNone(waiting.poll())
            home.kill("web:1")  # meanwhile its supervisor does its work
            home.wait_until("the others are looked after", lambda: self.state("web:1") == "running")
            self.assertIsNone(waiting.poll())
            home.write("go", "")
            self.assertEqual(waiting.wait(alder.PATIENCE), 0)
            self.assertEqual(self.state("migrate"), "finished")

    def test_a_task_that_fails_says_why(self):
        home = self.home
        home.write("code", "3")
        for verb in ("start", "restart"):
            self.assertIn("migrate failed: exited with code 3", home.alder(verb, "migrate", expect=1).said)
        status, body = home.request("POST", "/v1/services/migrate/start?wait=30s")[:2]
        self.assertEqual(status, 422, body)
        self.assertEqual(home.request("POST", "/v1/services/migrate/start?wait=30s&until=started")[0], 200)
        self.assertEqual(home.request("POST", "/v1/services/migrate/start?until=soon")[0], 400)

    def test_nobody_has_to_wait(self):
        home = self.home
        (home.files / "go").unlink()
        self.assertIn("accepted", home.alder("start", "migrate", "--no-wait").said)
        home.wait_until("it runs", lambda: self.state("migrate") == "running")
        home.alder("start", "migrate", "--timeout", "10ms", expect=6)
        home.alder("start", "migrat", "--no-wait", expect=4)
        home.write("go", "")
        home.wait_until("it ends", lambda: self.state("migrate") == "finished")

    def test_what_has_finished_runs_again_by_its_name_only(self):
        home = self.home
        self.assertEqual(self.lines("runs"), ["ran"])
        for words in (["start", "mig*"], ["start", "*"], ["start", "all"], ["restart", "mig*"], ["restart", "*"]):
            said = home.alder(*words).said
            self.assertIn("migrate has finished; to run it again: alder start migrate", said)
        self.assertEqual(self.lines("runs"), ["ran"])
        home.alder("start", "migrate")
        self.assertEqual(self.lines("runs"), ["ran"] * 2)
        self.assertEqual(self.lines("nights"), [])

    def test_a_rolling_restart_ends_at_the_first_crash(self):
        home = self.home
        home.alder("restart", "web:*")
        before = home.pids()
        home.write("program", "false")
        answer = home.alder("restart", "web:*", expect=1)
        self.assertIn("web:0 exited with code 1 within 1s of its start", answer.said)
        self.assertIn("web:1, shop/web:2 were not restarted", answer.said)
        now = home.pids()
        self.assertEqual([now[name] for name in ("web:1", "web:2")], [before[name] for name in ("web:1", "web:2")])

    def test_apply_restarts_one_after_the_other_until_one_crashes(self):
        home = self.home
        before = home.pids()
        home.write("alder.yaml", TREE.replace("exec $(cat program)", "exit 7"))
        answer = home.alder("apply", "--restart-changed", home.files / "alder.yaml", expect=1)
        self.assertIn("exited with code 7 within 1s of its start", answer.said)
        self.assertIn("not restarted: ", answer.said)
        now = home.pids()
        self.assertEqual(sum(now.get(name) == before[name] for name in ("web:0", "web:1", "web:2")), 2)
        home.write("alder.yaml", TREE.replace("exec $(cat program)", "exec sleep 2000"))
        home.alder("apply", "--restart-changed", home.files / "alder.yaml")
        now = home.pids()
        self.assertFalse(any(now[name] == before[name] for name in ("web:0", "web:1", "web:2")))

    def test_apply_runs_no_task_before_its_time(self):
        home = self.home
        later = TREE + """
  - { service: weekly, task: true, command: sh -c 'echo ran >> weeks', schedule: { cron: "0 4 1 1 *" } }
  - { service: console, command: sleep 1000, autostart: false }
"""
        path = home.write("alder.yaml", later)
        home.alder("apply", path)
        home.alder("stop", "weekly")
        home.write("alder.yaml", later.replace("0 4", "0 5"))
        home.alder("apply", "--sync", path)
        self.assertEqual(home.services()["weekly"]["reason"], "stopped on request")
        self.assertEqual(self.state("console"), "stopped")
        home.write("alder.yaml", later.replace("weekly", "monthly"))
        home.alder("apply", "--sync", path)
        self.assertEqual(home.services()["monthly"]["reason"], "waits for its schedule")
        home.alder("add", "shop", home.write("more.yaml", """
name: more
children:
  - { service: yearly, task: true, command: sh -c 'echo ran >> weeks', schedule: { cron: "0 6 1 1 *" } }
"""))
        self.assertEqual(home.services()["yearly"]["reason"], "waits for its schedule")
        self.assertEqual(self.lines("weeks"), [])
        home.alder("start", "monthly")
        self.assertEqual(self.lines("weeks"), ["ran"])

    def test_a_task_that_is_added_is_waited_for(self):
        home = self.home
        more = home.write("more.yaml", """
name: more
children:
  - { service: seed, task: true, command: sh -c 'sleep 0.2; exit 5' }
""")
        self.assertIn("seed failed: exited with code 5", home.alder("add", "shop", more, expect=1).said)

    def test_the_name_of_a_supervisor_that_is_up_starts_what_is_down_below_it(self):
        home = self.home
        home.alder("stop", "web:1")
        self.assertIn("1 started", home.alder("start", "web").said)
        self.assertEqual(self.state("web:1"), "running")
        self.assertIn("already running", home.alder("start", "shop").said)
        self.assertEqual(self.lines("runs"), ["ran"], "what has finished is not run again")

    def test_a_pool_that_is_started_on_request_is_started_by_its_name(self):
        home = self.home
        home.alder("down", "shop")
        home.up(TREE.replace("instances: 3", "instances: 3, autostart: false"))
        self.assertEqual(self.state("web:0"), "stopped")
        self.assertIn("3 started", home.alder("start", "web").said)
        home.alder("stop", "web")
        self.assertIn("3 started", home.alder("start", "web").said)
        self.assertEqual([self.state(f"web:{n}") for n in range(3)], ["running"] * 3)

    def test_a_node_that_is_named_twice_is_acted_on_once(self):
        home = self.home
        home.alder("restart", "shop/web:1", "web:1", "web")
        events = [e for e in home.events() if e.get("name") == "web:1" and e["kind"] == "started"]
        self.assertEqual(len(events), 2, home.story())

    def test_a_start_that_is_stopped_again_is_no_warning(self):
        home = self.home
        (home.files / "go").unlink()
        home.alder("start", "migrate", "--no-wait")
        home.wait_until("it runs", lambda: self.state("migrate") == "running")
        home.alder("stop", "migrate")
        home.alder("restart", "web:0")  # what was told of the stop is told by then
        self.assertEqual([e["text"] for e in home.events() if e["kind"] == "warning"], [])

    def test_without_a_daemon_the_log_files_are_named(self):
        home = self.home
        home.write("program", "echo hello")
        home.alder("restart", "web:0", expect=None)
        path = home.alder("logs", "path", "web:0").lines[0]
        home.wait_until("it has spoken", lambda: home.alder("logs", "web:0").lines)
        home.stop_daemon()
        self.assertIn(path, home.alder("logs", "web:0", expect=5).said)
        self.assertIn(path, json.loads(home.alder("logs", "web", "--json", expect=5).out)["error"]["help"][-1])


if __name__ == "__main__":
    alder.main()
