#!/usr/bin/env python3
"""What scripts/demo_state.py says about trees, events and processes; the demo believes it."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_state.py"


def ask(*arguments, text=""):
    """(whether it says yes, what it prints)"""
    run = subprocess.run([sys.executable, str(PROGRAM), *arguments], input=text, capture_output=True, text=True,
                         timeout=60, check=False)
    return run.returncode == 0, run.stdout


def service(name, state="running", pid=None):
    return {"type": "service", "name": name, "state": state, **({"pid": pid} if pid else {})}


def tree(*children):
    """The answer to `alder tree --json` with one tree, whose children lie one supervisor deeper."""
    inner = {"type": "supervisor", "name": "inner", "children": list(children)}
    return json.dumps({"schema": 1, "trees": [{"type": "supervisor", "name": "root", "children": [inner]}]})


class DemoStateTest(unittest.TestCase):
    def test_pids_are_those_of_services_that_have_one(self):
        text = tree(service("db", pid=7), service("web", state="backoff"))
        self.assertEqual(ask("pids", text=text), (True, "db 7\n"))

    def test_all_run_only_if_each_does(self):
        self.assertTrue(ask("all-running", text=tree(service("db", pid=7), service("web", pid=8)))[0])
        self.assertFalse(ask("all-running", text=tree(service("db", pid=7), service("web", "starting", 8)))[0])
        self.assertFalse(ask("all-running", text=tree(service("db", pid=7), service("web", "failed")))[0])

    def test_an_empty_tree_does_not_run(self):
        self.assertFalse(ask("all-running", text=json.dumps({"trees": []}))[0])

    def test_changed_names_the_services_with_another_process(self):
        with tempfile.TemporaryDirectory() as directory:
            before = pathlib.Path(directory, "before")
            before.write_text("db 7\nweb 8\n")
            self.assertEqual(ask("changed", str(before), text=tree(service("db", pid=7), service("web", pid=9))),
                             (True, "web\n"))
            self.assertFalse(ask("changed", str(before), text=tree(service("db", pid=7), service("web", pid=8)))[0])

    def test_only_the_supervisor_in_question_gave_up(self):
        events = '{"kind":"exited","name":"db"}\n\n{"kind":"gave_up","name":"jobs"}\n'
        self.assertTrue(ask("gave-up", "jobs", text=events)[0])
        self.assertFalse(ask("gave-up", "db", text=events)[0])

    def test_a_family_is_a_process_and_all_below_it_and_ends_with_them(self):
        # The middle process waits for the inner one, which ends when its standard input does.
        outer = subprocess.Popen(["sh", "-c", "sh -c 'echo $$; read line; :'; :"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        inner = outer.stdout.readline().strip()
        says_yes, family = ask("family", str(outer.pid))
        pids = [line.split()[0] for line in family.splitlines()]
        self.assertTrue(says_yes)
        self.assertEqual(pids, [str(outer.pid), inner])
        self.assertEqual(ask("alive", text=family), (True, family))
        outer.communicate(timeout=60)
        self.assertEqual(ask("alive", text=family), (False, ""))

    def test_a_pid_that_was_used_again_is_not_alive(self):
        _, family = ask("family", "1")
        first = family.splitlines()[0].split()
        self.assertTrue(ask("alive", text=f"{first[0]} {first[1]}\n")[0])
        self.assertFalse(ask("alive", text=f"{first[0]} {int(first[1]) + 1}\n")[0])

    def test_an_unknown_question_is_a_mistake(self):
        self.assertFalse(ask("nonsense")[0])


if __name__ == "__main__":
    unittest.main()
