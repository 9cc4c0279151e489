"""10,000 random cron expressions, most of them around a change of the clocks, compared with npm's croner.

Needs node and a directory with croner in it: `npm install croner` there, and ALDER_CRONER=DIR. Skipped without."""

import os
import pathlib
import random
import shutil
import subprocess
import sys

EXPRESSIONS = 10_000
COUNT = 6
SKIPPED = 77
ZONES = {  # and moments at which their clocks change
    "Europe/Berlin": [1774746000, 1792890000],
    "America/New_York": [1772953200, 1793512800],
    "Australia/Lord_Howe": [1775314800, 1791041400],
    "America/Sao_Paulo": [1541300400],  # summer time until 2019, from midnight on
    "Asia/Kolkata": [],
    "UTC": [],
}
ORACLE = """
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
const { Cron } = await import(pathToFileURL(process.argv[2] + "/node_modules/croner/dist/croner.js"));
for await (const line of createInterface({ input: process.stdin })) {
  const [zone, text, from, count] = line.split("|");
  try {
    const job = new Cron(text, { timezone: zone, paused: true });
    console.log(job.nextRuns(+count, new Date(from * 1000)).map(at => at / 1000).join(" "));
  } catch (error) { console.log("error: " + error.message); }
}
"""


def field(dice, low, high, often):
    """A field that is `*` with the given probability."""
    if dice.random() < often:
        return "*"
    items = []
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        first = dice.randint(low, high)
        last = dice.randint(first, high)
        items.append(dice.choice([str(first), str(first), f"{first}-{last}", f"*/{dice.randint(1, high - low + 1)}",
                                  f"{first}-{last}/{dice.randint(1, high - low + 1)}"]))
    return ",".join(items)


def question(dice):
    zone = dice.choice(list(ZONES))
    hours = dice.choice([(0, 23), (0, 4), (1, 3)])
    fields = [field(dice, 0, 59, 0.2), field(dice, *hours, 0.3), field(dice, 1, 28, 0.7), field(dice, 1, 12, 0.8),
              field(dice, 0, 6, 0.7)]
    if dice.random() < 0.2:
        fields.insert(0, field(dice, 0, 59, 0.1))
    near = ZONES[zone] or [1767225600]
    start = dice.choice(near) + dice.choice([dice.randint(-90000, 90000), dice.randint(-4000, 4000),
                                             dice.randint(-10**7, 10**7)])
    return f"{zone}|{' '.join(fields)}|{start}|{COUNT}"


def main():
    place = os.environ.get("ALDER_CRONER")
    program = pathlib.Path(os.environ["ALDER_BIN_DIR"]) / "fixture_cron_next"
    if not place or not shutil.which("node"):
        print("skipped: needs node, and croner in ALDER_CRONER")
        return SKIPPED
    seed = int(os.environ.get("ALDER_SEED", "1"))
    dice = random.Random(seed)
    questions = "\n".join(question(dice) for _ in range(EXPRESSIONS)) + "\n"
    script = pathlib.Path(place) / "oracle.mjs"
    script.write_text(ORACLE)
    answers = [subprocess.run(command, input=questions, capture_output=True, text=True, check=True).stdout.splitlines()
               for command in ([program], ["node", script, place])]
    wrong = [(asked, ours, theirs) for asked, ours, theirs in zip(questions.splitlines(), *answers) if ours != theirs]
    refused = sum(ours.startswith("error") for ours in answers[0])
    for asked, ours, theirs in wrong[:10]:
        print(f"{asked}\n  alder:  {ours}\n  croner: {theirs}")
    print(f"{EXPRESSIONS} expressions (seed {seed}), {refused} refused by both, {len(wrong)} differences")
    return 1 if wrong or len(answers[0]) != EXPRESSIONS else 0


if __name__ == "__main__":
    sys.exit(main())
