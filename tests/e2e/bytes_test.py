"""Bytes stay what they are: characters that two writes share, and what is no text at all."""

import json
import os
import signal
import subprocess

import alder

TELL = ("import os, sys; print('TOLD', os.fsencode(os.getcwd()).hex(), [os.fsencode(a).hex() for a in sys.argv[1:]], "
        "sorted((k.hex(), v.hex()) for k, v in os.environb.items() if b'BYTES' in k), flush=True); "
        "import time; time.sleep(1000)")


class Bytes(alder.Scenario):
    def told(self, name):
        return [one["line"] for one in self.home.alder("logs", "--json", "-n", "100", name).documents
                if one["line"].startswith("TOLD")]

    def test_arguments_directories_and_variables_reach_the_program(self):
        home = self.home
        directory = os.fsencode(home.files) + b"/caf\xe9 \xff"
        os.mkdir(directory)
        variables = {b"BYTES": b"\xff\xfe", b"BYTES_\xe9": b"x", b"MORE_BYTES": "\u20ac".encode()}
        environment = {os.fsencode(k): os.fsencode(v) for k, v in home.environment.items()} | variables
        words = [b"\xff\xfe", b"caf\xe9", "caf\u00e9".encode(), b"$HOME ${X}", b"\x01", b""]

        def begin(*command):
            return subprocess.run([alder.PROGRAMS / "alder", *command], env=environment, cwd=directory,
                                  capture_output=True, timeout=alder.PATIENCE, check=True)
        begin("start", "--name", "lone", "--", "python3", "-c", TELL, *words)
        expected = f"TOLD {directory.hex()} {[w.hex() for w in words]} " + str(
            sorted((k.hex(), v.hex()) for k, v in variables.items()))
        home.wait_until("it has told", lambda: self.told("lone"))
        self.assertEqual(self.told("lone"), [expected])
        # A configuration in that directory; variables in its values.
        with open(directory + b"/alder.yaml", "w", encoding="utf-8") as file:
            file.write("name: t\nchildren:\n  - service: filed\n    command: [python3, -c, " + json.dumps(TELL) +
                       ", '${BYTES}', !!binary '/w==']\n")
        begin("up")
        home.wait_until("it has told", lambda: self.told("filed"))
        of_file = f"TOLD {directory.hex()} {[b.hex() for b in (variables[b'BYTES'], bytes([255]))]} " + str(
            sorted((k.hex(), v.hex()) for k, v in variables.items()))
        self.assertEqual(self.told("filed"), [of_file])
        # The next daemon starts them as the first one did.
        home.kill_daemon()
        for name in ("lone", "filed"):
            home.kill(name, signal.SIGKILL)
            home.wait_until("it has told again", lambda: len(self.told(name)) == 2)
        self.assertEqual(self.told("lone"), [expected] * 2)
        self.assertEqual(self.told("filed"), [of_file] * 2)
        home.alder("restart", "filed")
        home.wait_until("it has told again", lambda: len(self.told("filed")) == 3)
        self.assertEqual(set(self.told("filed")), {of_file})

    def test_characters_that_two_writes_share(self):
        home = self.home
        text = "na\u00efve \u20ac \U0001F333 "
        writer = home.write("writer.py", f"""
import os, time
text = {text!r}.encode()
for byte in text:
    os.write(1, bytes([byte]))
    time.sleep(0.02)
os.write(1, b"\\n")
os.write(1, ("x" + "\\u20ac" * 400_000 + "\\n").encode())
time.sleep(1000)
""")
        home.up("name: t\nchildren:\n" + "".join(
            f"  - {{ service: {name}, command: [python3, {writer}], log: {{ {log} }} }}\n"
            for name, log in (("raw", "format: raw"), ("json", "format: json"), ("small", "format: json, max_size: 9000, max_files: 10000, compress: false"))))

        def objects(name):
            files = sorted((home.path / "log" / "t").glob(f"{name}.out.log*"), key=lambda f: (f.name.count("."), f.name))
            try:
                return b"".join(f.read_bytes() for f in files if f.suffix != ".idx")
            except FileNotFoundError:
                return b""  # it is being rotated
        for name in ("json", "small"):
            home.wait_until("all is written", lambda: objects(name).count("\u20ac".encode()) == 400_001)
            lines = [json.loads(line)["line"] for line in objects(name).decode().splitlines()]
            self.assertNotIn("\ufffd", "".join(lines))
            self.assertTrue("".join(lines).startswith(text), name) if name == "json" else None
        whole = text + "x" + "\u20ac" * 400_000
        lines = home.alder("logs", "--json", "-n", "10", "raw").documents
        self.assertEqual("".join(one["line"] for one in lines), whole)
        self.assertEqual([one for one in lines if "bytes" in one], [], "pieces end between characters")

    def test_run_shows_bytes_as_they_are(self):
        file = self.home.write("alder.yaml", "name: t\nchildren:\n  - { service: odd, command: [printf, "
                                             "'caf\\351 \\377\\n'], restart: temporary }\n")
        run = self.home.begin("run", "--show", "raw", file)
        out, _ = run.communicate(timeout=alder.PATIENCE)
        self.assertEqual(out, b"caf\xe9 \xff\n")


if __name__ == "__main__":
    alder.main()
