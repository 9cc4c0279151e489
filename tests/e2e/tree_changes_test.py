"""A tree that is up is changed: by another version of its file, by children added and removed, by scaling."""

import alder

CONFIG = """
name: shop
children:
  - service: db
    command: sleep 1000
  - service: api
    command: sleep 1001
    instances: 2
  - service: old
    command: sleep 1002
"""
NEWER = CONFIG.replace("sleep 1000", "sleep 2000").replace("  - service: old\n    command: sleep 1002\n", "") + """
  - service: fresh
    command: sleep 1003
"""


class TreeChanges(alder.Scenario):
    def changes(self, *options):
        told = self.home.alder("apply", "--dry-run", "--json", *options)
        return [(change["what"], change["name"]) for change in told.json["changes"]]

    def test_apply_follows_otp_unless_told_otherwise(self):
        home = self.home
        home.up(CONFIG)
        before = home.pids()
        home.write("alder.yaml", NEWER)
        self.assertEqual(self.changes(), [("removed", "old"), ("changed", "db"), ("added", "fresh")])
        self.assertEqual(home.pids(), before, "a dry run changes nothing")

        shown = home.alder("apply").out
        self.assertIn("db", shown)
        self.assertIn("command", shown)
        self.assertEqual({n: p for n, p in home.pids().items() if n != "fresh"}, before,
                         "nothing is started, stopped or restarted")
        self.assertEqual(home.states()["fresh"], "stopped")
        left = [("removed", "old"), ("changed", "db"), ("added", "fresh")]
        self.assertEqual(self.changes(), left, "what was left alone is still known")

        home.kill_daemon()
        home.wait_until("the next daemon looks after what is not in the file", lambda: home.states()["old"] == "running")
        self.assertEqual(home.pids()["old"], before["old"])
        self.assertEqual(self.changes(), left)
        home.alder("apply", "--sync")
        self.assertNotIn("old", home.states())
        self.assertEqual(home.states()["fresh"], "running")
        self.assertNotEqual(home.pids()["db"], before["db"])
        self.assertEqual(self.changes(), [])

    def test_what_is_done_by_hand_is_not_left_to_do(self):
        home = self.home
        home.up(CONFIG)
        home.write("alder.yaml", NEWER)
        home.alder("apply", "--stop-removed")
        home.alder("restart", "db")
        home.alder("start", "fresh")
        self.assertEqual(self.changes(), [])
        home.alder("stop", "fresh")
        self.assertEqual(self.changes(), [], "a service that was stopped stays stopped")

    def test_apply_with_sync_does_all_at_once(self):
        home = self.home
        home.up(CONFIG)
        before = home.pids()
        home.write("alder.yaml", NEWER)
        home.alder("apply", "--sync")
        after = home.pids()
        self.assertEqual(sorted(after), ["api:0", "api:1", "db", "fresh"])
        self.assertNotEqual(after["db"], before["db"])
        self.assertEqual(after["api:0"], before["api:0"], "what did not change was not touched")

    def test_a_change_that_the_daemon_does_not_live_to_finish_is_finished_by_the_next(self):
        home = self.home
        home.up("""
name: shop
children:
  - { service: slow, command: [sh, -c, "trap '' TERM; echo up; while :; do sleep 0.1; done"], stop: { timeout: 2s } }
  - { service: old, command: sleep 1000 }
  - { service: web, command: sleep 1000 }
  - { service: one, command: sleep 1000 }
""")
        home.wait_until("slow ignores SIGTERM", lambda: "up" in home.alder("logs", "slow", "--no-prefix").lines)
        before = home.pids()
        home.write("alder.yaml", """
name: shop
children:
  - { service: web, command: sleep 2000 }
  - { service: one, command: sleep 1000, instances: 2 }
  - { service: fresh, command: sleep 1000 }
""")
        apply = home.begin("apply", "--sync")
        home.wait_until("slow is being stopped", lambda: home.states().get("slow") == "stopping")
        home.kill_daemon()
        self.assertNotEqual(apply.wait(alder.PATIENCE), 0)
        wanted = dict.fromkeys(("web", "one:0", "one:1", "fresh"), "running")
        home.wait_until("it is what the file says", lambda: home.states() == wanted)
        self.assertNotEqual(home.pids()["web"], before["web"])
        home.wait_until("it is told", lambda: "the change of shop, which was under way when the daemon ended, is finished"
                        in [event["text"] for event in home.events()])
        self.assertEqual(self.changes(), [])
        self.assertFalse([pid for pid in before.values() if alder.is_alive(pid)])
        home.kill_daemon()
        self.assertEqual(home.states(), wanted, "it is finished once")

    def test_a_mistake_changes_nothing(self):
        home = self.home
        home.up(CONFIG)
        before = home.pids()
        home.write("alder.yaml", NEWER + "    restart: alwyas\n")
        said = home.alder("apply", "--sync", expect=2)
        self.assertIn("alder.yaml:", said.err)
        home.write("alder.yaml", CONFIG.replace("    instances: 2\n", ""))
        said = home.alder("apply", expect=1)
        self.assertIn("--restart-changed", said.err)
        self.assertEqual(home.pids(), before)

    def test_scaling_survives_the_daemon(self):
        home = self.home
        home.up(CONFIG)
        home.alder("scale", "api", "4")
        self.assertEqual([n for n in sorted(home.pids()) if n.startswith("api")], ["api:0", "api:1", "api:2", "api:3"])
        before = home.pids()
        home.kill_daemon()
        home.wait_until("all run", home.all_run)
        self.assertEqual(home.pids(), before)
        home.alder("scale", "api", "1")
        self.assertEqual(home.pids()["api:0"], before["api:0"])
        self.assertNotIn("api:1", home.states())
        home.alder("scale", "api", "none", expect=2)

    def test_children_come_and_go(self):
        home = self.home
        home.up(CONFIG)
        home.alder("add", "shop", "--name", "mailer", "--", "sleep", "1004")
        before = home.pids()
        self.assertIn("mailer", before)
        self.assertIn("exists already", home.alder("add", "shop", "--name", "mailer", "--", "sleep", "1", expect=1).err)
        said = home.alder("add", "shop", "--name", "broken", "--", "/no/such/program", expect=1)
        self.assertIn("broken", said.err)
        self.assertNotIn("broken", home.states(), "a child that does not start is not kept")
        home.kill_daemon()
        home.wait_until("all run", home.all_run)
        self.assertEqual(home.pids(), before)
        status, told = home.request("GET", "/v1/supervisors/shop/children")
        self.assertEqual(status, 200)
        self.assertEqual([c["id"] for c in told["children"]], ["db", "api", "old", "mailer"])
        self.assertEqual(told["count"], {"specs": 4, "active": 4, "supervisors": 1, "workers": 3})
        home.alder("remove", "mailer", "old")
        self.assertEqual(sorted(home.states()), ["api:0", "api:1", "db"])
        home.alder("terminate", "db")
        self.assertEqual(home.states()["db"], "stopped")

    def test_what_went_with_its_supervisor_does_not_come_back_with_the_next_daemon(self):
        home = self.home
        home.up("""
name: shop
children:
  - supervisor: backend
    intensity: { max_restarts: 0, within: 1m }
    children:
      - { service: db, command: sleep 1000 }
""")
        home.alder("add", "backend", "--name", "mailer", "--", "sleep", "1004")
        before = home.pids()
        home.kill("db")  # backend gives up and is started anew, without the child that came by hand
        home.wait_until("backend is new", lambda: home.pids().get("db", before["db"]) != before["db"])
        home.wait_until("the added child is gone", lambda: "mailer" not in home.states())
        home.kill_daemon()
        home.wait_until("all run", home.all_run)
        self.assertEqual(list(home.states()), ["db"])
        home.alder("add", "backend", "--name", "mailer", "--", "sleep", "1005")
        home.kill_daemon()
        home.wait_until("all run", home.all_run)
        self.assertEqual(sorted(home.states()), ["db", "mailer"])
        pid = home.kill("mailer")
        home.wait_until("it runs anew", lambda: home.pids().get("mailer", pid) != pid)
        home.alder("remove", "mailer")
        home.kill_daemon()
        self.assertEqual(list(home.states()), ["db"])
        told = [line.split("\t") for line in (home.path / "state/journal").read_text().splitlines()]
        self.assertEqual([fields[2] for fields in told if fields[1:2] == ["node/shop/mailer"]][-1], "")


if __name__ == "__main__":
    alder.main()
