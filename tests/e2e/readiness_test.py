"""When a start counts as done: each kind of check, and what is said when it fails."""

import socket
import time

import alder

HTTP = "python3 -m http.server --bind 127.0.0.1 {port}"


class Readiness(alder.Scenario):
    def started(self):
        """Names of services in the order in which they counted as started."""
        return [event["name"] for event in self.home.events() if event["kind"] == "started" and "pid" in event]

    def test_the_next_child_waits_for_each_kind_of_check(self):
        tcp, http = alder.free_ports(2)
        home = self.home
        home.up(f"""
name: t
children:
  - service: tcp
    command: {HTTP.format(port=tcp)}
    ready: {{ tcp: "127.0.0.1:{tcp}" }}
  - service: http
    command: {HTTP.format(port=http)}
    ready: {{ http: "http://127.0.0.1:{http}/" }}
  - service: exec
    shell: true
    command: touch there; exec sleep 1000
    ready: {{ exec: test -e there }}
  - service: after
    command: sleep 1000
    ready: {{ after: 300ms }}
  - service: last
    command: [python3, -c, "import socket; [socket.create_connection(('127.0.0.1', p)) for p in ({tcp}, {http})];
      print('both answer', flush=True); import time; time.sleep(1000)"]
""")
        self.assertTrue(home.all_run())
        self.assertEqual(self.started(), ["tcp", "http", "exec", "after", "last"])
        home.wait_until("the last has spoken",
                        lambda: home.alder("logs", "last", "--no-prefix").out == "both answer\n")
        events = {event["name"]: event for event in home.events() if event["kind"] == "started"}
        self.assertGreaterEqual(events["after"]["at"], events["exec"]["at"])

    def test_a_real_redis_is_ready_when_it_answers(self):
        self.need("redis-server", "redis-cli")
        port, = alder.free_ports(1)
        home = self.home
        home.up(f"""
name: t
children:
  - service: db
    command: redis-server --port {port} --bind 127.0.0.1 --save "" --appendonly no
    ready: {{ exec: redis-cli -p {port} ping }}
  - service: user
    command: redis-cli -p {port} set greeting hello
    restart: transient
""")
        home.wait_until("the user is done", lambda: home.states() == {"db": "running", "user": "finished"})
        self.assertEqual(home.service("user")["last_exit"]["code"], 0)
        self.assertEqual(home.alder("logs", "user", "--no-prefix").out, "OK\n")

    def assert_start_fails(self, text, *words):
        home = self.home
        before = time.monotonic()
        answer = home.up(text, expect=1)
        self.assertLess(time.monotonic() - before, 20)
        for word in words:
            self.assertIn(word, answer.err, answer)
        self.assertEqual(home.pids(), {}, "nothing is left running")
        return answer

    def test_each_check_that_runs_out_says_what_it_waited_for(self):
        port, = alder.free_ports(1)
        for check, words in ((f'tcp: "127.0.0.1:{port}"', ["127.0.0.1:%d" % port]),
                             (f'http: "http://127.0.0.1:{port}/health"', [f"127.0.0.1:{port}"]),
                             ("exec: test -e never-there", ["test -e never-there", "code 1"])):
            self.assert_start_fails(f"""
name: t
children:
  - service: slow
    command: sleep 1000
    ready: {{ {check}, timeout: 300ms }}
""", "slow", "300ms", *words)
            self.home.alder("down", "t")

    def test_a_port_that_is_taken_is_told_before_the_service_is_believed(self):
        port, = alder.free_ports(1)
        with socket.create_server(("127.0.0.1", port)):
            answer = self.assert_start_fails(f"""
name: t
children:
  - service: web
    command: {HTTP.format(port=port)}
    ready: {{ tcp: "127.0.0.1:{port}", timeout: 5s }}
""", "web", str(port))
        self.assertNotIn("Traceback", answer.out)

    def test_a_service_that_ends_before_it_is_ready_has_not_started(self):
        answer = self.assert_start_fails("""
name: t
children:
  - service: brief
    shell: true
    command: echo I cannot; exit 3
    ready: { after: 10s }
""", "brief", "code 3")
        self.assertIn("I cannot", answer.err, "its last words are shown")

    def test_a_failed_start_unwinds_its_siblings_in_reverse_order(self):
        home = self.home
        self.assert_start_fails("""
name: t
children:
  - { service: a, command: sleep 1000 }
  - supervisor: s
    children:
      - { service: b, command: sleep 1000 }
      - { service: c, command: sleep 1000 }
      - { service: bad, command: sleep 1000, ready: { exec: "false", timeout: 200ms } }
      - { service: never, command: sleep 1000 }
  - { service: later, command: sleep 1000 }
""", "bad")
        stopped = [event["name"] for event in home.events() if event["kind"] == "stopped"]
        self.assertEqual([name for name in stopped if name in "abc"], ["c", "b", "a"])
        self.assertEqual(self.started(), ["a", "b", "c"])
        causes = {event["name"]: event["cause"] for event in home.events() if event["kind"] == "stopped"}
        self.assertEqual(causes["c"]["kind"], "start_unwound")
        self.assertEqual(causes["c"]["origin"], "bad")

    def test_a_restart_waits_for_readiness_too(self):
        home = self.home
        port, = alder.free_ports(1)
        home.up(f"""
name: t
strategy: rest_for_one
children:
  - service: web
    command: {HTTP.format(port=port)}
    ready: {{ tcp: "127.0.0.1:{port}" }}
  - service: user
    command: [python3, -c, "import socket, time; socket.create_connection(('127.0.0.1', {port}));
      print('met', flush=True); time.sleep(1000)"]
""")
        home.wait_until("the user has met it", lambda: home.alder("logs", "user", "--no-prefix").out == "met\n")
        before = home.pids()
        home.kill("web")
        self.assert_runs_anew(before, "web", "user")
        home.wait_until("the user has met it twice",
                        lambda: home.alder("logs", "user", "--no-prefix").out == "met\nmet\n")

    def test_a_daemon_that_dies_meanwhile_makes_nobody_ready(self):
        home = self.home
        text = """
name: t
children:
  - service: slow
    command: sleep 1000
    restart: temporary
    ready: {{ exec: "test -e ready", timeout: {timeout} }}
"""
        waiting = home.begin("up", home.write("alder.yaml", text.format(timeout="60s")))
        pid = home.wait_until("it waits", lambda: home.daemon_answers() and home.states() == {"slow": "starting"}
                              and home.pids().get("slow"))
        home.kill_daemon()
        self.assertEqual(home.states(), {"slow": "starting"})
        home.write("ready", "")
        home.wait_until("it is ready", lambda: home.states() == {"slow": "running"})
        self.assertEqual(home.pids(), {"slow": pid})
        waiting.communicate(timeout=alder.PATIENCE)
        self.assertEqual(waiting.returncode, 0)
        home.alder("down", "t")

        (home.files / "ready").unlink()
        begun = time.monotonic()
        waiting = home.begin("up", home.write("alder.yaml", text.format(timeout="12s")))
        home.wait_until("it waits", lambda: home.states() == {"slow": "starting"})
        home.wait_until("most of its time is over", lambda: time.monotonic() - begun > 9)
        killed = time.monotonic()
        home.kill_daemon()
        home.wait_until("its time is over", lambda: "start_failed" in home.kinds("slow"))
        self.assertLess(time.monotonic() - killed, 12, "the time it had had counts")
        waiting.communicate(timeout=alder.PATIENCE)
        self.assertEqual(waiting.returncode, 1)

    def test_a_line_of_output_says_that_it_is_ready(self):
        home = self.home
        up = home.begin("up", home.write("alder.yaml", """
name: t
children:
  - service: slow
    shell: true
    command: |
      echo not ready yet; while [ ! -e go ]; do sleep 0.02; done
      echo 'ready for 3 clients' >&2; exec sleep 1000
    ready: { log: '^ready for [0-9]+', timeout: 60s }
    log: { format: json }
  - service: next
    command: sleep 1000
"""))
        home.wait_until("it has spoken", lambda: home.daemon_answers() and
                        "not ready yet" in home.alder("logs", "slow", "--no-prefix", expect=None).out)
        self.assertEqual(home.states(), {"slow": "starting", "next": "stopped"})
        pid = home.pids()["slow"]
        home.kill_daemon()  # the next one goes on looking
        self.assertEqual(home.states()["slow"], "starting")
        home.write("go", "")
        home.wait_until("both run", home.all_run)
        self.assertEqual(home.pids()["slow"], pid)
        up.wait(alder.PATIENCE)
        self.assertIn("a line of output matching ^ready for [0-9]+ within 1m", home.alder("describe", "slow").out)

    def test_without_the_line_the_start_fails(self):
        answer = self.home.up("""
name: t
children:
  - { service: quiet, command: [sh, -c, "echo steady; exec sleep 1000"], ready: { log: ready, timeout: 300ms } }
""", expect=1)
        self.assertIn("was not ready within 300ms: no line of its output matched ready", answer.said)


if __name__ == "__main__":
    alder.main()
