"""Plots as SVG, drawn without a library. A step that did not run has no panel."""

import html

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 460, 260, 70, 46, 34
COLOURS = {"worker": "#2563eb", "peer": "#d97706", "bare": "#6b7280", "limit": "#dc2626"}
STYLE = ("text{font:12px system-ui,sans-serif;fill:#111827} .title{font-weight:600} .small{font-size:11px;fill:#4b5563}"
         " .grid{stroke:#e5e7eb} .axis{stroke:#9ca3af}")


def escaped(text):
    return html.escape(str(text))


def text(x, y, content, anchor="middle", kind="small"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{escaped(content)}</text>'


class Panel:
    """One plot: a title, a vertical axis from zero, and shapes."""

    def __init__(self, title, unit, top):
        self.parts, self.top_value = [text(LEFT, 18, f"{title}", "start", "title")], top * 1.08 or 1
        self.inner = WIDTH - LEFT - 14
        step = nice_step(self.top_value)
        value = 0.0
        while value <= self.top_value:
            y = self.y(value)
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 14}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
            self.parts.append(text(LEFT - 6, y + 4, f"{value:,.10g}", "end"))
            value = round(value + step, 10)
        self.parts.append(text(LEFT, 31, unit, "start"))

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.top_value * (HEIGHT - BOTTOM - TOP - 6)

    def bar(self, x, width, value, colour, label=None, below=None):
        y = self.y(value)
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" '
                          f'fill="{COLOURS[colour]}"/>')
        if label is not None:
            self.parts.append(text(x + width / 2, y - 4, label))
        if below is not None:
            self.parts.append(text(x + width / 2, HEIGHT - BOTTOM + 15, below))

    def limit(self, value, label):
        y = self.y(value)
        self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 14}" y1="{y:.1f}" y2="{y:.1f}" stroke="{COLOURS["limit"]}" '
                          'stroke-dasharray="5 4"/>')
        self.parts.append(text(WIDTH - 14, y - 4, label, "end"))

    def upright(self, share, label):
        x = LEFT + share * self.inner
        self.parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{COLOURS["limit"]}" '
                          'stroke-dasharray="5 4"/>')
        self.parts.append(text(x - 4, TOP + 12, label, "end"))

    def line(self, points, colour, right):
        """Points of (x, y); `right` is the x at the right edge."""
        path = " ".join(f"{LEFT + x / right * self.inner:.1f},{self.y(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')

    def below(self, content, x=None, anchor="middle"):
        self.parts.append(text(LEFT + self.inner / 2 if x is None else x, HEIGHT - 10, content, anchor))

    def bars(self, entries, spacing=0.25):
        """Entries of (below, value, label, colour), evenly spread."""
        pitch = self.inner / max(1, len(entries))
        for number, (below, value, label, colour) in enumerate(entries):
            self.bar(LEFT + pitch * (number + spacing / 2), pitch * (1 - spacing), value, colour, label, below)


def nice_step(top):
    for exponent in range(-4, 12):
        for factor in (1, 2, 5):
            if top / (step := factor * 10 ** exponent) <= 6:
                return step
    return top


def sheet(panels, caption=""):
    """Panels, two in a row, with a caption below."""
    rows = (len(panels) + 1) // 2
    height = rows * HEIGHT + 30
    placed = "".join(f'<g transform="translate({number % 2 * WIDTH},{number // 2 * HEIGHT})">{"".join(panel.parts)}</g>'
                     for number, panel in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {height}" width="{2 * WIDTH}" height="{height}">'
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>{placed}'
            f'{text(10, height - 10, caption, "start")}</svg>\n')


def plots(results):
    makers = {"throughput": cost, "latency": histogram, "inFlight": memory, "workers": scaling}
    panels = [maker(results[name]) for name, maker in makers.items() if results.get(name)]
    machine = results.get("machine", {})
    return sheet(panels, " · ".join(str(machine[name]) for name in ("processor", "Swift", "commit") if name in machine))


def cost(result):
    entries = [
        ("bare requests", result["bareRequests"], "bare"), ("bare records", result["bareRecords"], "bare"),
        ("worker", result["worker"]["cpuPer1000"], "worker"),
        *((name, peer["cpuPer1000"], "peer") for name, peer in result["peers"].items())]
    panel = Panel("CPU for 1,000 jobs", "seconds", max(value for _, value, _ in entries))
    panel.bars([(name, value, f"{value:.2f}", colour) for name, value, colour in entries])
    panel.below(f"{result['jobs']:,} jobs, {result['worker']['callsPerJob']:.1f} requests a job, median of {result['rounds']} rounds")
    return panel


def histogram(result):
    bins = result["histogram"]
    right = max(bins[-1]["from"] + 0.1, result["pollInterval"] + result["grace"] + 0.1)
    panel = Panel("From Completed at the service to the event", "jobs", max(entry["jobs"] for entry in bins))
    for entry in bins:
        panel.bar(LEFT + entry["from"] / right * panel.inner, 0.09 / right * panel.inner, entry["jobs"], "worker")
    panel.upright((result["pollInterval"] + result["grace"]) / right, f"poll interval + {result['grace'] * 1000:.0f} ms")
    for tick in range(int(right / 0.25) + 1):
        panel.parts.append(text(LEFT + tick * 0.25 / right * panel.inner, HEIGHT - BOTTOM + 15, f"{tick * 0.25:g}"))
    panel.below(f"seconds; p50 {result['p50']:.2f}, p99 {result['p99']:.2f}")
    return panel


def memory(result):
    entries = []
    for entry in result:
        count = f"{entry['jobs'] // 1000:,} k" if entry["jobs"] < 1_000_000 else f"{entry['jobs'] / 1e6:g} M"
        entries.append((count, entry["residentMiB"], f"{entry['residentMiB']:.0f}", "worker"))
        entries += [(f"{count}, {name}", mebibytes, f"{mebibytes:.0f}", "peer")
                    for name, mebibytes in entry.get("peerMiB", {}).items()]
    panel = Panel("Resident memory of one process", "MiB", max(value for _, value, _, _ in entries))
    panel.bars(entries)
    panel.below("jobs that wait for their exports")
    return panel


def scaling(result):
    panel = Panel("Throughput by workers", "jobs/s", max(entry["jobsPerSecond"] for entry in result))
    panel.bars([(entry["workers"], entry["jobsPerSecond"], f"{entry['jobsPerSecond']:,.0f}", "worker") for entry in result])
    panel.below("worker processes, on one machine with broker and service")
    return panel
