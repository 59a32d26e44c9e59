"""Draws what `make demo` prints as the README's picture of a terminal of 80 columns.

    recording.py --binary PATH FILE     FILE is an SVG

The lines are those of a real run in such a terminal, without most of the jobs that completed.
"""

import argparse
import html
import os
import pathlib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Terminal"))

from screen import COLUMNS, Screen  # noqa: E402

FONT, LEADING, MARGIN = 13, 19, 16
SHOWN = 6
STYLE = """
    rect { fill: #f6f8fa; stroke: #d0d7de }
    text { font: %dpx ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
    .dim { fill: #656d76 } .good { fill: #116329 }
    @media (prefers-color-scheme: dark) {
      rect { fill: #161b22; stroke: #30363d } text { fill: #e6edf3 } .dim { fill: #8b949e } .good { fill: #7ee787 }
    }
""" % FONT


def shown(output):
    """The lines to draw, each with its class."""
    lines = output.split("\n")
    begin = next(number for number, line in enumerate(lines) if line.startswith("JOB "))
    empty = lines.index("", begin)
    jobs, checks = lines[begin + 1:empty], lines[empty + 1:]
    completed = [line for line in jobs if " completed " in line]
    others = [line for line in jobs if " completed " not in line]
    yield "$ make demo", ""
    yield lines[begin], "dim"
    for line in completed[:SHOWN]:
        yield line, ""
    yield f"… {len(completed) - SHOWN} more, each with its file", "dim"
    for line in others:
        yield line, ""
    yield "", ""
    for line in checks:
        for part in textwrap.wrap(line, COLUMNS, subsequent_indent="    "):
            yield part, "good"


def drawing(lines):
    width = round(COLUMNS * FONT * 0.602) + 2 * MARGIN
    height = len(lines) * LEADING + 2 * MARGIN
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    yield f"  <title>make demo</title>\n  <style>{STYLE}  </style>"
    yield f'  <rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    for number, (line, kind) in enumerate(lines):
        y = MARGIN + (number + 1) * LEADING - 5
        attribute = f' class="{kind}"' if kind else ""
        if line:
            yield f'  <text x="{MARGIN}" y="{y}"{attribute} xml:space="preserve">{html.escape(line, quote=False)}</text>'
    yield "</svg>"


def main(arguments):
    status, output = Screen(arguments.binary, dict(os.environ), ".").run(["demo"])
    if status != 0:
        sys.exit(f"the demo failed:\n{output}")
    text = "\n".join(drawing(list(shown(output)))) + "\n"
    pathlib.Path(arguments.file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the payout-worker to run")
    parser.add_argument("file", help="where the picture goes, an SVG")
    main(parser.parse_args())
