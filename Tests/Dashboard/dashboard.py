"""Opens the dashboard, a job's page and the sign-in pages in Chromium while a worker runs, and checks them.

Starts the sandbox (broker and service), a worker and a headless browser, enqueues jobs, then checks that the page shows
the data of /api/status, that its numbers change without a reload, that a fault shows with its remedy, that no other host
gets a request and that the browser's console is empty. `views.py` checks the fleet, the list of jobs and a job's page, and
`actions.py` cancels, retries and pauses, and `sign_in.py` signs in with the same browser. Screenshots in both colour schemes and on a phone go to a folder.

    dashboard.py --binary PATH [--screenshots FOLDER] [--jobs N] [--measure]

With KAFKA_BOOTSTRAP_SERVERS that broker is used, with topics of its own; --measure needs it, because the embedded broker
does not keep so many records.

Ends with 0 when every check passes, 1 when one fails, and 77 when Chromium is not installed.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.request

try:
    from browser import Failure, open_page, require
except ImportError:
    print("skipped: the Python package websockets is not installed (make .build/venv/ready)", file=sys.stderr)
    sys.exit(77)
import actions
import sign_in
import views
from fixture import DESKTOP, PHONE, Fixture


def status(url):
    with urllib.request.urlopen(url + "api/status", timeout=30) as answer:
        return json.load(answer)


TILE = "[...document.querySelectorAll('#tiles .tile')].map(tile => tile.innerText).join(' | ')"
COMPLETED = "Number((/([0-9,]+) completed so far/.exec(%s) || [])[1]?.replaceAll(',', '') || 0)" % TILE


async def check(page, url, fixture, screenshots):
    await page.show(DESKTOP, "light")
    await page.call("Page.navigate", url=url + "#/worker")
    await page.until("document.querySelector('#live.on') !== null", "the stream of events")
    fixture.command("enqueue", "--count", "400", "--prefix", "browser", "--quiet")
    first = await page.until(COMPLETED, "completed jobs")
    second = await page.until(f"(n => n > {first} && n)({COMPLETED})", "the numbers to change")
    print(f"ok: {first} completed jobs became {second} without a reload")

    await page.until("document.querySelectorAll('#oldest a').length > 0", "the oldest jobs")
    await page.until("document.querySelectorAll('#jobs-plot path').length > 0", "the plot")
    lists = await page.run("document.querySelector('#oldest').innerText")
    require("Waits for" in lists, f"the oldest jobs do not show what they wait for: {lists}")
    # So that the screenshots show plots with data.
    await page.until("past.at.length > 12", "half a minute of history")
    for scheme in ("light", "dark"):
        await page.show(DESKTOP, scheme)
        await page.screenshot(screenshots / f"dashboard-{scheme}.png")
        height = await page.run("document.documentElement.scrollHeight")
        require(height <= 2 * DESKTOP["height"], f"the page is {height} pixels high, more than two screens")
        background = await page.run("getComputedStyle(document.body).backgroundColor")
        require((sum(map(int, re.findall(r"\d+", background)[:3])) > 380) == (scheme == "light"), f"{scheme}: {background}")
    await page.show(PHONE, "light")
    await page.screenshot(screenshots / "phone-light.png")
    width = await page.run("document.documentElement.scrollWidth")
    require(width <= PHONE["width"], f"the page is {width} pixels wide on a phone of {PHONE['width']}")
    await page.show(PHONE, "dark")
    await page.screenshot(screenshots / "phone-dark.png")
    print("ok: both colour schemes, and a phone without sideways scrolling")


async def check_fault(page, url, fixture, screenshots):
    await page.run("location.hash = '#/worker'")
    fixture.faults([{"kind": "status", "status": 503, "calls": ["create", "get"]}])
    fixture.command("enqueue", "--count", "50", "--prefix", "unavailable", "--quiet")
    began = time.monotonic()
    text = await page.until(
        "(t => /answered none of the last/.test(t) && t)(document.querySelector('#reasons').innerText)", "the fault to show"
    )
    require("PAYOUT_API_BASE_URL" in text, f"no remedy: {text}")
    print(f"ok: an unavailable service shows after {time.monotonic() - began:.1f} s, with its remedy")
    for size, scheme, name in ((DESKTOP, "light", "fault-light"), (DESKTOP, "dark", "fault-dark"), (PHONE, "dark", "fault-phone")):
        await page.show(size, scheme)
        await page.screenshot(screenshots / f"{name}.png")
    fixture.faults([])
    await page.show(DESKTOP, "light")
    await page.until("!/answered none/.test(document.querySelector('#reasons').innerText)", "the fault to disappear", 120)
    print("ok: the fault disappears when the service is available again")


async def check_requests(page, url):
    foreign = [asked for asked in page.requests if not asked.startswith((url, "data:"))]
    require(not foreign, f"the page sends requests to other hosts: {foreign}")
    require(not page.console, f"the browser's console is not empty: {page.console}")
    with urllib.request.urlopen(url, timeout=30) as answer:
        policy = answer.headers["Content-Security-Policy"]
    require("default-src 'none'" in policy, f"the policy is {policy}")
    print(f"ok: {len(page.requests)} requests, all to the worker; the browser's console is empty")


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(page, url, fixture, jobs):
    """Measures the console's cost with many jobs in flight, and the page's frame rate."""
    # The jobs are not due, so that nearly all of the worker's CPU time is the console's.
    fixture.command("enqueue", "--count", str(jobs), "--prefix", "m", "--not-before", "2h", "--quiet")
    end = time.monotonic() + 600
    while sum(count for phase, count in status(url)["jobs"].items() if phase != "finished") < jobs * 0.99:
        require(time.monotonic() < end, f"the worker did not accept the jobs: {status(url)['jobs']}")
        await asyncio.sleep(1)
    print(f"{jobs} jobs in flight")
    began = time.monotonic()
    fixture.command("status")
    print(f"status: {time.monotonic() - began:.2f} s")
    for what, seconds in (("no dashboard open", 20), ("one dashboard open", 20), ("and /metrics every second", 20)):
        if what == "one dashboard open":
            await page.show(DESKTOP, "light")
            await page.call("Page.navigate", url=url)
            await page.until("document.querySelector('#live.on') !== null", "the stream of events")
        before, start = cpu(fixture.worker_process), time.monotonic()
        while time.monotonic() < start + seconds:
            if what.startswith("and"):
                urllib.request.urlopen(url + "metrics", timeout=30).read()
            await asyncio.sleep(1)
        share = (cpu(fixture.worker_process) - before) / (time.monotonic() - start)
        print(f"worker's CPU, {what}: {share * 100:.1f} % of a core")
    frames = await page.run(
        """new Promise(done => { const gaps = []; let last = performance.now(); const end = last + 5000;
        requestAnimationFrame(function step(now) { gaps.push(now - last); last = now;
        now < end ? requestAnimationFrame(step) : done(gaps.sort((a, b) => a - b)); }); })"""
    )
    print(f"frames: {len(frames) / 5:.0f} a second, 99 % within {frames[int(len(frames) * .99)]:.0f} ms")


async def main(arguments):
    screenshots = pathlib.Path(arguments.screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        fixture = Fixture(arguments, folder)
        try:
            address = fixture.browser()
            if address is None:
                print("skipped: Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
                return 77
            arguments.grafana = views.GRAFANA
            url = fixture.worker(arguments)
            page = await open_page(address)
            if arguments.measure:
                await measure(page, url, fixture, arguments.jobs)
                return 0
            await check(page, url, fixture, screenshots)
            await views.check(page, url, fixture, screenshots)
            await actions.check(page, fixture, screenshots)
            # A wrong token, and a job that no worker has read yet.
            page.console = [line for line in page.console if not re.search(r"/api/session|/api/jobs/act-1\.retry-1", line)]
            await check_requests(page, url)
            await check_fault(page, url, fixture, screenshots)
            await views.check_keyboard(page, url)
            # A worker that does not answer fills the browser's console.
            require(not page.console, f"the browser's console is not empty: {page.console}")
            await views.check_silence(page, url, fixture, screenshots)
            await sign_in.check(arguments.binary, address, screenshots)
            return 0
        except Failure as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            if "page" in locals():
                print(f"the browser's console: {page.console}; requests: {page.requests[-10:]}", file=sys.stderr)
            return 1
        finally:
            fixture.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the payout-worker to check")
    parser.add_argument("--screenshots", default=".build/screenshots", help="where screenshots go")
    parser.add_argument("--jobs", type=int, default=100_000, help="jobs in flight for --measure")
    parser.add_argument("--measure", action="store_true", help="measure the console instead of checking the page")
    sys.exit(asyncio.run(main(parser.parse_args())))
