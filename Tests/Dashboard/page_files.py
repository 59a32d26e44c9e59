"""Checks the dashboard's HTML, CSS and JavaScript without a browser.

HTML: no parse error, no id twice. CSS: no parse error, and rules hold declarations only. JavaScript: oxlint with the rules
of `oxlint.json`; the page must have every id that the script uses. `dashboard.py` checks the running page in Chromium.

    page_files.py [FOLDER]

Prints one finding per line. Ends with 0 when there is none, else with 1.
"""

import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import html5lib
import tinycss2

HERE = pathlib.Path(__file__).resolve().parent
RESOURCES = HERE.parents[1] / "Sources/WorkerConsole/Dashboard/Resources"
OXLINT = pathlib.Path(sys.executable).parent / "oxlint"


def html_findings(path):
    parser = html5lib.HTMLParser()
    document = parser.parse(path.read_text(encoding="utf-8"))
    for (line, _), code, values in parser.errors:
        yield f"{path.name}:{line}: {html5lib.constants.E[code] % values}"
    ids = sorted(element.get("id") for element in document.iter() if element.get("id"))
    for name, group in itertools.groupby(ids):
        if len(list(group)) > 1:
            yield f"{path.name}: the id {name} occurs more than once"


def css_findings(path):
    def findings(nodes, inner):
        for node in nodes:
            if node.type == "error":
                yield f"{path.name}:{node.source_line}: {node.message}"
            elif inner and node.type != "declaration":
                yield f"{path.name}:{node.source_line}: a rule within a rule: is a brace missing?"
            elif node.type == "qualified-rule":
                yield from findings(tinycss2.parse_blocks_contents(node.content, True, True), True)
            elif node.type == "at-rule" and node.content is not None:
                yield from findings(tinycss2.parse_rule_list(node.content, True, True), False)

    return findings(tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), True, True), False)


def script_findings(folder):
    # The files share one scope in the page, so they are checked as one; a finding names the file it is in.
    paths = sorted(folder.glob("*.js"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    lines = [(path.name, number) for path, text in zip(paths, texts) for number in range(1, text.count("\n") + 1)]
    with tempfile.NamedTemporaryFile("w", suffix=".js", encoding="utf-8") as whole:
        whole.write("".join(texts))
        whole.flush()
        command = [OXLINT, "--config", HERE / "oxlint.json", "--format", "json", whole.name]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    diagnostics = json.loads(result.stdout)["diagnostics"]
    for diagnostic in diagnostics:
        name, number = lines[min(diagnostic["labels"][0]["span"]["line"], len(lines)) - 1]
        yield f"{name}:{number}: {diagnostic['message']} {diagnostic.get('code', '')}".strip()
    if result.returncode and not diagnostics:
        yield f"oxlint ended with {result.returncode}: {result.stdout}"


def id_findings(folder):
    document = html5lib.parse((folder / "dashboard.html").read_text(encoding="utf-8"))
    ids = {element.get("id") for element in document.iter()}
    for path in sorted(folder.glob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for name in re.findall(r"(?:\$|\bdraw)\('([^']+)'[,)]", line):
                if name not in ids:
                    yield f"{path.name}:{number}: the page has no element with the id {name}"


def findings(folder):
    """What is wrong with the files of the folder, one line of text each."""
    return [
        *html_findings(folder / "dashboard.html"),
        *css_findings(folder / "dashboard.css"),
        *script_findings(folder),
        *id_findings(folder),
    ]


if __name__ == "__main__":
    found = findings(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else RESOURCES)
    for finding in found:
        print(finding, file=sys.stderr)
    sys.exit(1 if found else 0)
