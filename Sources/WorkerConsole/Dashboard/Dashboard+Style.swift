extension Dashboard {
    static let tokens = #"""
        :root {
          color-scheme: light dark;
          --bg: #f4f5f8; --surface: #fff; --raised: #f7f8fa; --line: #e2e5eb; --text: #161a22; --muted: #5d6675;
          --accent: #2b59d9; --accent-soft: #e9effd; --good: #14804f; --good-soft: #e2f5eb; --warn: #96610a;
          --warn-soft: #fdf1da; --bad: #b8322a; --bad-soft: #fde9e7;
          --accepted: #8a94a6; --submitting: #e3a008; --waiting: #3f76ea; --ready: #8b5cf6; --finished: #1ea672;
          --shadow: 0 1px 2px rgb(20 26 40 / 5%), 0 4px 16px rgb(20 26 40 / 4%);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --bg: #0d1015; --surface: #151920; --raised: #1b2029; --line: #272d38; --text: #e9ecf2; --muted: #98a2b3;
            --accent: #84a7ff; --accent-soft: #1c2740; --good: #4fd09a; --good-soft: #12291f; --warn: #f0b955;
            --warn-soft: #2d2411; --bad: #ff8a80; --bad-soft: #341a18;
            --accepted: #7f8a9c; --submitting: #f2b93b; --waiting: #6a97ff; --ready: #a887ff; --finished: #3cc48b;
            --shadow: none;
          }
        }

        """#

    static let layout = #"""
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--bg); color: var(--text); -webkit-font-smoothing: antialiased;
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
          font-variant-numeric: tabular-nums;
        }
        h1, h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
        h1 { font-size: 17px; line-height: 1.3; letter-spacing: -.01em; }
        h2 { font-size: 15px; line-height: 1.35; letter-spacing: -.005em; }
        h3 { font-size: 15px; line-height: 1.4; }
        ul, ol { list-style: none; }
        a { color: var(--accent); text-underline-offset: 2px; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
        .muted { color: var(--muted); font-size: 13px; }
        .skip { position: absolute; left: -99em; }
        .skip:focus { left: 12px; top: 12px; z-index: 9; padding: 6px 12px; background: var(--surface); }
        .top, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
        .top { display: flex; align-items: center; gap: 20px; padding-top: 22px; padding-bottom: 18px; }
        .brand { display: flex; gap: 12px; align-items: center; margin-right: auto; min-width: 0; }
        .brand p { overflow-wrap: anywhere; }
        .mark { width: 38px; height: 38px; flex: none; }
        .mark rect { fill: #2b59d9; }
        .mark path { fill: none; stroke: #fff; stroke-width: 3.4; stroke-linecap: round; }
        .find { display: flex; }
        .find input {
          width: 260px; border: 1px solid var(--line); border-right: 0; border-radius: 9px 0 0 9px; padding: 8px 12px;
          background: var(--surface); color: inherit; font: inherit; font-size: 14px; min-width: 0;
        }
        .find button, .job-head button {
          border: 1px solid var(--line); background: var(--raised); color: inherit; font: inherit; font-size: 14px;
          padding: 8px 14px; border-radius: 0 9px 9px 0; cursor: pointer;
        }
        .find button:hover, .job-head button:hover { background: var(--accent-soft); }
        .live { display: flex; align-items: center; gap: 8px; font-size: 13px; color: var(--muted); white-space: nowrap; }
        .live i { width: 8px; height: 8px; border-radius: 50%; background: var(--muted); }
        .live.on i { background: var(--finished); animation: pulse 2s infinite; }
        .live.off i { background: var(--bad); }
        @keyframes pulse { 50% { opacity: .35; } }
        main { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
        .card {
          background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 18px 20px;
          box-shadow: var(--shadow); min-width: 0;
        }
        .card > header { display: flex; align-items: baseline; gap: 12px; justify-content: space-between; }
        .card > header { margin-bottom: 12px; }
        .row { display: grid; gap: 16px; }
        .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
        .charts .wide { grid-column: 1 / -1; }
        .two { grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); }
        .stack { display: grid; gap: 14px; }
        footer { display: flex; justify-content: space-between; gap: 16px; padding-top: 20px; padding-bottom: 40px; }
        footer a { margin-right: 18px; font-size: 13px; }
        @media (max-width: 820px) {
          .top { flex-wrap: wrap; gap: 12px 16px; padding-top: 16px; }
          .top, main, footer { padding-left: 14px; padding-right: 14px; }
          .find { order: 3; flex: 1 0 100%; }
          .find input { flex: 1; width: auto; }
          .charts, .two { grid-template-columns: minmax(0, 1fr); }
          .card { padding: 16px; border-radius: 12px; }
          footer { flex-direction: column; }
          footer a { display: inline-block; padding: 4px 0; }
        }
        @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }

        """#
}
