"""A tree that is up is changed: by another version of its file, by children added and removed, by scaling."""

import os
import signal

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
        pending = "command takes effect at the next start: alder restart db"
        self.assertIn(pending, home.alder("describe", "db").out)
        self.assertNotIn("effect at the next start", home.alder("describe", "old").out)
        home.alder("apply", "--sync")
        self.assertNotIn(pending, home.alder("describe", "db").out)
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
        self.assertEqual(apply.wait(alder.PATIENCE), 0, "it waits for the daemon that finishes it")
        wanted = dict.fromkeys(("web", "one:0", "one:1", "fresh"), "running")
        home.wait_until("it is what the file says", lambda: home.states() == wanted)
        self.assertNotEqual(home.pids()["web"], before["web"])
        home.wait_until("it is told", lambda: "the change of shop, interrupted when the daemon exited, has been completed"
                        in [event["text"] for event in home.events()])
        self.assertEqual(self.changes(), [])
        self.assertFalse([pid for pid in before.values() if alder.is_alive(pid)])
        home.kill_daemon()
        self.assertEqual(home.states(), wanted, "it is finished once")

    def test_a_nested_supervisor_that_is_restarted_meanwhile_does_not_bring_back_what_was_removed(self):
        home = self.home
        text = """
name: shop
children:
  - supervisor: other
    children:
      - { service: slow, command: [sh, -c, "trap '' TERM; echo up; while :; do sleep 0.1; done"], stop: { timeout: 10m } }
      - { service: stays, command: sleep 1000 }
  - supervisor: group
    intensity: { max_restarts: 0, within: 1m }
    children:
      - { service: old, command: sleep 1000 }
      - { service: kept, command: sleep 1000 }
"""
        home.up(text)
        home.wait_until("slow ignores SIGTERM", lambda: "up" in home.alder("logs", "slow", "--no-prefix").lines)
        home.write("alder.yaml", "".join(line for line in text.splitlines(keepends=True)
                                         if "service: slow" not in line and "service: old" not in line))
        apply = home.begin("apply", "--sync")
        home.wait_until("slow is being stopped", lambda: home.states().get("slow") == "stopping")
        self.assertNotIn("old", home.states())
        slow, kept = home.pids()["slow"], home.pids()["kept"]
        home.alder("restart", "group")
        self.assertNotEqual(home.pids()["kept"], kept)
        self.assertNotIn("old", home.states(), "restarted by hand")
        kept = home.pids()["kept"]
        home.kill("kept")  # and because it gave up
        home.wait_until("group has been restarted", lambda: home.pids().get("kept", kept) != kept)
        self.assertNotIn("old", home.states(), "restarted by its supervisor")
        os.kill(slow, signal.SIGKILL)
        self.assertEqual(apply.wait(alder.PATIENCE), 0, apply.stderr.read())
        self.assertEqual(home.states(), {"stays": "running", "kept": "running"})
        home.alder("restart", "group")
        self.assertEqual(home.states(), {"stays": "running", "kept": "running"})
        self.assertEqual(self.changes(), [])

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

    def test_changes_of_one_tree_come_one_after_the_other(self):
        """Each is planned on what those before it have left, so the last one counts, and nobody is forgotten."""
        home = self.home
        home.up(CONFIG.replace("    instances: 2\n", "    instances: 2\n    ready: { after: 500ms }\n"))
        more = home.begin("scale", "api", "5")
        home.wait_until("it grows", lambda: len(home.pids()) > 4)
        home.alder("scale", "api", "3")
        self.assertEqual(more.wait(alder.PATIENCE), 0)
        self.assertEqual([n for n in sorted(home.pids()) if n.startswith("api")], ["api:0", "api:1", "api:2"])

        slow = "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done"
        home.up("name: t\nchildren:\n"
                "  - { service: a, command: sleep 1 }\n"
                f"  - {{ service: gone, shell: true, command: \"{slow}\" }}\n", name="t.yaml")
        home.write("t.yaml", "name: t\nchildren:\n  - { service: a, command: sleep 2 }\n")
        first = home.begin("apply", "--stop-removed", "t.yaml")
        home.wait_until("it stops what is gone", lambda: home.service("gone")["state"] == "stopping")
        home.write("t.yaml", "name: t\nchildren:\n  - { service: a, command: sleep 3 }\n")
        home.alder("apply", "t.yaml")
        self.assertEqual(first.wait(alder.PATIENCE), 0)
        self.assertIn("sleep 3", home.alder("describe", "a").out)
        self.assertNotIn("gone", home.states())

    def test_what_is_stopped_stays_so_when_it_moves(self):
        home = self.home
        home.up("name: t\nchildren:\n"
                "  - { service: by_hand, command: sleep 1000 }\n"
                "  - { service: runs, command: sleep 1001 }\n"
                "  - { supervisor: back, children: [{ service: other, command: sleep 1002 }] }\n")
        home.alder("stop", "by_hand")
        home.write("alder.yaml", "name: t\nchildren:\n"
                   "  - supervisor: back\n    children:\n"
                   "      - { service: other, command: sleep 1002 }\n"
                   "      - { service: by_hand, command: sleep 1000 }\n"
                   "      - { service: runs, command: sleep 1001 }\n")
        told = home.alder("apply", "--dry-run", "--sync", "--json").json["changes"]
        self.assertEqual({change["name"]: change["then"] for change in told},
                         {"by_hand": "replace_down", "runs": "replace"})
        home.alder("apply", "--sync")
        self.assertEqual(home.states(), {"other": "running", "by_hand": "stopped", "runs": "running"})
        home.kill_daemon()
        home.wait_until("all are there", lambda: home.states() ==
                        {"other": "running", "by_hand": "stopped", "runs": "running"})
        self.assertIn("matches the file", home.alder("apply", "--dry-run", "--sync").out)

    def test_children_come_and_go(self):
        home = self.home
        home.up(CONFIG)
        home.alder("add", "shop", "--name", "mailer", "--", "sleep", "1004")
        before = home.pids()
        self.assertIn("mailer", before)
        self.assertIn("already exists", home.alder("add", "shop", "--name", "mailer", "--", "sleep", "1", expect=1).err)
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


