"""The dashboard's views: the fleet, the list of jobs, a job's page, and a worker that stops to answer."""

import json
import re
import signal
import time

from browser import require
from fixture import DESKTOP, PHONE

VIEW = "document.querySelector('.view:not([hidden])').id"
GRAFANA = "https://grafana.example.com/of-finance"
ROWS = "document.querySelectorAll('#jobs tbody a').length"


async def pictures(page, screenshots, name):
    """Screenshots of a view in both colour schemes and on a phone, which must not scroll sideways."""
    for scheme in ("light", "dark"):
        await page.show(DESKTOP, scheme)
        await page.screenshot(screenshots / f"{name}-{scheme}.png")
    for scheme in ("light", "dark"):
        await page.show(PHONE, scheme)
        await page.screenshot(screenshots / f"{name}-phone-{scheme}.png")
        width = await page.run("document.documentElement.scrollWidth")
        require(width <= PHONE["width"], f"{name} is {width} pixels wide on a phone of {PHONE['width']}")
    await page.show(DESKTOP, "light")


async def check(page, url, fixture, screenshots):
    await check_fleet(page, screenshots)
    await check_panels(page)
    await check_list(page, fixture, screenshots)
    await check_refresh(page)
    await check_job(page, fixture, screenshots)


async def check_fleet(page, screenshots):
    await page.run("location.hash = '#/'")
    text = await page.until(
        "(t => /browser-test/.test(t) && t)(document.querySelector('#members tbody').innerText)", "the workers"
    )
    require("this worker" in text, f"the workers are {text}")
    figures = await page.run("document.querySelector('#fleet-tiles').innerText")
    for name in ("Open jobs", "Finished", "API calls", "Failed or rejected", "Lag"):
        require(name in figures, f"the fleet's figures lack {name}: {figures}")
    accounts = await page.run("document.querySelector('#fleet-accounts').innerText")
    require("default" in accounts and "active" in accounts, f"the accounts are {accounts}")
    height = await page.run("document.documentElement.scrollHeight")
    require(height <= 2 * DESKTOP["height"], f"the first page is {height} pixels high, more than two screens")
    await pictures(page, screenshots, "fleet")
    await page.run("document.querySelector('#fleet-tiles dd a').click()")
    await page.until("location.hash.startsWith('#/jobs?state=open')", "the tile's link to the open jobs")
    print("ok: the first page shows the fleet, and its figures lead to the jobs")


async def check_panels(page):
    """The links to Grafana: one for each tile and plot, which open elsewhere and name their panel."""
    for view, parent, count in (("#/", "#fleet-tiles", 6), ("#/worker", "#view-worker", 10)):
        await page.run(f"location.hash = '{view}'")
        links = json.loads(await page.until(
            f"""(links => links.length === {count} && JSON.stringify(links.map(link => [link.getAttribute('href'), link.rel,
            link.target, link.getAttribute('aria-label'), link.checkVisibility()])))
            ([...document.querySelectorAll('{parent} a.panel')])""", f"{count} links to Grafana"))
        for address, rel, target, name, is_visible in links:
            require(re.fullmatch(re.escape(GRAFANA) + r"/d/payout-export-worker\?viewPanel=\d+", address), f"the link is {address}")
            require((rel, target, is_visible) == ("noopener", "_blank", True), f"the link {address} has {rel}, {target}")
            require(re.fullmatch(r"\w.*, in Grafana", name), f"the link {address} is called {name}")
    print("ok: tiles and plots link to Grafana's panels")


async def check_list(page, fixture, screenshots):
    fixture.command("enqueue", "--count", "120", "--prefix", "later", "--not-before", "2h", "--quiet")
    fixture.command("enqueue", "--no-check", "--file", "-", "--quiet", text='{"jobId": "refused-1", "kind": "payment"}')
    await page.until("newest.jobs.accepted >= 120", "the jobs to be accepted")
    await page.run("location.hash = '#/jobs?state=accepted&text=LATER'")
    await page.until(f"{ROWS} >= 50", "the first jobs")
    await page.until("!document.querySelector('#jobs-more').hidden", "the button for more jobs")
    await page.run("document.querySelector('#jobs-more').click()")
    await page.until(f"{ROWS} >= 100", "more jobs")
    await page.run("document.querySelector('#jobs-more').click()")
    await page.until(f"{ROWS} >= 120 && document.querySelector('#jobs-more').hidden", "all jobs")
    reason = await page.run("document.querySelector('#jobs tbody tr').innerText")
    require("notBefore" in reason, f"the row does not say why the job waits: {reason}")
    tops = await page.run("""new Set([...document.querySelector('#filters').elements]
        .map(e => Math.round(e.getBoundingClientRect().top))).size""")
    require(tops == 1, f"the filters are in {tops} lines")
    chosen = await page.run("[...document.querySelector('#filters').elements].map(e => e.value).join('|')")
    require(chosen.startswith("accepted|") and "LATER" in chosen, f"the filters show {chosen}")
    await pictures(page, screenshots, "jobs")

    await page.show(PHONE, "light")
    widths = await page.run("""['name', 'why'].map(part => document.querySelector('#jobs .' + part).clientWidth
        / document.querySelector('#jobs tbody tr').clientWidth).join(' ')""")
    require(widths == "1 1", f"a job's id and reason take {widths} of a phone's line")
    await page.show(DESKTOP, "light")

    await page.run("""(select => { select.value = 'rejected'; select.form.elements.text.value = '';
        select.dispatchEvent(new Event('change', { bubbles: true })); })(document.querySelector('#filters').elements.state)""")
    await page.until("location.hash === '#/jobs?state=rejected'", "the filter in the address")
    text = await page.until("(t => /refused-1/.test(t) && t)(document.querySelector('#jobs tbody').innerText)", "the record")
    require("invalidJob" in text, f"the rejected record has no reason: {text}")
    await page.run("location.hash = '#/jobs?state=open&text=no-such-job'")
    await page.until("/No job has/.test(document.querySelector('#jobs tbody').innerText)", "the empty list")
    await page.run("history.back()")
    await page.until("/refused-1/.test(document.querySelector('#jobs tbody').innerText)", "the list before")
    roles = await page.run("""[document.querySelector('#jobs-note').getAttribute('role'),
        document.querySelectorAll('#jobs th[scope=col]:not(.act)').length, [...document.querySelector('#filters').elements]
          .filter(e => e.name).every(e => e.labels.length === 1),
        document.querySelector('#views [aria-current=page]').innerText].join('|')""")
    require(roles == "status|5|true|Jobs", f"the roles are {roles}")
    print("ok: the list filters by its address, loads further pages, and shows rejected records")


