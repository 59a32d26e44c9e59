/* The newest ten minutes are kept in steps of two seconds, the time before in steps of half a minute. */
const FINE = 300, COARSE = 220;
let past = { at: [], jobs: {}, completed: [], otherEnds: [], calls: [] };
let coarse = 0, range = 600;
function columns() { return [past.at, past.completed, past.otherEnds, past.calls, ...Object.values(past.jobs)]; }
function restore({ at, jobs, completed, otherEnds, calls }) {
  past = { at, jobs, completed, otherEnds, calls };
  coarse = Math.max(0, at.findIndex(time => time >= at[at.length - 1] - 600000));
}
function remember(status) {
  const at = Date.parse(status.at);
  if (past.at.length && at - past.at[past.at.length - 1] < 1800) return false;
  past.at.push(at);
  for (const [phase] of PHASES) (past.jobs[phase] ||= []).push(status.jobs[phase] || 0);
  past.completed.push(status.totals.completed);
  past.otherEnds.push(status.totals.failed + status.totals.cancelled + status.totals.rejected);
  past.calls.push(status.accounts.reduce((total, account) => total + account.calls, 0));
  if (past.at.length - coarse > FINE) {
    const isClose = coarse > 0 && past.at[coarse] - past.at[coarse - 1] < 30000;
    if (!isClose && coarse < COARSE) coarse += 1;
    else for (const column of columns()) column.splice(isClose ? coarse : 0, 1);
  }
  return true;
}
/* Per second, over about ten seconds. After a restart the totals are lower; the rate is then 0. */
function rates(totals, factor) {
  return totals.map((total, index) => {
    const from = Math.max(0, index - 5);
    if (index === 0) { total = totals[1] || total; index = 1; }
    const seconds = (past.at[index] - past.at[from]) / 1000;
    return seconds > 0 ? Math.max(0, total - totals[from]) / seconds * factor : 0;
  });
}
function ceiling(value) {
  if (value <= 4) return 4;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(factor => factor * unit).find(top => top >= value);
}
function legend(id, plot, index) {
  const items = plot.series.map(series => el('span', { '--c': series.color },
    series.href ? el('a', { href: series.href }, series.name) : series.name,
    el('b', {}, plot.format(series.values[index] || 0))));
  if (plot.limit) items.push(el('span', { '--c': 'var(--muted)' }, 'budget', el('b', {}, rate(plot.limit))));
  if (index < plot.at.length - 1) items.push(el('time', {}, new Date(plot.at[index]).toLocaleTimeString()));
  const box = $(id + '-legend');
  // A link that has the focus stays.
  if (!box.contains(document.activeElement)) box.replaceChildren(...items);
}
/* Each series as an area, stacked or with a line on top; x and y are the scales. */
function areas(plot, x, y) {
  const shapes = [];
  const base = plot.at.map(() => 0);
  for (const series of plot.series) {
    const upper = plot.at.map((at, index) => {
      const value = (series.values[index] || 0) + (plot.stacked ? base[index] : 0);
      return [x(at).toFixed(1), y(value).toFixed(1), value];
    });
    const lower = plot.at.map((at, index) => x(at).toFixed(1) + ' ' + y(base[index]).toFixed(1)).reverse();
    const edge = 'M' + upper.map(point => point[0] + ' ' + point[1]).join('L');
    shapes.push(svg('path', { d: edge + 'L' + lower.join('L') + 'Z', fill: series.color,
      'fill-opacity': plot.stacked ? .78 : .16 }));
    if (!plot.stacked) shapes.push(svg('path', { d: edge, fill: 'none', stroke: series.color,
      'stroke-width': 1.8, 'stroke-linejoin': 'round' }));
    if (plot.stacked) upper.forEach((point, index) => { base[index] = point[2]; });
  }
  return shapes;
}
function chart(id, plot) {
  const box = $(id + '-plot');
  const width = box.clientWidth, height = box.clientHeight;
  if (!width || plot.at.length < 2) {
    legend(id, plot, plot.at.length - 1);
    return box.replaceChildren(el('p', { class: 'empty' }, 'Collecting data …'));
  }
  const left = 40, bottom = 22, top = 8;
  const end = plot.at[plot.at.length - 1], start = Math.min(plot.at[0], end - 60000);
  const x = at => left + (at - start) / (end - start) * (width - left - 2);
  const tops = plot.at.map((_, index) => plot.stacked
    ? plot.series.reduce((total, series) => total + (series.values[index] || 0), 0)
    : Math.max(...plot.series.map(series => series.values[index] || 0)));
  const max = ceiling(Math.max(...tops, plot.limit || 0));
  const y = value => top + (1 - value / max) * (height - bottom - top);
  const shapes = [];
  for (const part of [0, .5, 1]) {
    const line = y(max * part);
    shapes.push(svg('line', { class: 'rule', x1: left, x2: width, y1: line, y2: line }),
      svg('text', { x: left - 8, y: line + 4, 'text-anchor': 'end' }, short.format(max * part)));
  }
  shapes.push(...areas(plot, x, y));
  if (plot.limit) shapes.push(svg('path', { class: 'limit', d: `M${left} ${y(plot.limit)}H${width}` }));
  const ago = (end - start) / 60000;
  const labels = [[start, 'start', ago < 1.5 ? Math.round(ago * 60) + ' s ago' : Math.round(ago) + ' min ago'],
    [end, 'end', 'now']];
  for (const [at, anchor, text] of labels) {
    shapes.push(svg('text', { x: x(at), y: height - 3, 'text-anchor': anchor }, text));
  }
  const cursor = svg('line', { class: 'cursor', y1: top, y2: height - bottom, visibility: 'hidden' });
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': plot.title + ', the last ' + Math.max(1, Math.round(ago)) + ' minutes' }, shapes, cursor);
  picture.addEventListener('pointermove', event => {
    const at = start + (event.clientX - picture.getBoundingClientRect().left - left) / (width - left) *
      (end - start);
    let index = plot.at.findIndex(time => time >= at);
    if (index < 0) index = plot.at.length - 1;
    cursor.setAttribute('x1', x(plot.at[index]));
    cursor.setAttribute('x2', x(plot.at[index]));
    cursor.setAttribute('visibility', 'visible');
    plot.held = true;
    legend(id, plot, index);
  });
  picture.addEventListener('pointerleave', () => { plot.held = false; drawCharts(); });
  box.replaceChildren(picture);
  legend(id, plot, plot.at.length - 1);
}
const plots = {};
function drawCharts(status) {
  if (status) plots.budget = status.accounts.reduce((total, account) => total + account.requestsPerSecond, 0);
  const all = {
    jobs: { title: 'Open jobs by state', stacked: true, format: number, series: PHASES.slice().reverse()
      .map(([phase, name]) => ({ name, color: `var(--${phase})`, values: past.jobs[phase] || [],
        href: jobsAddress({ state: phase }) })) },
    ends: { title: 'Finished jobs per minute', format: value => rate(value) + ' / min', series: [
      { name: 'completed', color: 'var(--finished)', values: rates(past.completed, 60),
        href: jobsAddress({ state: 'completed' }) },
      { name: 'failed, cancelled, rejected', color: 'var(--bad)', values: rates(past.otherEnds, 60),
        href: jobsAddress({ state: 'failed,cancelled,rejected' }) }] },
    calls: { title: 'API calls per second', limit: plots.budget, format: value => rate(value) + ' / s', series: [
      { name: 'calls', color: 'var(--waiting)', values: rates(past.calls, 1) }] }
  };
  const first = Math.max(0, past.at.findIndex(at => at >= past.at[past.at.length - 1] - range * 1000));
  for (const [id, plot] of Object.entries(all)) {
    if (plots[id] && plots[id].held) continue;
    plot.at = past.at.slice(first);
    for (const series of plot.series) series.values = series.values.slice(first);
    plots[id] = plot;
    chart(id, plot);
  }
}
$('ranges').addEventListener('click', event => {
  if (!event.target.value) return;
  range = Number(event.target.value);
  for (const button of $('ranges').children) button.setAttribute('aria-pressed', String(button === event.target));
  if (past.at.length) drawCharts();
});