class WhatIs(alder.Scenario):
    """`alder apply` compares with what is, and with the environment with which the tree was brought up."""

    def thens(self, *options, expect=0, **more):
        told = self.home.alder("apply", "--dry-run", "--json", *options, expect=expect, **more)
        return [(change["what"], change["name"], change["then"]) for change in told.json["changes"]]

    def test_the_environment_of_the_caller_changes_nothing_unless_it_is_wanted(self):
        home = self.home
        file = home.write("alder.yaml", CONFIG.replace("sleep 1000", "sleep ${SECONDS_TO_SLEEP}"))
        home.alder("up", file, variables={"SECONDS_TO_SLEEP": "1000", "GONE": "1"})
        before = home.pids()
        cron = {"SHLVL": "7", "PWD": "/", "TERM": "dumb", "SSH_CONNECTION": "x"}
        said = home.alder("apply", "--sync", file, cwd="/", variables=cron)
        self.assertEqual(said.out, "shop matches the file\n")
        self.assertEqual(home.pids(), before)
        said = home.alder("apply", "--env", "--dry-run", file, cwd="/", variables=cron, expect=2)
        self.assertIn("SECONDS_TO_SLEEP", said.err, "it is not set here")
        told = home.alder("apply", "--env", "--dry-run", "--json", file,
                          variables=cron | {"SECONDS_TO_SLEEP": "1000"}).json
        variables = {one["name"]: one["what"] for one in told["changes"][0]["variables"]}
        self.assertEqual(variables | {"SHLVL": "added", "TERM": "added", "GONE": "removed"}, variables)
        self.assertNotIn("dumb", str(told), "no values")
        shown = home.alder("apply", "--env", "--dry-run", file, variables=cron | {"SECONDS_TO_SLEEP": "1000"}).out
        self.assertIn("GONE removed", shown)
        home.kill_daemon()
        self.assertEqual(self.thens("--sync", file, cwd="/", variables=cron), [], "nor for the next daemon")
        newer = file.read_text()
        file.write_text(newer.replace("sleep 1001", "sleep ${NEW_HERE}"))
        said = home.alder("apply", file, variables={"NEW_HERE": "5"}, expect=2)
        self.assertIn("NEW_HERE", said.err)
        self.assertIn("alder apply --env", said.err)
        file.write_text(newer)
        home.alder("apply", "--env", "--sync", file, variables={"SECONDS_TO_SLEEP": "1001"})
        self.assertNotEqual(home.pids()["db"], before["db"])

    def test_what_was_scaled_stays_unless_the_file_is_to_count(self):
        home = self.home
        home.up(CONFIG)
        home.alder("scale", "api", "3")
        self.assertEqual(self.thens(), [("scaled", "api", "left_scaled")])
        home.alder("apply")
        self.assertIn("api:2", home.states())
        self.assertEqual(self.thens("--sync"), [("removed", "api:2", "stop")])
        home.alder("apply", "--sync")
        self.assertNotIn("api:2", home.states())
        self.assertEqual(self.thens(), [])

    def test_what_has_failed_is_started_when_the_tree_is_to_be_what_the_file_says(self):
        home = self.home
        home.up("""
name: shop
intensity: { max_restarts: 0, within: 1m }
children:
  - { service: web, command: sleep 1000 }
""")
        home.kill("web")
        home.wait_until("the tree has failed", lambda: home.trees()[0]["state"] == "failed")
        self.assertEqual(self.thens(), [("failed", "shop", "left_failed")])
        self.assertIn("failed", home.alder("apply").out)
        self.assertEqual(home.trees()[0]["state"], "failed")
        home.alder("apply", "--sync")
        home.wait_until("it runs", home.all_run)
        self.assertEqual(self.thens(), [])

    def test_secrets_that_were_replaced_are_seen(self):
        home = self.home
        key = home.write("key", "one")
        home.up(f"name: shop\nchildren:\n  - {{ service: web, command: sleep 1000, secrets: {{ KEY: {key} }} }}\n")
        before = home.pids()
        self.assertEqual(self.thens(), [])
        key.write_text("another")
        self.assertEqual(self.thens(), [("changed", "web", "next_start")])
        home.kill_daemon()
        self.assertEqual(self.thens("--sync"), [("changed", "web", "restart")])
        home.alder("apply", "--sync")
        self.assertNotEqual(home.pids(), before)
        self.assertEqual(self.thens(), [])

    def test_a_dry_run_promises_what_is_done(self):
        home = self.home
        home.up(CONFIG)
        before = home.pids()
        home.alder("stop", "db")
        home.write("alder.yaml", NEWER)
        self.assertEqual(self.thens("--sync"),
                         [("removed", "old", "stop"), ("changed", "db", "when_started"), ("added", "fresh", "start")])
        home.alder("apply", "--sync")
        self.assertEqual(home.states()["db"], "stopped")
        home.write("alder.yaml", NEWER.replace("    instances: 2\n", ""))
        for options in ((), ("--start-added", "--stop-removed")):
            self.assertEqual(self.thens(*options, expect=1), [("replaced", "api", "refuse")])
            self.assertIn("--restart-changed", home.alder("apply", *options, "--dry-run", expect=1).err)
            self.assertIn("--restart-changed", home.alder("apply", *options, expect=1).err)
        self.assertEqual(home.pids()["api:0"], before["api:0"])


