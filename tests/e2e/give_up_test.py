"""Too many restarts: a supervisor gives up, its parent decides, and the root ends as failed."""

import alder

CRASHING = """
name: doomed
intensity: { max_restarts: 2, within: 60s }
backoff: none
children:
  - service: calm
    command: sleep 1000
  - service: wild
    shell: true
    command: test -e calm.now && exec sleep 1000; echo I fail; exit 7
"""


def root_of(home):
    return home.trees()[0]


class GiveUp(alder.Scenario):
    def test_a_root_that_gives_up_is_failed_and_can_be_started_again(self):
        home = self.home
        home.up(CRASHING, expect=None)
        home.wait_until("the root is failed", lambda: root_of(home)["state"] == "failed")
        self.assertIn("gave up", root_of(home)["reason"])
        self.assertIn("wild", root_of(home)["reason"] + " ".join(event["text"] for event in home.events("doomed")))
        self.assertIn("failed", home.alder("tree").out)
        self.assertEqual(home.pids(), {}, "nothing of the tree is left running")
        kinds = home.kinds()
        self.assertEqual((kinds.count("gave_up"), kinds.count("tree_failed")), (1, 1))
        self.assertEqual(len([event for event in home.events("wild") if event["kind"] == "exited"]), 3)

        home.write("calm.now", "")
        home.alder("start", "doomed")
        self.assertTrue(home.all_run(), home.story())
        self.assertEqual(root_of(home)["state"], "running")

    def test_up_brings_a_failed_tree_back(self):
        home = self.home
        home.up(CRASHING, expect=None)
        home.wait_until("the root is failed", lambda: root_of(home)["state"] == "failed")
        home.write("calm.now", "")
        home.alder("up", home.files / "alder.yaml")
        self.assertTrue(home.all_run(), home.story())

    def test_run_of_a_tree_that_gives_up_ends_with_1(self):
        answer = self.home.alder("run", self.home.write("alder.yaml", CRASHING), expect=1)
        self.assertIn("gave up", answer.err)
        self.assertIn("I fail", answer.out)
        self.assertEqual(self.home.processes(), set())

    def test_a_pool_that_waits_says_when_it_is_tried_again(self):
        home = self.home
        home.up("""
name: top
children:
  - service: pool
    instances: 2
    command: sh -c 'exit 3'
    intensity: { max_restarts: 0, within: 60s }
    backoff: { min: 10m, max: 10m }
""", expect=None)
        home.wait_until("it waits", lambda: root_of(home)["children"][0]["state"] == "backoff")
        due = root_of(home)["children"][0]["next_attempt"]
        self.assertEqual({one.get("next_attempt") for one in home.services().values()}, {due})
        for words in (["ls"], ["tree"], ["describe", "pool"], ["describe", "pool:0"]):
            self.assertIn("next try in", home.alder(*words).out)
        for one in home.services().values():
            self.assertNotIn("gave up: gave up", one["reason"])

    def test_a_supervisor_that_gives_up_is_restarted_by_its_parent(self):
        home = self.home
        home.up("""
name: top
strategy: one_for_one
intensity: { max_restarts: 5, within: 60s }
backoff: none
children:
  - service: bystander
    command: sleep 1000
  - supervisor: team
    strategy: one_for_one
    intensity: { max_restarts: 1, within: 60s }
    children:
      - { service: x, command: sleep 1000 }
      - { service: y, command: sleep 1000 }
""")
        before = home.pids()
        home.kill("x")
        self.assert_runs_anew(before, "x")
        home.kill("x")
        self.assert_runs_anew(before, "x", "y")
        gave_up, = [event for event in home.events() if event["kind"] == "gave_up"]
        self.assertEqual(gave_up["name"], "team")
        self.assertEqual(root_of(home)["intensity"]["used"], 1)

    def test_backoff_spaces_the_attempts(self):
        home = self.home
        home.up("""
name: patient
intensity: { max_restarts: 2, within: 60s }
backoff: none
children:
  - service: wild
    command: [sh, -c, "exit 1"]
    backoff: { min: 200ms, factor: 3, jitter: 0 }
""", expect=None)
        home.wait_until("the root is failed", lambda: root_of(home)["state"] == "failed")
        planned = [event["delay_ms"] for event in home.events("wild") if event["kind"] == "restart_planned"]
        self.assertEqual(planned, [200, 600])


if __name__ == "__main__":
    alder.main()
