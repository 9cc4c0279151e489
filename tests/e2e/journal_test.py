"""What the daemon writes down for its successor: on a full disk, with a torn end, from an older version."""

import json
import os
import shutil
import signal
import subprocess

import alder

TREE = """
name: noted
intensity: { max_restarts: 50, within: 1h }
backoff: none
children:
  - { service: weak, command: sleep 1000 }
  - { service: idle, command: sleep 1000 }
"""


class Journal(alder.Scenario):
    @property
    def file(self):
        return self.home.path / "state" / "journal"

    def restart_weak(self, times=1):
        home = self.home
        for _ in range(times):
            pid = home.kill("weak")
            home.wait_until("it runs anew", lambda: home.pids().get("weak", pid) != pid)

    def test_a_torn_end_is_cut_off(self):
        home = self.home
        home.up(TREE)
        home.alder("stop", "idle")
        self.restart_weak(2)
        pids = home.pids()
        with open(self.file, "ab") as journal:
            journal.write(b"12345678\tnode/noted/idle\t{\"restarts\":0")  # what a power cut leaves
        home.kill_daemon()
        self.assertEqual(home.pids(), pids)
        self.assertEqual(home.states()["idle"], "stopped")
        self.assertEqual(home.trees()[0]["intensity"]["used"], 2)
        self.assertTrue(self.file.read_bytes().endswith(b"\n"))

    def test_a_damaged_record_is_told_of_and_nothing_else_is_lost(self):
        home = self.home
        home.up(TREE)
        home.alder("stop", "idle")
        self.restart_weak()
        pids = home.pids()
        lines = self.file.read_bytes().splitlines(keepends=True)
        victim = next(number for number, line in enumerate(lines) if b"\tmemory/noted/" in line)
        lines[victim] = lines[victim].replace(b"generation", b"generatiox")
        self.file.write_bytes(b"".join(lines))
        home.kill_daemon()
        self.assertEqual(home.pids(), pids)
        self.assertEqual(home.states()["idle"], "stopped")
        self.assertTrue(any("damaged" in event["text"] for event in home.events()))

    def test_garbage_is_put_aside_and_services_go_on(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        self.file.write_bytes(os.urandom(5000))
        home.kill_daemon()
        for pid in pids.values():
            self.assertTrue(alder.is_alive(pid))
        self.assertTrue((home.path / "state/journal.damaged").exists())
        self.assertTrue(any("damaged" in event["text"] for event in home.events()))
        home.up(TREE)  # the tree is not known any more; brought up again it finds nothing of its former life running
        home.wait_until("all run", home.all_run)
        home.wait_until("the former processes are gone", lambda: not any(map(alder.is_alive, pids.values())))

    def spoil(self, how):
        """The daemon ends, finds its journal spoilt, and its successor lives."""
        home = self.home
        daemon = home.info()["pid"]
        os.kill(daemon, signal.SIGSTOP)  # it writes nothing any more
        how()
        home.daemon_kills += 1
        os.kill(daemon, signal.SIGKILL)
        home.wait_for_successor(daemon)

    def replace_by_directory(self):
        self.file.unlink()
        (self.file / "inside").mkdir(parents=True)

    def test_trees_never_vanish_without_a_word(self):
        home = self.home
        whole = []
        ways = {
            "empty": lambda: self.file.write_bytes(b""),
            "zeros": lambda: self.file.write_bytes(bytes(len(whole[0]))),
            "missing": self.file.unlink,
            "directory": self.replace_by_directory,
            "newer": lambda: self.file.write_bytes(whole[0].replace(b"alder-journal 1", b"alder-journal 99")),
            "cut short": lambda: self.file.write_bytes(whole[0][:30]),
        }
        for way, spoil in ways.items():
            with self.subTest(way):
                file = home.write("alder.yaml", TREE)
                home.alder("up", file)
                home.wait_until("all run", home.all_run)
                pids = home.pids()
                whole[:] = [self.file.read_bytes()]
                self.spoil(spoil)
                lost = "tree noted was up but is missing from the journal"
                self.assertTrue(any(lost in event["text"] for event in home.events()), home.story())
                self.assertIn(lost, home.alder("ls").err)
                self.assertIn(f"alder up {file}", home.alder("info").out)
                self.assertTrue(all(map(alder.is_alive, pids.values())), "services go on")
                home.kill_daemon()
                self.assertIn(lost, home.alder("ls").err, "the next one says so too")
                home.alder("up", file)
                home.wait_until("the former processes are gone", lambda: not any(map(alder.is_alive, pids.values())))
                self.assertNotIn("missing from the journal", home.alder("ls").err)
        kept = sorted(one.name for one in (home.path / "state").glob("journal.damaged*"))
        self.assertEqual(len(kept), len(ways) - 1, "each was kept but the one that was missing")
        self.assertEqual((home.path / "state/journal.damaged.2").read_bytes().strip(bytes(1)), b"")
        self.assertIn("journal.damaged.2", home.alder("ls").err)
        for one in (home.path / "state").glob("journal.damaged*"):
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        self.assertNotIn("damaged", home.alder("ls").err, "nobody is told any more")

    def test_what_can_be_read_is_read(self):
        home = self.home
        home.up(TREE)
        home.alder("stop", "idle")
        self.restart_weak(2)
        pids = home.pids()

        def change(how):
            self.file.write_bytes(how(self.file.read_bytes()))
        for way in (lambda text: text.replace(b"\n", b""), lambda text: text.replace(b"\n", b"\r\n"),
                    lambda text: text.replace(b"\n", b"\n" + bytes(range(256)) * 16 + b"\n", 3),
                    lambda text: text + bytes(65536), lambda text: text[text.index(b"\n") + 1:]):
            self.spoil(lambda: change(way))
            self.assertEqual(home.pids(), pids)
            self.assertEqual(home.states()["idle"], "stopped")
            self.assertEqual(home.trees()[0]["intensity"]["used"], 2)
            self.assertIn("journal.damaged", home.alder("ls").err)

    def test_a_tree_that_was_lost_can_be_forgotten(self):
        home = self.home
        home.up(TREE)
        pids = home.pids()
        self.spoil(lambda: self.file.write_bytes(b""))
        home.alder("down", "noted")
        self.assertNotIn("missing from the journal", home.alder("ls").err)
        home.kill_daemon()
        self.assertNotIn("missing from the journal", home.alder("ls").err)
        self.assertTrue(all(map(alder.is_alive, pids.values())))

    def test_events_that_cannot_be_read_are_kept_beside(self):
        home = self.home
        home.up(TREE)
        log = home.path / "state/events.jsonl"
        count = len(home.events())
        self.spoil(lambda: log.write_bytes(bytes(100) + log.read_bytes().replace(b"\n", b"") + b"garbage"))
        events = home.events()
        self.assertGreater(len(events), count)
        self.assertTrue(any("events.jsonl.damaged" in event["text"] for event in events))
        self.assertIn("events.jsonl.damaged", home.alder("ls").err)

    def test_the_mark_of_the_keepers_is_found_again(self):
        """Without it the services of a keeper that was killed would be started a second time."""
        home = self.home
        home.up(TREE)
        pids = home.pids()
        keeper, daemon = home.keeper_pid(), home.info()["pid"]
        os.kill(keeper, signal.SIGSTOP)
        os.kill(daemon, signal.SIGKILL)
        os.kill(keeper, signal.SIGKILL)
        home.wait_until("both are gone", lambda: not alder.is_alive(keeper) and not alder.is_alive(daemon))
        (home.path / "run/keeper.mark").write_bytes(b"")
        home.alder("daemon", "start")
        home.wait_until("they are looked after again", lambda: home.all_run() and home.pids() == pids)
        self.assertIn("keeper.mark.damaged", home.alder("ls").err)

    def test_trees_of_a_version_without_a_journal_are_read(self):
        home = self.home
        text = TREE.replace("noted", "older")
        (home.path / "state").mkdir(parents=True, mode=0o700)
        saved = {"version": 1, "trees": [{
            "name": "older", "file": str(home.write("alder.yaml", text)), "text": text, "environment": {}, "files": {},
            "up_since": "2026-11-20T10:00:00.000Z",
            "settled": [{"name": "idle", "state": "stopped", "since": "2026-11-20T10:00:00.000Z", "reason": "stopped",
                         "restarts": 4}]}]}
        (home.path / "state/trees.json").write_text(json.dumps(saved))
        home.path.chmod(0o700)
        home.alder("daemon", "start", "--resurrect")
        home.wait_until("what was up is up", lambda: home.states() == {"weak": "running", "idle": "stopped"})
        self.assertEqual(home.service("idle")["restarts"], 4)
        self.assertFalse((home.path / "state/trees.json").exists())
        self.assertTrue(self.file.exists())

    def test_on_a_full_disk_everything_goes_on_and_it_catches_up(self):
        home = self.home
        (home.path / "state").mkdir(parents=True, mode=0o700)
        home.path.chmod(0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "none", home.path / "state"],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", home.path / "state"])
        home.up(TREE)
        self.restart_weak()
        filler = home.path / "state" / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        self.restart_weak(12)
        home.wait_until("it says so", lambda: "journal cannot be written" in home.alder("ls").err)
        self.assertIn("journal cannot be written", home.alder("info").out)
        home.alder("stop", "idle")
        pids = home.pids()
        os.unlink(filler)
        home.wait_until("it has caught up", lambda: "journal" not in home.alder("ls").err)
        home.kill_daemon()
        self.assertEqual(home.pids(), pids)
        self.assertEqual(home.service("weak")["restarts"], 13)
        self.assertEqual(home.trees()[0]["intensity"]["used"], 13)
        self.assertEqual(home.states()["idle"], "stopped")
        home.stop_daemon()


if __name__ == "__main__":
    alder.main()