class ThroughALink(alder.Scenario):
    def setUp(self):
        super().setUp()
        for release, seconds in ("7", 1007), ("8", 1008):
            directory = self.home.files / "releases" / release
            directory.mkdir(parents=True)
            (directory / "alder.yaml").write_text(
                f"name: shop\nchildren:\n  - {{ service: web, command: [sh, -c, 'pwd -P; exec sleep {seconds}'] }}\n")
        self.current = self.home.files / "current"
        self.current.symlink_to("releases/7")

    def switch(self, release):
        new = self.home.files / "current.new"
        new.symlink_to(f"releases/{release}")
        new.rename(self.current)

    def here(self, *words, pwd=None, **options):
        """A command as a shell gives it in a directory it came to through the link."""
        return self.home.alder(*words, cwd=self.current, variables={"PWD": str(pwd or self.current)}, **options)

    def places(self):
        return self.home.alder("logs", "web", "--no-prefix").lines

    def test_the_tree_follows_the_link(self):
        home = self.home
        self.here("up")
        home.wait_until("it says where it is", lambda: self.places()[-1:] == [str(home.files / "releases/7")])
        self.switch("8")
        home.alder("restart", "web")
        home.wait_until("a restart follows", lambda: self.places()[-1:] == [str(home.files / "releases/8")])
        self.assertEqual(home.request("GET", "/v1/config")[1]["trees"][0]["file"], str(self.current / "alder.yaml"))
        told = self.here("apply", "--dry-run", "--json").json["changes"]
        self.assertEqual([(one["name"], one["details"]) for one in told], [("web", ["command"])])
        self.here("apply", "--sync")
        self.assertEqual(self.here("apply", "--sync").out, "shop matches the file\n")
        # The same file by another name, as cron and systemd give it.
        said = home.alder("apply", "--sync", home.files / "releases/8/alder.yaml", cwd="/")
        self.assertEqual(said.out, "shop matches the file\n")
        self.assertIn("unchanged", home.alder("up", home.files / "releases/8/alder.yaml", cwd="/").out)
        said = home.alder("apply", home.files / "releases/7/alder.yaml", expect=1)
        self.assertIn("up from another file", said.err)
        home.alder("down", home.files / "releases/8/alder.yaml")
        self.assertEqual(home.trees(), [])

    def test_a_name_of_another_directory_is_not_believed(self):
        self.here("up", pwd=self.home.files)
        self.assertEqual(self.home.request("GET", "/v1/config")[1]["trees"][0]["file"],
                         str(self.home.files / "releases/7/alder.yaml"))


