"""The check of the dashboard's files finds planted errors, each at its line."""

import pathlib
import shutil
import tempfile
import unittest

from page_files import RESOURCES, findings

# File, text that is in it once, its replacement, and what the finding says.
PLANTED = [
    ("dashboard.html", "</main>", "", "end tag"),
    ("dashboard.html", 'id="tiles"', 'id="reasons"', "the id reasons occurs more than once"),
    ("dashboard.css", ".muted { color: var(--muted);", ".muted { color var(--muted);", "dashboard.css"),
    ("dashboard.css", ".facts dt { color: var(--muted); }", ".facts dt { color: var(--muted);", "is a brace missing?"),
    ("base.js", "const SVG =", "const SVG", "base.js:3:"),
    ("live.js", "load().then(listen)", "load().then(lissten)", "'lissten' is not defined"),
    ("live.js", "$('problems-only')", "$('problem-only')", "no element with the id problem-only"),
]


class PageFilesTest(unittest.TestCase):
    def test_files_of_the_dashboard_are_clean(self):
        self.assertEqual(findings(RESOURCES), [])

    def test_planted_error_is_found(self):
        for name, text, replacement, expected in PLANTED:
            with self.subTest(file=name, text=text), tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(shutil.copytree(RESOURCES, folder, dirs_exist_ok=True))
                before = (copy / name).read_text(encoding="utf-8")
                self.assertEqual(before.count(text), 1)
                (copy / name).write_text(before.replace(text, replacement), encoding="utf-8")
                found = findings(copy)
                self.assertTrue(any(line.startswith(name) and expected in line for line in found), found)


if __name__ == "__main__":
    unittest.main()
