"""The limits of what is measured: budgets.json, which is changed by hand, except for the counts of instructions."""

import json
import pathlib

PATH = pathlib.Path(__file__).resolve().parent / "budgets.json"


class Budgets:
    def __init__(self):
        document = json.loads(PATH.read_text(encoding="utf-8"))
        self.goals = document["goals"]
        self.instructions, self.tolerance = document["instructionsPerJob"], document["tolerance"]

    def accept(self, counts):
        """Writes new counts of instructions as the budget."""
        self.instructions.update(counts)
        document = {"tolerance": self.tolerance, "instructionsPerJob": self.instructions, "goals": self.goals}
        PATH.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
