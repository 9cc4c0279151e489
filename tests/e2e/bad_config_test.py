"""What is wrong with a configuration or its surroundings is said in a sentence, and nothing is started."""

import os
import shutil
import subprocess
import unittest

import alder

FIVE_MISTAKES = """
name: wrong
strategie: one_for_one
children:
  - service: a
    command: sleep 1000
    restart: alwyas
  - service: a
    command: sleep 1000
    stop: { timeout: 10 }
  - service: c
    cwd: nowhere
"""


class BadConfig(alder.Scenario):
    def assert_nothing_runs(self):
        self.assertEqual(self.home.processes(), set())

    def test_all_mistakes_are_told_at_once_and_nothing_is_started(self):
        file = self.home.write("alder.yaml", FIVE_MISTAKES)
        for command in ("up", "check", "run"):
            answer = self.home.alder(command, file, expect=2)
            said = answer.out + answer.err
            for place, words in (("3:1", "strategie"), ("7:14", "alwyas"), ("8:14", "used twice"), ("10:22", "10"),
                                 ("11:", "command")):
                self.assertIn(f"alder.yaml:{place}", said)
                self.assertIn(words, said)
            self.assertIn("did you mean 'strategy'?", said)
            self.assertIn("did you mean 'always'?", said)
            self.assertIn("5 errors", said)
            self.assert_nothing_runs()

    def test_the_daemon_finds_the_same_mistakes(self):
        self.home.alder("daemon", "start")
        body = {"file": str(self.home.files / "alder.yaml"), "text": FIVE_MISTAKES, "environment": {}}
        status, problem = self.home.request("PUT", "/v1/config", body)
        self.assertEqual((status, problem["code"]), (422, "invalid_config"))
        errors = [entry for entry in problem["diagnostics"] if entry["severity"] == "error"]
        self.assertEqual([entry["line"] for entry in errors], [3, 7, 8, 10, 11])
        self.assertEqual(self.home.trees(), [])

    def test_files_that_are_none(self):
        home = self.home
        (home.files / "dir.yaml").mkdir()
        home.write("binary.yaml", "").write_bytes(bytes(range(256)) * 20)
        home.write("empty.yaml", "")
        home.write("deep.yaml", "name: x\nchildren: " + "[" * 5000)
        home.write("large.yaml", "# " + "x" * (1024 * 1024 + 1))
        home.write("bomb.yaml", "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)))
        for name in ("missing.yaml", "dir.yaml", "binary.yaml", "empty.yaml", "deep.yaml", "large.yaml", "bomb.yaml"):
            answer = home.alder("up", home.files / name, expect=None, timeout=20)
            self.assertIn(answer.code, (1, 2), answer)
            self.assertEqual(answer.out, "", answer)
            self.assertIn(name, answer.err)
            self.assertLess(len(answer.err), 20000)
        self.assert_nothing_runs()

    def test_unset_variables_and_environment_files_are_mistakes(self):
        answer = self.home.up("""
name: t
env_file: not.there
children:
  - { service: a, command: "echo ${NOT_SET_ANYWHERE}" }
""", expect=2)
        self.assertIn("NOT_SET_ANYWHERE", answer.err)
        self.assertIn("not.there", answer.err)
        self.assert_nothing_runs()

    def test_a_program_that_cannot_run_is_named(self):
        home = self.home
        home.write("plain.txt", "no program\n")
        home.write("script", "#!/not/there/interpreter\n").chmod(0o755)
        for service, words in (("command: no-such-program --x", ["no-such-program"]),
                               ("command: /no/such/program", ["/no/such/program"]),
                               ("command: ./plain.txt", ["plain.txt"]),
                               ("command: ./script", ["script"]),
                               ("command: /tmp", ["/tmp"]),
                               ("command: sleep 1\n    cwd: no/where", ["no/where"]),
                               ("command: sleep 1\n    stdin: no.input", ["no.input"])):
            answer = home.up(f"name: t\nchildren:\n  - {{ service: before, command: sleep 1000 }}\n"
                             f"  - service: broken\n    {service}\n", expect=1)
            for word in ["broken", *words]:
                self.assertIn(word, answer.err, answer)
            self.assertEqual(home.pids(), {}, service)
            home.alder("down", "t")

    def test_an_unknown_name_of_a_tree_or_a_node(self):
        self.home.up("name: shop\nchildren:\n  - { service: cache, command: sleep 1000 }\n")
        self.assertIn("did you mean 'cache'?", self.home.alder("stop", "cahce", expect=4).err)
        self.assertIn("shp", self.home.alder("down", "shp", expect=4).err)
        self.assertEqual(self.home.states(), {"cache": "running"})

    def test_usage_mistakes(self):
        for words in (["upp"], ["up", "--frob"], ["up", "a", "b"], ["stop"], ["logs", "-n", "many"], ["daemon", "go"],
                      ["start"], ["start", "--restart", "sometimes", "--", "true"], ["up", "--timeout", "soon"]):
            answer = self.home.alder(*words, expect=2)
            self.assertEqual(answer.out, "", answer)
            self.assertTrue(answer.err.startswith("alder: "), answer)
        self.assertIn("did you mean 'alder up'?", self.home.alder("upp", expect=2).err)
        self.assert_nothing_runs()


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class OthersDirectories(alder.Scenario):
    """As a user who may not write where the daemon would live."""

    def as_nobody(self, home, *words):
        self.need("setpriv")
        for one in (home.top, home.files):
            one.chmod(0o755)
        programs = home.top / "bin"  # a build may be in a directory that only its owner can enter
        if not programs.exists():
            programs.mkdir(mode=0o755)
            for name in ("alder", "alderd", "alder-keeper"):
                shutil.copy(alder.PROGRAMS / name, programs / name)
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return subprocess.run([*become, programs / "alder", *words], env=home.environment, cwd=home.files,
                              capture_output=True, text=True, timeout=60)

    def assert_clear(self, done, *words):
        self.assertEqual(done.returncode, 5, done)
        self.assertEqual(done.stdout, "", done)
        complaints = [line for line in done.stderr.splitlines() if not line.startswith("help:")]
        self.assertEqual(len(complaints), 1, done)
        for word in words:
            self.assertIn(word, complaints[0])

    def test_a_home_that_cannot_be_written(self):
        home = self.home
        home.path.mkdir(mode=0o500)
        os.chown(home.path, 65534, 65534)
        for words in (["daemon", "start"], ["start", "--", "sleep", "1000"]):
            self.assert_clear(self.as_nobody(home, *words), str(home.path / "run"), "ermission denied")

    def test_a_run_directory_of_somebody_else(self):
        home = self.home
        (home.path / "run").mkdir(parents=True)
        done = self.as_nobody(home, "daemon", "start")
        self.assertIn(done.returncode, (5, 7), done)
        self.assertIn(str(home.path / "run"), done.stderr)
        self.assertIn("belongs to root (uid 0), not to nobody", done.stderr)


if __name__ == "__main__":
    alder.main()
