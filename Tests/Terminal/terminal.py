#!/usr/bin/env python3
"""Runs the commands in a terminal of 80 columns, and compares what the README and the guides show with what is printed.

    terminal.py --binary PATH [--show]

Starts a sandbox (broker and service) and a worker, and runs every command of `payout-worker --help`, except those that serve
until they are stopped and `sign-in`, which has tests of its own. Checks exit statuses, that no line of a table is longer than
the terminal is wide, that `--wide` prints whole values, and that nothing is coloured or logged, also where broker and service
are unreachable. A block of text behind a comment `<!-- output: NAME -->` must be what the step NAME prints, apart from ids,
times and sizes. `--show` prints all output.

Ends with 0 when every check passes, else with 1.
"""

import argparse
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Processes"))

from processes import Child, free_port, worker_environment  # noqa: E402
from screen import COLUMNS, Screen  # noqa: E402
from service import Sandbox  # noqa: E402
from steps import steps  # noqa: E402

PAGES = [ROOT / "README.md", *sorted((ROOT / "Sources/payout-worker/payout-worker.docc").rglob("*.md"))]
SERVING = {"run", "sandbox", "sign-in", "help"}
# Parts of the output that differ in each run.
VARIABLE = [
    (r"file://\S+", "FILE"), (r"…\S+\.(csv|tsv|gz|zip)\b", "FILE"), (r"[0-9a-f]{8}-[0-9a-f-]{1,27}(…[0-9a-f-]*)?", "UUID"), (r"\b[0-9a-f]{12,64}\b…?", "HEX"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]*(Z|…)", "TIME"), (r"\b\d+(\.\d+)? ?(ms|s|min|h|d|B|KiB|MiB)\b", "SIZE"), (r" +", " "),
]
# A line of the log, as text or as JSON.
LOGGED = re.compile(r'^(\d{4}-\d\d-\d\dT\S+ +(critical|error|warning|notice|info|debug|trace) |\{"time":)', re.M | re.I)


class Failure(Exception):
    """A condition that does not hold."""


def tables(text):
    """The lines of tables: those that follow a heading in capitals, up to an empty line."""
    inside = False
    for line in text.split("\n"):
        inside = bool(line) and (inside or bool(re.fullmatch(r"[A-Z][A-Z0-9]+( [A-Z]+)*(  +[A-Z]+( [A-Z]+)*)+", line)))
        if inside:
            yield line


def check(name, arguments, status, wanted, text):
    """What is wrong with the output of a step."""
    if status != wanted:
        raise Failure(f"{name}: exit status {status}, not {wanted}:\n{text}")
    if "\x1b" in text:
        raise Failure(f"{name}: escape sequences in {text!r}")
    if LOGGED.search(text):
        raise Failure(f"{name}: log lines between its messages:\n{text}")
    if "--wide" not in arguments:
        for line in tables(text):
            if len(line) > COLUMNS:
                raise Failure(f"{name}: a line of {len(line)} columns: {line}")
    elif "…" in text:
        raise Failure(f"{name}: --wide shortens values:\n{text}")


def masked(text):
    for pattern, name in VARIABLE:
        text = re.sub(pattern, name, text)
    return text.strip()


def shown_outputs():
    """What the pages show: a page, the name of the step, and the text."""
    for page in PAGES:
        for name, text in re.findall(r"^<!-- output: ([a-z-]+) -->\n```text\n(.*?)\n```$", page.read_text(encoding="utf-8"), re.M | re.S):
            yield page.relative_to(ROOT), name, text


def compare(outputs):
    count = 0
    for page, name, text in shown_outputs():
        if name not in outputs:
            raise Failure(f"{page}: no step is called {name}")
        if masked(text) != masked(outputs[name]):
            raise Failure(f"{page}: '{name}' prints something else:\n{outputs[name]}")
        if longest := [line for line in text.split("\n") if len(line) > COLUMNS]:
            raise Failure(f"{page}: '{name}' shows more than {COLUMNS} columns: {longest[0]}")
        count += 1
    print(f"ok: {count} outputs in the README and the guides are what is printed")


def check_every_command(screen, done):
    """That every command of the help, with its sub-commands, has a step."""
    def commands(prefix):
        text = screen.run([*prefix, "--help"])[1]
        names = re.findall(r"^  ([a-z-]+) ", text.partition("SUBCOMMANDS:")[2], re.M)
        for name in names:
            if name not in SERVING:
                yield from commands([*prefix, name])
        if not names:
            yield prefix
    missing = [" ".join(command) for command in commands([]) if not any(words[:len(command)] == command for words in done)]
    if missing:
        raise Failure(f"no step runs {', '.join(missing)}")


def play(screen, show):
    """Runs all steps; returns what the named ones print."""
    outputs, done = {}, []
    for step in steps(screen.folder, f"127.0.0.1:{free_port()}"):
        arguments = [argument.format(**outputs) for argument in step.arguments]
        for _ in range(600):
            status, text = screen.run(arguments, step.input, step.settings)
            # Some steps wait for the worker.
            if not step.until or re.search(step.until, text):
                break
        check(step.name, arguments, status, step.status, text)
        for wanted in (step.until, step.shows):
            if not re.search(wanted, text):
                raise Failure(f"{step.name}: {wanted} is not in\n{text}")
        outputs[step.name] = text
        if step.keeps:
            outputs[step.keeps[0]] = re.search(step.keeps[1], text).group(1)
        done.append(arguments)
        if show:
            print(f"\n$ payout-worker {' '.join(arguments)}\n{text}", flush=True)
    check_every_command(screen, done)
    print(f"ok: {len(done)} commands in a terminal of {COLUMNS} columns")
    return outputs


def main(arguments):
    binary = arguments.binary.resolve()
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder) / "files"
        files.mkdir()
        sandbox = Sandbox(binary, ["--speed", "instant", "--kafka-partitions", "6"])
        worker = None
        try:
            environment = worker_environment({
                **sandbox.settings, "FILES_LOCATION": f"file://{files}", "HTTP_PORT": str(free_port()), "WORKER_ID": "worker-1"})
            worker = Child([binary, "run"], environment)
            worker.ignore_output()
            compare(play(Screen(binary, environment, folder), arguments.show))
            return 0
        except Failure as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            return 1
        finally:
            if worker:
                worker.stop()
            sandbox.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the payout-worker to check")
    parser.add_argument("--show", action="store_true", help="print what each command prints")
    sys.exit(main(parser.parse_args()))