class Scaling(alder.Scenario):
    SINGLE = "name: shop\nchildren:\n  - { service: web, command: sleep 1000 }\n"

    def test_a_single_service_is_not_stopped_unasked(self):
        home = self.home
        home.up(self.SINGLE)
        before = home.pids()
        said = home.alder("scale", "web", "2", expect=1)
        self.assertIn("would be stopped", said.err)
        self.assertIn("alder scale --force web 2", said.err)
        self.assertEqual(home.pids(), before)
        home.alder("scale", "--force", "web", "2")
        self.assertEqual(sorted(home.pids()), ["web:0", "web:1"])
        home.alder("scale", "web", "3")
        self.assertEqual(sorted(home.pids()), ["web:0", "web:1", "web:2"])

    def test_instances_that_share_the_port_of_their_check_are_warned_about_before_anything_is_stopped(self):
        home = self.home
        port, = alder.free_ports(1)
        server = f"python3 -m http.server --bind 127.0.0.1 {port}"
        text = f"name: shop\nchildren:\n  - {{ service: web, command: {server}, ready: {{ tcp: {port} }} }}\n"
        home.up(text)
        before = home.pids()
        said = home.alder("scale", "web", "2", expect=1)
        self.assertIn(f"127.0.0.1:{port}", said.err)
        self.assertIn("${INSTANCE}", said.err)
        self.assertEqual(home.pids(), before)
        shared = home.write("shared.yaml", text.replace("ready:", "instances: 2, ready:"))
        said = home.alder("check", shared)
        self.assertIn("W011", said.said)


if __name__ == "__main__":
    alder.main()