async def check_refresh(page):
    """A list of one page is refreshed, by one request at a time; what is missing for one reason is one notice."""
    await page.run("location.hash = '#/jobs?state=accepted&text=later-0'")
    await page.until(f"{ROWS} >= 50 && !jobList.isBusy", "the first page")
    # The requests of refreshes are counted, and answered later.
    count = await page.until("""(() => {
        if (jobList.isRefreshing) return 0;
        window.plainFetch = fetch;
        window.held = [];
        fetch = (address, options) => new Promise(done => held.push(() => done(plainFetch(address, options))));
        void refreshJobs();
        void refreshJobs();
        fetch = plainFetch;
        return held.length;
    })()""", "a refresh")
    require(count == 1, f"{count} refreshes overlap")
    await page.run("held[0]()")
    await page.until("!jobList.isRefreshing", "the end of the refresh")
    await page.run("document.querySelector('#jobs-more').click()")
    await page.until(f"{ROWS} > 50 && !jobList.isBusy", "the second page")
    refreshes = await page.run("void refreshJobs(); jobList.isRefreshing")
    require(not refreshes, "a list of two pages is refreshed")
    merged = await page.run("""JSON.stringify(mergedMissing([
        { partitions: [3], message: 'a', remedy: 'r' }, { partitions: [1, 3], message: 'a', remedy: 'r' },
        { partitions: [2], message: 'b', remedy: 'r' }]).map(part => [part.message, part.partitions]))""")
    require(merged == '[["a",[1,3]],["b",[2]]]', f"the missing partitions are {merged}")
    print("ok: one refresh at a time, of a list of one page")


async def check_job(page, fixture, screenshots):
    await page.run("location.hash = '#/jobs?state=accepted&text=later-001'")
    await page.until(f"{ROWS} > 0", "the job in the list")
    await page.run("document.querySelector('#jobs tbody a').click()")
    text = await page.until(
        "(t => /Accepted/.test(t) && /Commands/.test(t) && t)(document.querySelector('#view-job').innerText)", "the job's page"
    )
    for part in ("later-001", "Request id", "Waits for", "notBefore", "payout-worker cancel later-001", "Deadline"):
        require(part in text, f"the job's page lacks {part}: {text}")
    focused = await page.run("document.activeElement.id")
    require(focused == "job-title", f"the focus is at {focused}, not at the job's title")
    await pictures(page, screenshots, "job")
    await page.run("document.querySelector('#job-back').click()")
    await page.until("location.hash.includes('later-001')", "the way back to the list")
    await page.run("location.hash = '#/jobs/unheard-of'")
    text = await page.until("(t => /knows the job/.test(t) && t)(document.querySelector('#job-body').innerText)", "the answer")
    require("payout-worker jobs show" in text, f"an unknown job has no remedy: {text}")
    # The answer 404 is in the browser's console.
    page.console.clear()
    print("ok: a job's page says why it waits, and what to do")


async def check_keyboard(page, url):
    """Reaches every view with the keyboard alone."""

    async def press(key, code):
        for kind in ("keyDown", "keyUp"):
            await page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                            **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    await page.call("Page.navigate", url=url)
    await page.until("document.querySelector('#live.on') !== null", "the page")
    reached = []
    for _ in range(40):
        await press("Tab", 9)
        name = await page.run("(e => e.innerText || e.getAttribute('aria-label') || e.id)(document.activeElement)")
        reached.append(name)
        visible = await page.run("document.activeElement.matches(':focus-visible')")
        require(visible, f"the focus on {name} is not visible")
        if name == "Jobs":
            break
    require(reached[0].startswith("Skip") and reached[-1] == "Jobs", f"the keyboard reached {reached}")
    await press("Enter", 13)
    await page.until(f"{VIEW} === 'view-jobs'", "the jobs by keyboard")
    await page.until("document.activeElement.id === 'jobs-title'", "the focus on the title")
    print("ok: the keyboard reaches the views, with a visible focus")


async def check_silence(page, url, fixture, screenshots):
    await page.run("location.hash = '#/'")
    await page.until("/^Ready/.test(document.querySelector('#fleet-title').innerText)", "the state")
    fixture.worker_process.send_signal(signal.SIGKILL)
    began = time.monotonic()
    await page.until("document.body.classList.contains('stale')", "the page to grey out", 30)
    took = time.monotonic() - began
    text = await page.run("document.querySelector('#fleet-title').innerText")
    require("does not answer" in text, f"a killed worker's page says {text}")
    below = await page.run("document.querySelector('#fleet-text').innerText")
    require("worker answers" not in below, f"a killed worker's page says {below}")
    await pictures(page, screenshots, "silent")
    print(f"ok: the page of a killed worker is grey after {took:.1f} s")
