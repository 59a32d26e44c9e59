"""Signs in with Chromium, as a person does after `payout-worker sign-in`.

Starts a sandbox whose sign-in page asks the person, runs `sign-in`, opens the address that it prints, and follows the
page's links: once to accept and once to decline. Checks what the browser shows at the end, what the command reports, and
that only the owner can read the saved token. Screenshots of each page go to a folder.

`dashboard.py` runs it.
"""

import argparse
import asyncio
import stat
import tempfile
import time

from browser import open_page, require
from fixture import DESKTOP, PHONE, Fixture

TEXT = "document.body ? document.body.innerText : ''"
SECRETS = ("0.AX.", "0.AY.", "eyJ")


class SignIn:
    """One run of the command, and where it saves the token."""

    def __init__(self, fixture, name):
        self.fixture, self.name = fixture, name
        self.file = fixture.folder / f"{name}.refresh-token"
        command = [fixture.binary, "sign-in", "--no-browser", "--timeout", "60s", "--out", str(self.file)]
        self.process = fixture.start(name, command, fixture.environment)
        self.url = fixture.wait_for_output(name, r"\n  (http\S+/authorize\?\S+)\n").group(1)

    def output(self):
        return "".join((self.fixture.folder / f"{self.name}.{kind}").read_text() for kind in ("out", "err"))

    async def end(self):
        limit = time.monotonic() + 60
        while self.process.poll() is None:
            require(time.monotonic() < limit, f"sign-in does not exit: {self.output()}")
            await asyncio.sleep(0.05)
        for secret in SECRETS:
            require(secret not in self.output(), f"the command shows a secret: {self.output()}")
        return self.process.returncode


async def take_screenshots(page, screenshots, name):
    for size, scheme, suffix in ((DESKTOP, "light", "light"), (DESKTOP, "dark", "dark"), (PHONE, "light", "phone")):
        await page.show(size, scheme)
        await page.screenshot(screenshots / f"{name}-{suffix}.png", whole=False)
    await page.show(DESKTOP, "light")


async def open_question(page, run):
    await page.call("Page.navigate", url=run.url)
    return await page.until(f"document.querySelector('#approve') && ({TEXT})", "the sandbox's sign-in page")


async def check_accepted(page, fixture, screenshots):
    run = SignIn(fixture, "sign-in")
    question = await open_question(page, run)
    require("exports@contoso.example" in question, f"the page does not name the user: {question}")
    await take_screenshots(page, screenshots, "sign-in-question")
    await page.run("document.querySelector('#approve').click()")
    text = await page.until(f"/Signed in/.test({TEXT}) && ({TEXT})", "the page that shows Signed in")
    require("close this page" in text, f"the page shows {text}")
    await take_screenshots(page, screenshots, "signed-in")
    code = await run.end()
    require(code == 0, f"sign-in exits with {code}: {run.output()}")
    require("exports@contoso.example" in run.output(), f"the command does not name the user: {run.output()}")
    mode = stat.S_IMODE(run.file.stat().st_mode)
    require(mode == 0o600, f"the token's file has the mode {mode:o}")
    require(run.file.read_text().strip(), "the token's file is empty")
    print("ok: a person signs in at the page, the browser shows it, and the token is saved")


async def check_declined(page, fixture, screenshots):
    run = SignIn(fixture, "declined")
    await open_question(page, run)
    await page.run("document.querySelector('#decline').click()")
    await page.until(f"/Not signed in/.test({TEXT})", "the page that shows Not signed in")
    await take_screenshots(page, screenshots, "not-signed-in")
    code = await run.end()
    require(code == 1, f"sign-in exits with {code}: {run.output()}")
    require(not run.file.exists(), "a token is saved though the person declined")
    print("ok: a person who declines sees that in the browser, and no token is saved")


async def check(binary, address, screenshots):
    """Signs in with the browser at the address.

    Raises `Failure` when a check fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        fixture = Fixture(argparse.Namespace(binary=binary), folder)
        try:
            fixture.sandbox("--no-kafka", "--signed-out", "--mfa", "1", "--asks-person")
            page = await open_page(address)
            await check_accepted(page, fixture, screenshots)
            await check_declined(page, fixture, screenshots)
            allowed = (fixture.environment["PAYOUT_API_AUTHORITY"], "http://localhost:", "http://127.0.0.1:", "data:")
            foreign = [asked for asked in page.requests if not asked.startswith(allowed)]
            require(not foreign, f"the pages send requests to other hosts: {foreign}")
            # Browsers request an icon from every host.
            console = [message for message in page.console if "/favicon.ico" not in message]
            require(not console, f"the browser's console is not empty: {console}")
        finally:
            fixture.stop()
