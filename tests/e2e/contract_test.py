"""What a program may need of its manager: how it is launched, the channels it talks through, health, limits, stop."""

import os
import signal
import subprocess
import time

import alder

SAY = """
import os, socket, sys, time
def say(text):
    address = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect("\\0" + address[1:])
        s.send(text.encode())
"""


class Contract(alder.Scenario):
    def describe(self, name):
        return self.home.alder("describe", name, "--json").json

    def log_of(self, name):
        return self.home.alder("logs", name, "--no-prefix").out

    def test_a_program_speaks_sd_notify(self):
        home = self.home
        home.write("notifier.py", SAY + """
say("STATUS=loading")
while not os.path.exists("go"): time.sleep(0.02)
say("READY=1\\nSTATUS=serving")
while True: time.sleep(100)
""")
        up = home.begin("up", home.write("alder.yaml", """
name: t
children:
  - service: db
    command: python3 notifier.py
    ready: { notify: true }
  - service: next
    command: sleep 1000
"""))
        home.wait_until("it says what it does", lambda: home.daemon_answers() and
                        home.services().get("db", {}).get("status") == "loading")
        self.assertEqual(home.states(), {"db": "starting", "next": "stopped"})
        home.kill_daemon()  # the next one goes on waiting
        self.assertEqual(home.states()["db"], "starting")
        home.write("go", "")
        home.wait_until("both run", home.all_run)
        self.assertEqual(self.describe("db")["status"], "serving")
        up.wait(alder.PATIENCE)

    def test_a_stranger_is_not_heard(self):
        home = self.home
        home.write("quiet.py", "import os, time\nopen('address', 'w').write(os.environ['NOTIFY_SOCKET'])\n"
                               "time.sleep(1000)\n")
        home.write("stranger.py", SAY + """
while not os.path.exists("address"): time.sleep(0.02)
time.sleep(0.1)
os.environ["NOTIFY_SOCKET"] = open("address").read()
say("READY=1")
time.sleep(1000)
""")
        answer = home.up("""
name: t
children:
  - service: stranger
    command: python3 stranger.py
  - service: quiet
    command: python3 quiet.py
    ready: { notify: true, timeout: 2s }
""", expect=1)
        self.assertIn("was not ready within 2s", answer.said)
        self.assertIn("does not belong to it", " ".join(e["text"] for e in home.events("quiet")))

    def test_a_real_redis_says_when_it_is_ready(self):
        self.need("redis-server")
        port, = alder.free_ports(1)
        self.home.up(f"""
name: t
children:
  - service: db
    command: redis-server --port {port} --bind 127.0.0.1 --save "" --supervised systemd
    ready: {{ notify: true }}
""")
        self.assertEqual(self.describe("db")["status"], "Ready to accept connections")

    def test_an_unmodified_node_program_uses_its_own_channel(self):
        self.need("node")
        home = self.home
        home.write("app.js", """
process.on('message', m => {
  console.log('got ' + JSON.stringify(m));
  if (m === 'shutdown') process.exit(0);
});
setInterval(() => process.send({type: 'metrics', data: {requests: {value: 42, unit: 'rps'}}}), 50);
setTimeout(() => process.send({type: 'ready'}), 100);
""")
        home.up("""
name: t
children:
  - service: app
    command: node app.js
    ready: { message: true }
    stop: { steps: [{ message: shutdown, wait: 20s }] }
""")
        home.wait_until("its metrics are shown",
                        lambda: self.describe("app").get("metrics") == {"requests": {"value": 42, "unit": "rps"}})
        home.alder("msg", "app", '{"level": "debug"}')
        home.wait_until("it has the message", lambda: 'got {"level":"debug"}' in self.log_of("app"))
        self.assertIn("not JSON", home.alder("msg", "app", "{", expect=None).err)
        home.kill_daemon()
        home.alder("msg", "app", "7")  # the channel has outlived the daemon
        home.wait_until("it has that too", lambda: "got 7" in self.log_of("app"))
        home.alder("stop", "app")
        self.assertIn('got "shutdown"', self.log_of("app"))
        self.assertEqual(self.describe("app")["last_exit"]["code"], 0)

    def test_a_service_on_a_terminal(self):
        self.need_terminals()
        home = self.home
        home.write("console.py", """
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: print("interrupted"))
print("terminals:", *[os.isatty(fd) for fd in (0, 1, 2)], os.get_terminal_size().columns)
print("to stderr", file=sys.stderr)
for line in sys.stdin:
    print(f"got {line.strip()}".strip())
""")
        home.up("name: t\nchildren:\n  - { service: console, command: python3 console.py, pty: true }\n")
        shown = ["terminals: True True True 80", "to stderr"]
        home.wait_until("it has a terminal, and writes line by line", lambda: self.log_of("console").splitlines() == shown)
        home.alder("send", "console", "one")
        before = home.pids()
        home.kill_daemon()
        home.alder("send", "console", "two")
        keeper = home.keeper_pid()
        os.kill(keeper, signal.SIGKILL)
        home.wait_until("another keeper is there", lambda: home.info()["keeper_pid"] not in (0, keeper))
        shown += ["got one", "got two"]
        home.wait_until("it was heard", lambda: self.log_of("console").splitlines() == shown)
        home.alder("send", "console", "\x03")
        home.wait_until("it was interrupted", lambda: "interrupted" in self.log_of("console"))
        home.alder("send", "console", "three")
        shown += ["interrupted", "got", "got three"]
        home.wait_until("it was heard each time", lambda: self.log_of("console").splitlines() == shown)
        self.assertEqual(home.pids(), before)
        home.alder("send", "console", "\x04")  # the end of its input
        home.wait_until("it runs anew", lambda: home.pids().get("console") not in (None, before["console"]))

    def test_garbage_and_huge_messages_over_ipc_harm_nobody(self):
        home = self.home
        home.write("rude.py", """
import os, time
fd = int(os.environ["NODE_CHANNEL_FD"])
os.set_blocking(fd, True)
def send(data):
    while data: data = data[os.write(fd, data):]
send(b"\\xff\\xfe garbage\\n")
for _ in range(100): send(b"x" * (1 << 20))
send(b"\\n" + b'{"type":"ready"}\\n')
time.sleep(1000)
""")
        home.up("""
name: t
children:
  - service: rude
    command: python3 rude.py
    ready: { message: true, timeout: 60s }
""")
        told = " ".join(e["text"] for e in home.events("rude") if e["kind"] == "message")
        self.assertIn("is not JSON", told)
        self.assertIn("more than 1 MiB", told)

    def test_a_stopped_program_is_found_by_its_missing_heartbeat(self):
        home = self.home
        home.write("beating.py", """
import os, time
fd = int(os.environ["NODE_CHANNEL_FD"])
while True:
    os.write(fd, b'{"type":"heartbeat"}\\n')
    time.sleep(int(os.environ["ALDER_HEARTBEAT_MS"]) / 1000)
""")
        home.up("""
name: t
children:
  - service: beating
    command: python3 beating.py
    ipc: true
    heartbeat: { interval: 500ms }
""")
        before = home.pids()
        time.sleep(3)  # twice as long as it may be silent
        self.assertEqual(home.pids(), before, "no false alarm")
        home.kill("beating", signal.SIGSTOP)
        self.assert_runs_anew(before, "beating")
        exited = [e for e in home.events("beating") if e["kind"] == "exited"]
        self.assertIn("sent no heartbeat for 1.5s", exited[-1]["text"])

    def test_a_sick_program_is_restarted_by_its_health_check(self):
        home = self.home
        home.write("well", "")
        home.up("""
name: t
children:
  - service: app
    command: sleep 1000
    health: { exec: test -e well, interval: 200ms, failures: 2 }
""")
        before = home.pids()
        (home.files / "well").unlink()
        home.wait_until("it is restarted", lambda: home.pids().get("app", before["app"]) != before["app"])
        home.write("well", "")
        exited = [e for e in home.events("app") if e["kind"] == "exited"]
        self.assertIn("failed its health check 2 times", exited[0]["text"])

    def test_memory_above_the_limit_ends_a_program_with_all_its_processes(self):
        home = self.home
        home.up("""
name: t
children:
  - service: eater
    shell: true
    command: "python3 -c 'import time; x = bytearray(200 << 20); time.sleep(1000)' & wait"
    restart: transient
    limits: { memory: 100M, interval: 200ms, grace: 400ms, on_failure: fail }
""")
        home.wait_until("it has failed", lambda: home.states() == {"eater": "failed"})
        self.assertIn("more than its limit of 100M", home.service("eater")["reason"])
        home.wait_until("nothing is left", lambda: not home.members_of("eater"))

    def test_it_is_launched_as_it_was_asked_for(self):
        home = self.home
        secret = home.write("secret", "pa$$word\n")
        home.up("""
name: t
children:
  - service: app
    shell: true
    command: "ulimit -n; ulimit -c; nice; cat /proc/self/oom_score_adj; echo $KEY; read line; echo got $line; exec sleep 1000"
    secrets: { KEY: secret }
    rlimits: { nofile: 99, core: 0 }
    nice: 3
    oom_score_adj: 700
    stdin: pipe
""")
        home.alder("send", "app", "hello", "you")
        home.wait_until("it has read its input", lambda: "got hello you" in self.log_of("app"))
        self.assertEqual(self.log_of("app"), "99\n0\n3\n700\npa$$word\ngot hello you\n")
        shown = self.describe("app")["detail"]
        self.assertEqual(shown["environment"]["KEY"], f"(secret, from {secret})")
        self.assertIn("nofile 99", shown["attributes"])
        secret.unlink()
        answer = home.alder("restart", "app", expect=1)
        self.assertIn("the secret KEY cannot be read", answer.said)

    def test_another_user_runs_it(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        home = self.home
        for directory in (home.top, home.files):
            directory.chmod(0o755)
        home.up("""
name: t
children:
  - service: app
    shell: true
    command: id -un; id -gn; echo $HOME $USER; exec sleep 1000
    user: nobody
    inherit_env: false
""")
        home.wait_until("it has spoken", lambda: len(self.log_of("app").splitlines()) == 3)
        self.assertEqual(self.log_of("app").splitlines(), ["nobody", "nogroup", "/nonexistent nobody"])
        home.kill("app")
        home.wait_until("it runs again", home.all_run)

    def test_what_is_not_possible_here_is_told_by_check(self):
        home = self.home
        file = home.write("alder.yaml", """
name: t
children:
  - { service: a, command: sleep 1, user: nobody-of-this-name }
  - { service: b, command: sleep 1, cpus: 1000 }
  - { service: c, command: sleep 1, cpus: 1000, optional: cpus }
  - { service: d, command: sleep 1, secrets: { KEY: /nowhere } }
  - { service: e, command: sleep 1, health: { http: "http://127.0.0.1/", body: "(" } }
""")
        answer = home.alder("check", file, "--json", expect=2)
        self.assertEqual([(d["code"], d["line"]) for d in answer.json["diagnostics"]],
                         [("E023", 4), ("E024", 5), ("W008", 6), ("E032", 7), ("E025", 8)])

    def test_a_service_that_never_lasts_fails_alone_and_can_be_started_again(self):
        home = self.home
        home.up("""
name: t
intensity: { max_restarts: 1000, within: 1s }
backoff: none
children:
  - service: good
    command: sleep 1000
  - service: bad
    shell: true
    command: test -e mended && exec sleep 1000
    restart_limit: { max_unstable: 3 }
  - service: fatal
    shell: true
    command: sleep 0.1; exit 78
    fatal_exit_codes: [78]
""")
        before = home.pids()["good"]
        home.wait_until("both have failed", lambda: home.states() ==
                        {"good": "running", "bad": "failed", "fatal": "failed"})
        services = home.services()
        self.assertEqual(services["bad"]["restarts"], 2)
        self.assertIn("3 consecutive starts", services["bad"]["reason"])
        self.assertIn("78", services["fatal"]["reason"])
        self.assertEqual(home.kinds("bad").count("failed"), 1)
        home.alder("reset", "bad")
        self.assertEqual(home.service("bad")["restarts"], 0)
        home.write("mended", "")
        home.alder("start", "bad")
        home.wait_until("it runs", lambda: home.states()["bad"] == "running")
        self.assertEqual(home.pids()["good"], before)

    def test_what_restarted_too_often_within_an_hour_waits_whatever_dies_meanwhile(self):
        home = self.home
        home.up("""
name: t
intensity: { max_restarts: 1000, within: 1s }
backoff: none
children:
  - service: app
    command: sleep 1000
    restart_limit: { hourly: 2 }
  - service: other
    command: sleep 1000
""")
        for _ in range(2):
            before = home.pids()
            home.kill("app")
            self.assert_runs_anew(before, "app")
            home.kill_daemon()
        other = home.pids()["other"]
        home.kill("app")
        home.wait_until("it waits", lambda: home.states() == {"app": "backoff", "other": "running"})
        self.assertIn("was restarted 2 times within an hour", home.service("app")["reason"])
        home.kill_daemon()
        self.assertEqual(home.states(), {"app": "backoff", "other": "running"})
        self.assertIn("was restarted 2 times within an hour", home.service("app")["reason"])
        home.alder("start", "app")
        self.assertTrue(home.all_run())
        self.assertEqual(home.pids()["other"], other)

    def test_a_private_tmp_and_paths_that_cannot_be_written(self):
        tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
        if tried.returncode != 0:
            self.skipTest(f"mounts of one's own are not possible here: {tried.stderr.strip()}")
        home = self.home
        kept = home.write("kept", "old\n")
        home.up(f"""
name: t
children:
  - service: app
    cwd: /
    command: [sh, -c, "ls -A /tmp; echo mine > /tmp/alder-own; cat /tmp/alder-own; touch /usr/x || echo refused;
      exec sleep 1000"]
    private_tmp: true
    read_only_paths: [/usr]
  - service: writer
    command: [sh, -c, "echo new > kept || echo refused; exec sleep 1000"]
    read_only_paths: {kept}
""")
        home.wait_until("they have tried", lambda: "refused\n" in self.log_of("app") and
                        "refused\n" in self.log_of("writer"))
        self.assertEqual([line for line in self.log_of("app").splitlines() if "touch" not in line],
                         ["mine", "refused"])
        self.assertFalse(os.path.exists("/tmp/alder-own"))
        self.assertEqual(kept.read_text(), "old\n")
        self.assertIn("private /tmp, read-only /usr", home.alder("describe", "app").out)
        home.kill_daemon()
        self.assertTrue(home.all_run())

    def test_it_is_stopped_step_by_step(self):
        home = self.home
        home.up("""
name: t
children:
  - service: app
    command: python3 app.py
    ready: { file: up }
    stop:
      steps:
        - { command: touch asked, wait: 300ms }
        - { signal: USR1, wait: 20s }
""") if home.write("app.py", """
import os, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: (print("asked first:", os.path.exists("asked"), flush=True), sys.exit(0)))
open("up", "w").close()
while True: time.sleep(100)
""") else None
        home.alder("stop", "app")
        self.assertEqual(self.log_of("app"), "asked first: True\n")
        self.assertEqual(self.describe("app")["last_exit"]["code"], 0)

    def test_an_s6_program_writes_a_line_to_its_descriptor(self):
        home = self.home
        home.up("""
name: t
children:
  - service: app
    shell: true
    command: echo up >&5; exec sleep 1000
    ready: { descriptor: 5 }
""")
        self.assertTrue(home.all_run())


if __name__ == "__main__":
    alder.main()
