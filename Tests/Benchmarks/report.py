"""Prints rows at once, and writes the report folder at the end: the table as text, the results as JSON, plots as SVG."""

import json

from plot import plots


class Report:
    """The report keeps its rows if a later step fails."""

    def __init__(self, folder, limits):
        self.folder, self.limits, self.lines, self.results = folder, limits, [], {}
        self.failed, self.missed = [], []

    def say(self, text):
        self.lines.append(text)
        print(text, flush=True)

    def heading(self, text):
        self.say(f"\n{text}")

    def row(self, name, value):
        self.say(f"  {name:<56} {value}")

    def goal(self, name, value, unit=""):
        """A figure with an upper bound, and whether it is met."""
        limit, unit = self.limits[name], f" {unit}" if unit else ""
        met = self.check(name, value, limit)
        self.row(name, f"{value:.2f}{unit} (at most {limit:g}{unit}: {met})")

    def budget(self, name, value, limit, tolerance):
        """A count that should not grow beyond its budget by more than the tolerance."""
        met = self.check(name, value, limit * (1 + tolerance))
        self.row(name, f"{value:,} ({value / limit - 1:+.1%} of the budget, at most {tolerance:+.0%}: {met})")

    def check(self, name, value, limit):
        met = value <= limit
        if not met:
            self.missed.append(name)
        self.results.setdefault("goals", []).append({"name": name, "value": value, "limit": limit, "met": met})
        return "met" if met else "MISSED"

    def keep(self, name, result):
        self.results[name] = result

    def step(self, name, body):
        try:
            body()
        except Exception as error:  # noqa: BLE001 - the other steps are worth running all the same
            self.failed.append(name)
            self.row(name, f"FAILED: {type(error).__name__}: {error}")

    def write(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bench.txt").write_text("\n".join(self.lines).lstrip("\n") + "\n", encoding="utf-8")
        (self.folder / "bench.json").write_text(json.dumps(self.results, indent=2) + "\n", encoding="utf-8")
        (self.folder / "bench.svg").write_text(plots(self.results), encoding="utf-8")
