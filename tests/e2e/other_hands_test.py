"""Files reached by a path that another user controls, and files that are not files. Root plays the daemon's user and
`nobody` whoever attacks; all that is attacked is in the test's own directory."""

import os
import stat
import subprocess

import alder

NOBODY = 65534
# Says a line ten times a second.
TALKER = "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done"


def as_nobody(code, *arguments):
    """Runs Python as the other user."""
    done = subprocess.run(["python3", "-c", code, *map(str, arguments)], user=NOBODY, group=NOBODY, extra_groups=[],
                          capture_output=True, timeout=alder.PATIENCE)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())


class OtherHands(alder.Scenario):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can play two users")
        super().setUp()
        top = self.home.top
        for directory in (top, self.home.files):
            directory.chmod(0o755)
        self.theirs = top / "theirs"
        self.theirs.mkdir()
        os.chown(self.theirs, NOBODY, NOBODY)
        self.precious = top / "precious"
        self.precious.write_text("keep\n")
        self.made = top / "made"

    def check_untouched(self):
        facts = self.precious.stat()
        self.assertEqual((self.precious.read_text(), facts.st_uid, stat.S_IMODE(facts.st_mode)),
                         ("keep\n", 0, 0o644))
        self.assertFalse(self.made.exists())

    def refusals(self):
        """What was told of output that is lost."""
        return [event["cause"]["detail"] for event in self.home.events()
                if event["kind"] == "warning" and "is being lost" in event["cause"]["detail"]]

    def up_talker(self, extra=""):
        self.home.up(f"""
name: t
children:
  - service: web
    command: [sh, -c, "{TALKER}"]
    user: nobody
    log: {{ out: {self.theirs}/web.log, err: /dev/null, owner: nobody{extra} }}
""")

    def put_link(self, kind, name="web.log"):
        """As the other user, in the place of what is there."""
        make = {"symbolic": "os.symlink(t, n)", "dangling": "os.symlink(m, n)", "fifo": "os.mkfifo(n, 0o666)"}[kind]
        as_nobody("import os, sys\nt, m, d, f = sys.argv[1:]\nn = d + '/new'\n" + make + "\nos.rename(n, d + '/' + f)",
                  self.precious, self.made, self.theirs, name)

    def test_a_log_is_never_written_through_what_its_directorys_owner_puts_there(self):
        home = self.home
        log = self.theirs / "web.log"
        self.up_talker()
        home.wait_until("it is written", lambda: log.exists() and log.stat().st_size > 0)
        self.assertEqual(log.stat().st_uid, NOBODY)
        for kind in ("symbolic", "dangling", "fifo"):
            self.put_link(kind)
            before = len(self.refusals())
            home.alder("logs", "reopen", "web")
            told = home.wait_until(f"{kind}: it is told", lambda: self.refusals()[before:])
            self.assertIn(f"{log} is a " + ("FIFO" if kind == "fifo" else "symbolic link"), told[0])
            self.assertIn("nobody (uid 65534)", told[0])
            self.assertIn("remove it", told[0])
            home.alder("logs", "clear", "web")
            home.alder("logs", "rotate", "web", expect=None)
            self.check_untouched()
            log.unlink(missing_ok=True)
            home.wait_until(f"{kind}: it is written again", lambda: log.is_file() and log.stat().st_size > 0)
        # A hard link, which only root could make where the kernel protects them, is none the better for it.
        log.unlink()
        os.link(self.precious, log)
        before = len(self.refusals())
        home.alder("logs", "reopen", "web")
        told = home.wait_until("the hard link is told of", lambda: self.refusals()[before:])
        self.assertIn("2 names (hard links)", told[0])
        home.alder("logs", "clear", "web")
        self.check_untouched()
        log.unlink()
        home.wait_until("it is written once more", lambda: log.is_file() and log.stat().st_size > 0)

    def test_indexes_archives_and_directories_are_not_either(self):
        home = self.home
        self.put_link("symbolic", "web.log.idx")
        (self.theirs / "deep").symlink_to(self.home.top)
        os.chown(self.theirs / "deep", NOBODY, NOBODY, follow_symlinks=False)
        self.up_talker()
        log = self.theirs / "web.log"
        home.wait_until("it is written", lambda: log.exists() and log.stat().st_size > 0)
        for _ in range(3):
            size = len(list(self.theirs.glob("web.log.2*")))
            home.alder("logs", "rotate", "web")
            home.wait_until("there is an archive", lambda: len(list(self.theirs.glob("web.log.2*"))) > size)
            home.wait_until("and a new file", lambda: log.exists() and log.stat().st_size > 0)
        self.check_untouched()
        home.up(f"""
name: u
children:
  - service: other
    command: [sh, -c, "{TALKER}"]
    user: nobody
    log: {{ out: {self.theirs}/deep/sub/other.log, err: /dev/null, owner: nobody }}
""", name="other.yaml")
        home.wait_until("it is told", lambda: any("theirs/deep is a symbolic link" in one for one in self.refusals()))
        self.assertFalse((self.home.top / "sub").exists())

    def test_what_is_not_a_file_holds_up_neither_commands_nor_the_daemon(self):
        home = self.home
        secret = home.write("secret", "s3cret\n")
        text = f"""
name: s
children:
  - service: web
    command: [sleep, "1000"]
    secrets: {{ KEY: {secret} }}
    log: {{ out: /dev/null, err: /dev/null }}
"""
        home.up(text)
        home.wait_until("it runs", home.all_run)
        daemon = home.info()["pid"]
        for target in (None, "/proc/kmsg", "/dev/zero", "/"):
            secret.unlink()
            if target is None:
                os.mkfifo(secret)
            else:
                secret.symlink_to(target)
            answer = home.alder("restart", "web", expect=None)
            self.assertNotEqual(answer.code, 0, answer)
            self.assertIn(str(secret), answer.said)
            self.assertIn("not a regular file", answer.said)
            self.assertEqual(home.info()["pid"], daemon)
            refused = home.alder("check", home.files / "alder.yaml", expect=None)
            self.assertNotEqual(refused.code, 0)
            self.assertIn("not a regular file", refused.said)
        secret.unlink()
        secret.write_text("s3cret\n")
        home.alder("start", "web")
        home.wait_until("it runs again", home.all_run)

    def test_configurations_and_env_files_are_files(self):
        home = self.home
        fifo = home.files / "fifo.yaml"
        os.mkfifo(fifo)
        for word in ("check", "up"):
            refused = home.alder(word, fifo, expect=None)
            self.assertNotEqual(refused.code, 0)
            self.assertIn(f"{fifo} is a FIFO, not a regular file", refused.said)
        text = f"name: e\nchildren:\n  - {{service: a, command: [sleep, '1000'], env_file: {fifo}}}\n"
        refused = home.alder("check", home.write("env.yaml", text), expect=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("is a FIFO", refused.said)
        # Not only the command line looks.
        home.alder("daemon", "start")
        code, document = home.request("POST", "/v1/config/validate",
                                      {"file": str(home.files / "env.yaml"), "text": text, "environment": {}})
        self.assertEqual(code, 200, document)
        self.assertIn("is a FIFO", str(document))
        # What a person hands over open may be a pipe.
        text = "name: p\nchildren:\n  - {service: a, command: [sleep, '1000']}\n"
        done = subprocess.run(["bash", "-c", f"alder up <(printf '%s' \"{text}\") && printf '%s' \"{text}\" | "
                               "alder check /dev/stdin"], env=home.environment, capture_output=True,
                              timeout=alder.PATIENCE, cwd=home.files)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        home.wait_until("it runs", home.all_run)

    def test_secrets_and_standard_input_are_read_for_a_user_only_if_that_one_may(self):
        home = self.home
        self.precious.chmod(0o600)
        as_nobody("import os, sys\nos.symlink(sys.argv[1], sys.argv[2] + '/in')\n"
                  "os.symlink(sys.argv[1], sys.argv[2] + '/secret')", self.precious, self.theirs)
        out = home.files / "seen"
        out.touch()
        os.chown(out, NOBODY, NOBODY)
        answer = home.up(f"""
name: in
children:
  - service: reader
    command: [sh, -c, "cat > {out}; sleep 1000"]
    user: nobody
    stdin: {self.theirs}/in
    log: {{ out: /dev/null, err: /dev/null }}
""", expect=None)
        self.assertNotEqual(answer.code, 0, answer)
        self.assertEqual(out.read_text(), "")
        refused = home.alder("check", home.write("secret.yaml", f"""
name: se
children:
  - {{service: b, command: [sleep, "1000"], user: nobody, secrets: {{K: {self.theirs}/secret}}}}
"""), expect=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("nobody (uid 65534) controls", refused.said)

    def test_a_home_that_others_control_is_refused_by_all_three_programs(self):
        home = self.home
        keeper = alder.PROGRAMS / "alder-keeper"

        def refused(where, *expected):
            for said in (home.alder("ls", expect=None, variables={"ALDER_HOME": str(where)}),
                         home.alder("daemon", "start", expect=None, variables={"ALDER_HOME": str(where)})):
                self.assertNotEqual(said.code, 0, said)
                for text in expected:
                    self.assertIn(text, said.said)
            done = subprocess.run([keeper, "--run-dir", f"{where}/run", "--state-dir", f"{where}/state", "--log-dir",
                                   f"{where}/log", "--daemon", alder.PROGRAMS / "alderd", "--foreground"],
                                  capture_output=True, timeout=alder.PATIENCE, env=home.environment)
            self.assertNotEqual(done.returncode, 0)
            for text in expected:
                self.assertIn(text, done.stderr.decode())

        as_nobody("import os, sys\nos.mkdir(sys.argv[1] + '/home')\nos.mkdir(sys.argv[1] + '/home/run')", self.theirs)
        refused(self.theirs / "home", "nobody (uid 65534)", "ALDER_HOME")
        open_home = home.top / "open"
        open_home.mkdir()
        open_home.chmod(0o777)
        (open_home / "run").mkdir()
        refused(open_home, "everybody")
        (open_home / "run").chmod(0o777)
        open_home.chmod(0o755)
        refused(open_home, "can be written to by everybody", "chmod go-w")
        link = self.theirs / "link"
        as_nobody("import os, sys\nos.symlink(*sys.argv[1:])", home.top, link)
        refused(link, f"{link} is a symbolic link")

    def test_a_socket_that_somebody_else_serves_is_not_talked_to(self):
        home = self.home
        run = home.path / "run"
        run.mkdir(parents=True)
        run.chmod(0o777)
        server = subprocess.Popen(["python3", "-c", "import socket, sys\ns = socket.socket(socket.AF_UNIX)\n"
                                   "s.bind(sys.argv[1])\ns.listen()\nprint(flush=True)\nwhile True:\n"
                                   "    print(s.accept()[0].recv(9), flush=True)", home.socket],
                                  user=NOBODY, group=NOBODY, extra_groups=[], stdout=subprocess.PIPE)
        self.addCleanup(server.wait)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.kill)
        server.stdout.readline()
        run.chmod(0o755)  # now it looks as if it had always been ours alone
        answer = home.alder("ls", expect=None)
        self.assertNotEqual(answer.code, 0)
        self.assertIn("is served by nobody (uid 65534), not by you", answer.said)
        self.assertEqual(server.stdout.readline(), b"b''\n")
        server.kill()
        self.assertLessEqual(set(server.stdout), {b"b''\n"}, "by no connection anything is said")
        home.socket.unlink()


if __name__ == "__main__":
    alder.main()
