"""Followers of output and events miss nothing and see nothing twice, however often their daemon is replaced."""

import json
import re
import signal
import time
import urllib.parse

import alder

# Writes numbered lines to both streams, many within a millisecond, when it is told to begin.
WRITER = """
import os, sys, time
go, count = sys.argv[1], int(sys.argv[2])
while not os.path.exists(go):
    time.sleep(0.01)
for number in range(1, count + 1):
    os.write(1, b"line %d\\n" % number)
    os.write(2, b"line %d\\n" % number)
    if number % 20 == 0:
        time.sleep(0.004)
time.sleep(1000)
"""
RULES = {
    "plain": "",
    "small": "log: { max_size: 3000, max_files: 10000 }",
    "timed": "log: { format: time }",
    "merged": "log: { merge: true, max_size: 20000, max_files: 1000, compress: zstd }",
}


class Followers(alder.Scenario):
    def bring_up(self, count, run=None):
        """Services that write so many lines as soon as `go` is there."""
        self.go = self.home.files / "go"
        self.writer = self.home.write("writer.py", WRITER)
        text = "name: shop\nchildren:\n" + "".join(
            f"  - {{ service: {name}, command: [python3, {self.writer}, {self.go}, '{count}'], {rules} }}\n"
            for name, rules in RULES.items())
        if run:
            return self.home.begin("run", *run, self.home.write("alder.yaml", text))
        self.home.up(text)
        return None

    @staticmethod
    def by_stream(documents):
        streams = {}
        for one in documents:
            streams.setdefault((one["service"], one["stream"]), []).append(one["line"])
        return streams

    def assert_exact(self, documents, count):
        expected = [f"line {number}" for number in range(1, count + 1)]
        for name in RULES:
            for stream in ("out", "err"):
                heard = [re.sub("^20[^ ]* ", "", line) for line in self.by_stream(documents).get((name, stream), [])]
                if heard != expected:
                    first = next((i for i, (a, b) in enumerate(zip(heard, expected)) if a != b),
                                 min(len(heard), len(expected)))
                    self.fail(f"{name}/{stream}: {len(heard)} lines of {count}; from {first} on: "
                              f"{heard[max(0, first - 2):first + 5]}\n{self.home.story()}")

    def kill_often(self, listener, total, kills):
        """Kills one daemon after the other while lines come, and waits for the last of them."""
        for number in range(1, kills + 1):
            self.home.wait_until("lines come", lambda: len(listener.lines) >= total * number // (kills + 2))
            self.home.kill_daemon()
        self.home.wait_until("all lines are there", lambda: len(listener.lines) >= total)
        time.sleep(0.3)  # for lines that should not come

    def test_logs_f_while_the_daemon_is_killed_again_and_again(self):
        count = 4000
        self.bring_up(count)
        follower = self.home.begin("logs", "-f", "-n", "100000", "--json")
        listener = alder.Listener(follower.stdout)
        self.go.touch()
        self.kill_often(listener, count * len(RULES) * 2, kills=12)
        follower.send_signal(signal.SIGINT)
        self.assertEqual(follower.wait(alder.PATIENCE), 130)
        self.assert_exact([json.loads(line) for line in listener.lines], count)

    def test_run_while_the_daemon_is_killed_again_and_again(self):
        count = 3000
        run = self.bring_up(count, run=["--json"])
        listener = alder.Listener(run.stdout)
        self.home.wait_until("the services run", lambda: self.home.daemon_answers() and self.home.all_run())
        self.go.touch()
        self.kill_often(listener, count * len(RULES) * 2, kills=10)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(alder.PATIENCE), 143)
        self.home.daemon_kills = 0  # it has taken its daemon along
        self.assert_exact([json.loads(line) for line in listener.lines], count)

    def test_an_upgrade_is_not_noticed(self):
        count = 1000
        self.bring_up(count)
        follower = self.home.begin("logs", "-f", "-n", "100000", "--json")
        listener = alder.Listener(follower.stdout)
        self.go.touch()
        self.home.wait_until("lines come", lambda: len(listener.lines) > 100)
        self.home.alder("daemon", "upgrade")
        self.home.daemon_kills += 1
        self.home.wait_until("all lines are there", lambda: len(listener.lines) >= count * len(RULES) * 2)
        self.assert_exact([json.loads(line) for line in listener.lines], count)

    def stream(self, target, after=None, headers=None):
        """The connection and the answer of a stream of log lines."""
        connection = alder.UnixConnection(self.home.socket, alder.PATIENCE)
        body = None if after is None else json.dumps({"after": list(after)})
        connection.request("GET" if after is None else "POST", target, body, headers or {})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        return connection, answer

    def test_a_client_of_the_api_goes_on_by_cursors(self):
        count = 1500
        self.bring_up(count)
        cursors, documents = None, []
        for part in (1, 10, 50, 200, 900, 3000, 0):
            target = "/v1/logs?cursors=1&follow=1" + ("&tail=0" if cursors is None else "")
            connection, answer = self.stream(target, None if cursors is None else cursors.values())
            wanted = len(documents) + part if part else count * len(RULES) * 2
            while len(documents) < wanted:
                one = json.loads(answer.readline())
                self.go.touch()  # now nothing is older than what was asked for
                self.assertNotIn("gap", one)
                told = one["cursors"] if "cursors" in one else [one["cursor"]]
                cursors = (cursors or {}) | {cursor.rsplit("@", 1)[0]: cursor for cursor in told}
                if "line" in one:
                    documents.append(one)
            connection.close()
            if part == 50:
                self.home.kill_daemon()
        rest = self.home.request("POST", "/v1/logs", {"after": list(cursors.values())}, timeout=alder.PATIENCE)
        self.assertEqual(rest, (200, None), "nothing is left")
        first = {key: int(lines[0].split()[-1]) for key, lines in self.by_stream(documents).items()}
        for (name, stream), lines in self.by_stream(documents).items():
            heard = [int(line.split()[-1]) for line in lines]
            self.assertEqual(heard, list(range(first[name, stream], count + 1)), f"{name}/{stream}")

    def test_a_browser_goes_on_by_the_last_event_id(self):
        count = 400
        self.bring_up(count)
        self.go.touch()
        self.home.wait_until("all is written", lambda: len(self.home.alder("logs", "--json", "-n", "100000",
                                                                         "plain").documents) == 2 * count)
        lines, last = [], ""
        while len(lines) < 2 * count:
            connection, answer = self.stream(
                "/v1/logs?service=plain&tail=100000&follow=1",
                headers={"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {}))
            for _ in range(37):
                event = {}
                while (text := answer.readline().decode().rstrip("\n")):
                    key, value = text.split(": ", 1)
                    event[key] = value
                last = event.get("id", last)
                if event["event"] == "log":
                    lines.append(json.loads(event["data"]))
                if len(lines) == 2 * count:
                    break
            connection.close()
        for stream in ("out", "err"):
            self.assertEqual([one["line"] for one in lines if one["stream"] == stream],
                             [f"line {number}" for number in range(1, count + 1)])

    def test_cursors_that_are_none_are_refused(self):
        self.home.up("name: t\nchildren:\n  - { service: a, command: sleep 1000 }\n")
        for target, body in (("/v1/logs?after=x", None), ("/v1/logs?after=" + urllib.parse.quote("t/a/out@1.2"), None)):
            self.assertEqual(self.home.request("GET", target, body)[0], 400)
        for body in ("[]", "{", '{"after": 1}', '{"after": [1]}', '{"before": []}', '{"after": ["x"]}'):
            self.assertEqual(self.home.request("POST", "/v1/logs", body)[0], 400, body)
        odd = "../../etc/passwd/out@0.0.0.0.0.0.zik0zj"
        self.assertEqual(self.home.request("POST", "/v1/logs", {"after": [odd, "..%2F../a/out@0.0.0.0.0.0.zik0zj"]}),
                         (200, None))

    def test_the_last_lines_of_a_service_that_was_removed_meanwhile(self):
        home = self.home
        home.up("""
name: t
children:
  - { service: stays, command: sleep 1000 }
  - { service: goes, shell: true, command: "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 1000 & wait; done" }
""")
        home.wait_until("it has spoken", lambda: home.alder("logs", "goes").lines)
        connection, answer = self.stream("/v1/logs?service=goes&cursors=1&follow=1&tail=10")
        documents = [json.loads(answer.readline()) for _ in range(2)]
        connection.close()
        self.assertEqual([one.get("line") for one in documents], [None, "hello"])
        cursors = {cursor.rsplit("@", 1)[0]: cursor for cursor in documents[0]["cursors"] + [documents[1]["cursor"]]}
        home.alder("remove", "goes")
        connection, answer = self.stream("/v1/logs?service=goes", cursors.values())
        self.assertEqual([json.loads(line)["line"] for line in answer.read().splitlines()], ["bye"])
        connection.close()

    def test_services_that_come_later_are_heard_from_their_first_line(self):
        home = self.home
        talker = "echo $0 begins; while :; do sleep 1000 & wait; done"
        home.up("name: t\nchildren:\n  - { service: api, shell: true, instances: 2, command: '" + talker + "' }\n")
        home.alder("start", "--name", "lone", "--", "sh", "-c", "echo earlier; sleep 1000")
        home.wait_until("it has spoken", lambda: "earlier" in home.alder("logs", "lone").out)
        home.alder("remove", "lone")
        followers = [home.begin("logs", "-f", "--json"), home.begin("logs", "-f", "--json", "api")]
        heard, of_pool = [alder.Listener(follower.stdout) for follower in followers]
        home.wait_until("they follow", lambda: len(heard.lines) >= 2 and len(of_pool.lines) >= 2)
        home.alder("scale", "api", "6")
        home.alder("start", "--name", "lone", "--", "sh", "-c", "echo later; sleep 1000")
        home.wait_until("all are heard", lambda: len(heard.lines) >= 7 and len(of_pool.lines) >= 6)
        time.sleep(0.3)  # for lines that should not come
        lines = [json.loads(line) for line in heard.lines]
        self.assertEqual(sorted(one["service"] for one in lines), [f"api:{n}" for n in range(6)] + ["lone"])
        self.assertNotIn("earlier", [one["line"] for one in lines])
        self.assertEqual(sorted(json.loads(line)["service"] for line in of_pool.lines),
                         [f"api:{n}" for n in range(6)])

    def test_events_are_numbered_without_a_hole(self):
        home = self.home
        home.up("name: t\nchildren:\n" + "".join(
            f"  - {{ service: s{n}, command: sleep 1000 }}\n" for n in range(10)))
        follower = home.begin("events", "-f", "--json")
        listener = alder.Listener(follower.stdout)
        home.wait_until("it follows", lambda: listener.lines)
        for _ in range(8):
            for number in range(10):
                home.request("POST", f"/v1/services/s{number}/restart")
            home.kill_daemon()
        home.wait_until("all run", home.all_run)
        latest = home.events(count=1)[-1]["seq"]
        home.wait_until("all are heard", lambda: listener.lines and json.loads(listener.lines[-1])["seq"] >= latest)
        numbers = [json.loads(line)["seq"] for line in listener.lines]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))

    def test_who_was_away_for_very_many_events_is_told_how_many_he_missed(self):
        home = self.home
        home.up("name: t\nchildren:\n  - { service: a, command: sleep 1000 }\n")
        status, first = home.request("GET", "/v1/events?tail=1")
        for _ in range(600):
            home.request("POST", "/v1/services/a/restart?wait=30s")
        connection, answer = self.stream(f"/v1/events?since={first['seq']}")
        told = [json.loads(line) for line in answer.read().splitlines()]
        connection.close()
        self.assertEqual([one["seq"] for one in told],
                         list(range(first["seq"] + 1, first["seq"] + 1 + len(told))), "not the last hundred alone")
        home.kill_daemon()  # its successor keeps the last thousand
        connection, answer = self.stream(f"/v1/events?since={first['seq']}")
        told = [json.loads(line) for line in answer.read().splitlines()]
        connection.close()
        self.assertEqual(told[0]["gap"], told[1]["seq"] - first["seq"] - 1)

    def test_the_last_words_are_heard_before_the_daemon_ends(self):
        home = self.home
        home.up("""
name: t
children:
  - service: wordy
    shell: true
    command: trap 'seq 50000; exit 0' TERM; echo here; while :; do sleep 1000 & wait; done
    stop: { timeout: 60s }
""")
        home.wait_until("it has spoken", lambda: home.alder("logs", "wordy").lines)
        follower = home.begin("logs", "-f", "--no-prefix")
        listener = alder.Listener(follower.stdout)
        home.wait_until("it follows", lambda: listener.lines)
        home.alder("daemon", "stop", timeout=90)
        self.assertEqual(follower.wait(alder.PATIENCE), 0)
        listener.thread.join(alder.PATIENCE)
        self.assertEqual(listener.lines, ["here"] + [str(number) for number in range(1, 50001)])

    def test_run_shows_everything_however_slowly_it_is_read(self):
        file = self.home.write("alder.yaml", "name: t\nchildren:\n"
                               "  - { service: wordy, command: [seq, '300000'], restart: temporary }\n")
        run = self.home.begin("run", "--no-prefix", file)
        time.sleep(4)  # longer than a daemon that is stopped waits for others
        heard = []
        for line in run.stdout:
            heard.append(int(line))
            if len(heard) % 50000 == 0:
                time.sleep(1)
        self.assertEqual(run.wait(alder.PATIENCE), 0)
        self.assertEqual(heard, list(range(1, 300001)))


if __name__ == "__main__":
    alder.main()
