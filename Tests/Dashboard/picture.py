"""Takes the README's picture of the dashboard, from a worker that runs jobs of the sandbox.

    picture.py --binary PATH FILE

Ends with 77 when Chromium is not installed.
"""

import argparse
import asyncio
import pathlib
import sys
import tempfile

from browser import Failure, open_page
from fixture import Fixture

# Wide enough for the columns of the page, and no taller than what a reader sees at once.
SIZE = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}
COMPLETED = "Number((/([0-9,]+) completed so far/.exec(document.body.innerText) || [])[1]?.replaceAll(',', '') || 0)"


async def take(page, url, fixture, path):
    await page.show(SIZE, "light")
    await page.call("Page.navigate", url=url + "#/worker")
    await page.until("document.querySelector('#live.on') !== null", "the stream of events")
    # Jobs that arrive over the minute that the plots show.
    for round in range(17):
        fixture.command("enqueue", "--count", "25", "--prefix", f"payouts-{round:02}", "--quiet")
        await asyncio.sleep(4)
    await page.until(f"{COMPLETED} > 100", "completed jobs", 300)
    await page.screenshot(path, whole=False)


async def main(arguments):
    with tempfile.TemporaryDirectory() as folder:
        fixture = Fixture(arguments, folder)
        try:
            address = fixture.browser()
            if address is None:
                print("skipped: Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
                return 77
            await take(await open_page(address), fixture.worker(arguments), fixture, pathlib.Path(arguments.file))
            return 0
        except Failure as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            return 1
        finally:
            fixture.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the payout-worker to show")
    parser.add_argument("file", help="where the picture goes, a PNG")
    arguments = parser.parse_args()
    arguments.measure, arguments.worker_id = False, "worker-1"
    sys.exit(asyncio.run(main(arguments)))
