"""An actor of one's own: the example of examples/log_destination in a real daemon, and what is no extension."""

import pathlib
import re
import shutil

import alder

WHOLE = re.compile(r"t/s: ERROR (\d+) x{50}\n")
EXTENSIONS = alder.PROGRAMS.parent / "extensions"
COUNT = """
import os, sys, time
for n in range(int(sys.argv[1])):
    os.write(1, f"{'ERROR' if n % 2 else 'INFO'} {n} {'x' * 50}\\n".encode())
    if n % 100 == 0:
        time.sleep(0.01)
open('done', 'w')
time.sleep(1000)
"""


def config(library="errors.so", actor="errors_to_file file=${OUT}", count=2000, more=""):
    return (f"name: t\nextensions: [./{library}]\nchildren:\n  - {{ service: s, command: [python3, count.py, '{count}'],\n"
            f"      log: {{ to: actor, actor: '{actor}', pressure: block{more} }} }}\n")


class Extensions(alder.Scenario):
    def setUp(self):
        super().setUp()
        library = EXTENSIONS / "liberrors_to_file.so"
        if not library.exists():
            self.skipTest(f"there is no {library}")
        shutil.copy(library, self.home.files / "errors.so")
        shutil.copy(EXTENSIONS / "libextension_of_yesterday.so", self.home.files / "old.so")
        self.home.write("count.py", COUNT)
        self.out = self.home.files / "out" / "errors"
        self.home.environment["OUT"] = str(self.out)

    def types_below(self, node):
        yield node["name"], node["type"]
        for child in node.get("children", []):
            yield from self.types_below(child)

    def numbers(self):
        """Of the lines that have arrived, each as often as it did."""
        if not self.out.exists():
            return []
        text = self.out.read_text()
        # Torn is the line that is being written, and the one at which its writer was killed.
        self.assertLessEqual(WHOLE.sub("", text).count("t/s: "), 2)
        return [int(number) for number in WHOLE.findall(text)]

    def test_lines_arrive_whatever_dies(self):
        home = self.home
        home.up(config(count=20000))
        service = home.service("s")
        home.wait_until("its end is told with its words", lambda: any(  # there is no directory to write to
            "failed: cannot write" in event["text"] for event in home.events()))
        _, trees = home.request("GET", "/v1/tree?all=1")
        types = dict(self.types_below(trees["daemon"]))
        self.assertEqual(types["errors_to_file for t/s"], "actor")
        self.assertLessEqual(set(types.values()), {"actor", "supervisor"})
        everything = home.alder("tree", "--all").out
        self.assertIn("errors_to_file for t/s", everything)
        self.assertNotIn("stopped", next(line for line in everything.splitlines() if "tree t" in line))
        self.out.parent.mkdir()
        home.wait_until("another actor writes", self.numbers)
        home.kill_daemon()
        home.wait_until("all is there", lambda: set(self.numbers()) == set(range(1, 20000, 2)))
        self.assertEqual(home.service("s")["pid"], service["pid"])
        self.assertEqual(home.service("s")["restarts"], 0)
        # Again comes at most what was under way when somebody died: one batch each time.
        self.assertLess(len(self.numbers()) - 10000, 3000)
        counts = pathlib.Path(f"{self.out}.s.counts").read_text()
        self.assertRegex(counts, r"^ERROR \d+\nINFO \d+\n$")

    def refused(self, text, fault):
        answer = self.home.up(text, expect=None)
        self.assertNotEqual(answer.code, 0, answer)
        for words in (fault, "E034", "alder.yaml:"):
            self.assertIn(words, answer.said)

    def test_what_is_no_extension_is_refused_and_changes_nothing(self):
        home = self.home
        self.out.parent.mkdir()
        (home.files / "text.so").write_text("no library at all")
        home.alder("daemon", "start")
        self.refused(config("old.so"), "it was built for \"extensions 0\"")
        self.refused(config("missing.so"), "no such file")
        self.refused(config("text.so"), "cannot be used")
        self.refused(config(actor="error_to_file file=/x"), "did you mean 'errors_to_file'?")
        self.refused(config(actor="errors_to_file flie=/x"), "no option 'flie'")
        self.refused(config(actor="errors_to_file file=relative"), "'file' has to be an absolute path")
        self.assertEqual(home.trees(), [])
        home.up(config(count=10))
        home.wait_until("lines arrive", lambda: self.numbers() == [1, 3, 5, 7, 9])
        answer = home.alder("apply", home.write("alder.yaml", config("old.so")), expect=None)
        self.assertIn("it was built for", answer.said)
        self.assertEqual(home.states(), {"s": "running"})

    def test_what_was_refused_is_looked_at_again(self):
        home = self.home
        self.out.parent.mkdir()
        self.refused(config("old.so"), "it was built for")
        (home.files / "old.so").unlink()
        shutil.copy(home.files / "errors.so", home.files / "old.so")
        home.up(config("old.so", count=10))
        home.wait_until("lines arrive", lambda: self.numbers() == [1, 3, 5, 7, 9])

    def test_an_extension_that_is_gone_stops_no_service(self):
        home = self.home
        self.out.parent.mkdir()
        home.up(config(count=10))
        home.wait_until("lines arrive", lambda: len(self.numbers()) == 5)
        before = home.pids()
        (home.files / "errors.so").unlink()
        home.kill_daemon()
        home.wait_until("people are told", lambda: any(
            "can no longer be used" in event["text"] for event in home.events()))
        self.assertEqual(home.pids(), before)


if __name__ == "__main__":
    alder.main()
