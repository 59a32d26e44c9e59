"""The dashboard's actions: the sign-in, the selection of jobs, a job's page, and the pause of an account."""

from browser import require
from fixture import DESKTOP, PHONE

TOKEN = "correct-horse-battery"
ERROR = "document.querySelector('#act-error').innerText"
IS_OPEN = "document.querySelector('#act').open"


async def press(page, selector):
    await page.until(f"document.querySelector({selector!r})?.checkVisibility()", f"{selector} to be shown")
    await page.run(f"document.querySelector({selector!r}).click()")


async def confirm(page, screenshots=None, name=None):
    """Confirms the open dialog; returns its text."""
    await page.until(IS_OPEN, "the dialog")
    text = await page.run("document.querySelector('#act').innerText")
    if screenshots:
        await page.screenshot(screenshots / f"{name}.png", whole=False)
    await press(page, "#act-confirm")
    await page.until(f"!{IS_OPEN} || {ERROR}", "the action's end")
    require(not await page.run(IS_OPEN), f"the action failed: {await page.run(ERROR)}")
    return text


async def check(page, fixture, screenshots):
    await check_sign_in(page, screenshots)
    await check_selection(page, fixture, screenshots)
    await check_pause(page, screenshots)
    await press(page, "#sign-out")
    await page.until("!document.querySelector('#sign-in').hidden", "the sign-out")
    print("ok: actions need a sign-in, show what they do, and act")


async def check_sign_in(page, screenshots):
    await page.run("location.hash = '#/jobs?state=accepted&text=act-'")
    await page.until("!document.querySelector('#sign-in').hidden", "the sign-in")
    require(not await page.run("document.querySelector('.act')?.checkVisibility()"), "jobs can be selected without a sign-in")
    await press(page, "#sign-in")
    await page.until(IS_OPEN, "the sign-in's dialog")
    await page.run("document.querySelector('#act [name=token]').value = 'wrong'")
    await press(page, "#act-confirm")
    await page.until(f"/wrong/.test({ERROR})", "the refusal of a wrong token")
    await page.screenshot(screenshots / "action-sign-in.png", whole=False)
    await page.run(f"document.querySelector('#act [name=token]').value = '{TOKEN}'")
    await confirm(page)
    await page.until("document.body.classList.contains('acts')", "the sign-in")
    require(TOKEN not in await page.run("document.cookie"), "a script can read the cookie")


async def check_selection(page, fixture, screenshots):
    fixture.command("enqueue", "--count", "3", "--prefix", "act", "--not-before", "2h", "--quiet")
    await page.run("location.hash = '#/jobs?state=accepted&text=act-'")
    await page.until("document.querySelectorAll('#jobs tbody input').length === 3", "the jobs")
    for job in ("act-1", "act-2"):
        await page.run(f"document.querySelector('[aria-label=\"Select {job}\"]').click()")
    await page.show(PHONE, "dark")
    await page.screenshot(screenshots / "action-selection-phone.png")
    await page.show(DESKTOP, "light")
    await press(page, "#cancel-selected")
    text = await confirm(page, screenshots, "action-cancel")
    require("2 jobs" in text and "act-1, act-2" in text, f"the preview is {text}")
    await page.run("location.hash = '#/jobs/act-1'")
    await page.until("/finished, cancelled/.test(document.querySelector('#job-body').innerText)", "the job's end")
    await press(page, "#job-body .buttons button")
    await confirm(page)
    await page.run("location.hash = '#/jobs/act-1.retry-1'")
    await page.until("/Accepted/.test(document.querySelector('#job-body').innerText)", "the repeated job")


async def check_pause(page, screenshots):
    await page.run("location.hash = '#/'")
    await press(page, "#fleet-accounts .buttons button")
    await page.until(IS_OPEN, "the dialog of a pause")
    await page.run("document.querySelector('#act [name=reason]').value = 'a browser asked'")
    text = await confirm(page, screenshots, "action-pause")
    require("open job" in text, f"the preview is {text}")
    await page.until("/a browser asked/.test(document.querySelector('#attention').innerText)", "the pause")
    account = await page.run("document.querySelector('#fleet-accounts').innerText")
    require("paused by an operator" in account, f"the paused account is {account}")
    await page.screenshot(screenshots / "action-paused.png")
    await press(page, "#fleet-accounts .buttons button:nth-child(2)")
    await confirm(page)
    await page.until("!/a browser asked/.test(document.querySelector('#attention').innerText)", "the pause's end")
