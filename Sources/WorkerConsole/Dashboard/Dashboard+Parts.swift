extension Dashboard {
    static let parts = #"""
        .verdict-head { display: flex; gap: 16px; align-items: center; }
        .verdict-head h2 { font-size: 20px; letter-spacing: -.015em; }
        .lamp { width: 14px; height: 14px; border-radius: 50%; background: var(--muted); flex: none; }
        .lamp { box-shadow: 0 0 0 6px var(--raised); margin: 0 6px; }
        [data-standing=ready] .lamp { background: var(--finished); box-shadow: 0 0 0 6px var(--good-soft); }
        [data-standing=degraded] .lamp { background: var(--submitting); box-shadow: 0 0 0 6px var(--warn-soft); }
        [data-standing=notReady] .lamp { background: var(--bad); box-shadow: 0 0 0 6px var(--bad-soft); }
        .reasons { display: grid; gap: 8px; }
        .reasons:not(:empty) { margin-top: 16px; }
        .note { border-radius: 10px; padding: 10px 14px; background: var(--raised); overflow-wrap: anywhere; }
        .note p + p { color: var(--muted); font-size: 13.5px; margin-top: 2px; }
        .note.bad { background: var(--bad-soft); }
        .note.warn { background: var(--warn-soft); }
        .note.good { background: var(--good-soft); }
        .note b { font-weight: 600; }
        .tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 12px; }
        .tile {
          background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 14px 16px;
          box-shadow: var(--shadow); min-width: 0;
        }
        .tile dt { color: var(--muted); font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
        .tile dd { font-size: 25px; line-height: 1.25; font-weight: 620; letter-spacing: -.02em; white-space: nowrap; }
        .tile dd small { font-size: 14px; font-weight: 500; color: var(--muted); letter-spacing: 0; }
        .tile p { font-size: 12.5px; color: var(--muted); min-height: 1.5em; }
        .tile.bad dd { color: var(--bad); }
        .bar { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; display: flex; }
        .bar i { display: block; height: 100%; min-width: 2px; }
        .tile .bar { margin: 6px 0 4px; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--muted); min-height: 20px; }
        .legend b { color: var(--text); font-weight: 600; margin-left: 5px; }
        .legend span::before {
          content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 7px;
          background: var(--c);
        }
        .legend time { margin-left: auto; }
        .plot { height: 170px; margin-top: 10px; touch-action: pan-y; }
        .wide .plot { height: 210px; }
        .plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
        .plot text { fill: var(--muted); font-size: 11.5px; }
        .plot .rule { stroke: var(--line); }
        .plot .cursor { stroke: var(--muted); stroke-dasharray: 3 3; }
        .plot .limit { stroke: var(--muted); stroke-dasharray: 5 4; fill: none; }
        .scroll { max-height: 460px; overflow: auto; margin: 0 -20px -18px; padding: 0 20px 12px; }
        .grid { width: 100%; border-collapse: collapse; font-size: 14px; }
        .grid th {
          text-align: left; font-weight: 500; font-size: 12.5px; color: var(--muted); padding: 6px 16px 8px 0;
          position: sticky; top: 0; background: var(--surface); z-index: 1;
        }
        .grid td { padding: 10px 16px 10px 0; border-top: 1px solid var(--line); vertical-align: top; }
        .grid td:nth-child(3) { min-width: 170px; }
        .grid td:last-child, .grid th:last-child { padding-right: 0; }
        .grid .num { text-align: right; }
        .grid .bar { width: 100%; margin-top: 7px; }
        .pill {
          display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 12.5px; font-weight: 550;
          background: var(--raised); color: var(--muted); white-space: nowrap;
        }
        .pill.good { background: var(--good-soft); color: var(--good); }
        .pill.warn { background: var(--warn-soft); color: var(--warn); }
        .pill.bad { background: var(--bad-soft); color: var(--bad); }
        .pill.info { background: var(--accent-soft); color: var(--accent); }
        .account + .account { border-top: 1px solid var(--line); padding-top: 14px; }
        .line { display: flex; align-items: center; gap: 10px; justify-content: space-between; flex-wrap: wrap; }
        .line .end { margin-left: auto; }
        .account .bar { margin: 8px 0 6px; }
        .account .note { margin-top: 10px; }
        .facts { display: grid; grid-template-columns: auto 1fr; gap: 6px 20px; font-size: 14px; }
        .facts dt { color: var(--muted); }
        .facts dd { text-align: right; overflow-wrap: anywhere; }
        .switch { font-size: 13px; color: var(--muted); display: flex; gap: 7px; align-items: center; cursor: pointer; }
        .switch input { accent-color: var(--accent); margin: 0; }
        .incidents li {
          display: grid; grid-template-columns: 76px minmax(0, 1fr) auto; gap: 2px 14px; padding: 11px 0;
          border-top: 1px solid var(--line); font-size: 14px; overflow-wrap: anywhere;
        }
        .incidents li:first-child { border-top: 0; padding-top: 2px; }
        .incidents time { color: var(--muted); font-size: 13px; padding-top: 1px; }
        .incidents b { font-weight: 600; }
        .incidents b::before {
          content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; margin-right: 9px;
          background: var(--accepted);
        }
        .incidents .warning b::before { background: var(--submitting); }
        .incidents .critical b::before { background: var(--bad); border-radius: 2px; }
        .incidents p { grid-column: 2 / -1; color: var(--muted); font-size: 13.5px; padding-left: 17px; }
        .incidents p.remedy { color: var(--text); }
        .oldest li {
          display: grid; grid-template-columns: minmax(0, 1.1fr) minmax(0, 1.6fr) auto; gap: 4px 24px; padding: 10px 0;
          border-top: 1px solid var(--line); font-size: 14px; align-items: start;
        }
        .oldest li:first-child { border-top: 0; padding-top: 0; }
        .oldest a { font-weight: 550; overflow-wrap: anywhere; text-decoration: none; }
        .oldest a:hover { text-decoration: underline; }
        .oldest .age { text-align: right; white-space: nowrap; }
        .oldest .age b { font-weight: 600; }
        .oldest .late { color: var(--bad); font-size: 13px; }
        .state::before {
          content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 8px;
          background: var(--c);
        }
        .empty { color: var(--muted); font-size: 14px; padding: 6px 0; }
        dialog {
          border: 1px solid var(--line); border-radius: 16px; background: var(--surface); color: inherit; padding: 22px;
          width: min(680px, calc(100vw - 24px)); box-shadow: 0 24px 80px rgb(0 0 0 / 35%); max-height: 88vh;
        }
        dialog::backdrop { background: rgb(8 11 16 / 55%); }
        .job-head { display: flex; justify-content: space-between; gap: 16px; align-items: flex-start; }
        .job-head h2 { font-size: 17px; overflow-wrap: anywhere; }
        .job-head button { border-radius: 9px; padding: 5px 11px; }
        #job-body { display: grid; gap: 16px; margin-top: 16px; }
        .steps { display: grid; grid-template-columns: repeat(4, 1fr); font-size: 13px; }
        .steps li { padding: 12px 10px 0 0; border-top: 3px solid var(--line); color: var(--muted); }
        .steps li.done { border-color: var(--finished); color: var(--text); }
        .steps li.now { border-color: var(--waiting); }
        .steps li.failed { border-color: var(--bad); }
        .steps b { display: block; font-weight: 600; }
        .steps small { display: block; color: var(--muted); font-size: 12.5px; }
        @media (max-width: 1080px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
        @media (max-width: 820px) {
          .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
          .tile dd { font-size: 22px; }
          .scroll { max-height: none; margin: 0 -16px -16px; padding: 0 16px 8px; }
          .grid thead { display: none; }
          .grid tr { display: grid; grid-template-columns: auto 1fr auto; gap: 4px 12px; padding: 12px 0; }
          .grid tr { border-top: 1px solid var(--line); align-items: center; }
          .grid tbody tr:first-child { border-top: 0; padding-top: 0; }
          .grid td { border: 0; padding: 0; }
          .grid td:nth-child(1)::before { content: "Partition "; color: var(--muted); }
          .grid td:nth-child(3)::before { content: "Open jobs: "; color: var(--muted); }
          .grid td.empty::before { content: none !important; }
          .grid td:nth-child(3), .grid td:nth-child(4) { grid-column: 1 / -1; }
          .grid td:nth-child(5) { grid-row: 1; grid-column: 3; color: var(--muted); font-size: 13px; }
          .grid td:nth-child(5)::before { content: "Lag "; }
          .oldest li:nth-child(n+6) { display: none; }
          .oldest li { grid-template-columns: minmax(0, 1fr) auto; gap: 6px 14px; }
          .oldest .what { grid-column: 1 / -1; grid-row: 2; }
          .incidents li { grid-template-columns: minmax(0, 1fr) auto; }
          .incidents time { grid-column: 2; grid-row: 1; text-align: right; }
          .incidents div { grid-column: 1; grid-row: 1; }
          .incidents .times { grid-column: 2; }
          .incidents p { grid-column: 1 / -1; }
          .steps { grid-template-columns: repeat(2, 1fr); gap: 12px 0; }
        }

        """#
}
