/// The dashboard: one page, its style and its script, all from here; nothing is built and nothing loaded from
/// elsewhere. Addresses are relative, so that it works behind a proxy's path too.
enum Dashboard {
    static let page = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>Payout export worker</title>
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E
        %3Crect width='32' height='32' rx='8' fill='%232b59d9'/%3E%3Cpath d='M9 21V11m7 10V8m7 13v-6'
         stroke='%23fff' stroke-width='3.4' stroke-linecap='round'/%3E%3C/svg%3E">
        <link rel="stylesheet" href="dashboard.css">
        <script src="dashboard.js" defer></script>
        </head>
        <body data-standing="unknown">
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <div class="brand">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
              <rect width="32" height="32" rx="8"/><path d="M9 21V11m7 10V8m7 13v-6"/></svg>
            <div><h1>Payout export worker</h1><p class="muted" id="identity">…</p></div>
          </div>
          <form class="find" id="find" role="search">
            <input id="find-id" name="job" placeholder="Find a job by its jobId" aria-label="jobId"
              autocomplete="off" spellcheck="false" maxlength="128">
            <button>Find</button>
          </form>
          <p class="live" id="live" role="status"><i></i><span>connecting</span></p>
        </header>
        <main id="main">
          <noscript><p class="card">The dashboard needs JavaScript. The same figures: <a href="api/status">
            /api/status</a>, <a href="readyz">/readyz</a>, <a href="metrics">/metrics</a>.</p></noscript>
          <section class="card verdict" aria-labelledby="verdict-title">
            <div class="verdict-head">
              <span class="lamp" aria-hidden="true"></span>
              <div><h2 id="verdict-title" aria-live="polite">…</h2><p class="muted" id="verdict-text"></p></div>
            </div>
            <ul class="reasons" id="reasons"></ul>
          </section>
          <section class="tiles" id="tiles" aria-label="Key figures"></section>
          <div class="row charts">
            <section class="card wide" aria-labelledby="c1"><header><h2 id="c1">Open jobs by state</h2></header>
              <div class="legend" id="jobs-legend"></div><div class="plot" id="jobs-plot"></div></section>
            <section class="card" aria-labelledby="c2"><header><h2 id="c2">Jobs ended</h2></header>
              <div class="legend" id="ends-legend"></div><div class="plot" id="ends-plot"></div></section>
            <section class="card" aria-labelledby="c3"><header><h2 id="c3">API calls and budget</h2></header>
              <div class="legend" id="calls-legend"></div><div class="plot" id="calls-plot"></div></section>
          </div>
          <section class="card" aria-labelledby="o1">
            <header><h2 id="o1">Oldest jobs</h2><p class="muted" id="oldest-note"></p></header>
            <ol class="oldest" id="oldest"></ol>
          </section>
          <section class="card" aria-labelledby="p1">
            <header><h2 id="p1">Partitions</h2><p class="muted" id="partitions-note"></p></header>
            <div class="scroll"><table class="grid" id="partitions"><thead><tr><th scope="col">No.</th>
              <th scope="col">State</th><th scope="col">Open jobs</th><th scope="col">Waits for</th>
              <th scope="col" class="num">Lag</th></tr></thead><tbody></tbody></table></div>
          </section>
          <div class="row two">
            <section class="card" aria-labelledby="a1"><header><h2 id="a1">Accounts</h2></header>
              <div id="accounts" class="stack"></div></section>
            <section class="card" aria-labelledby="k1"><header><h2 id="k1">Intake and commits</h2></header>
              <div id="flow" class="stack"></div></section>
          </div>
          <section class="card" aria-labelledby="e1">
            <header><h2 id="e1">Lately</h2>
              <label class="switch"><input type="checkbox" id="problems-only"> Problems only</label></header>
            <ol class="incidents" id="incidents"></ol>
          </section>
        </main>
        <footer><p><a href="metrics">Metrics</a><a href="readyz">Readiness</a><a href="livez">Liveness</a>
          <a href="api/status">Status as JSON</a></p><p class="muted" id="build"></p></footer>
        <dialog id="job" aria-labelledby="job-title"><div class="job-head">
          <div><p class="muted">Job</p><h2 id="job-title"></h2></div>
          <button id="job-close" type="button" aria-label="Close">✕</button></div>
          <div id="job-body"></div></dialog>
        </body>
        </html>
        """#

    static let style = tokens + layout + parts
    static let script = base + charts + sections + oldest + job + live
}
