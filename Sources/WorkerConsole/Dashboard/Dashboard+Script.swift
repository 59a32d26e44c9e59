extension Dashboard {
    /// Helpers. Text from elsewhere only ever becomes text nodes, never markup.
    static let base = #"""
        'use strict';
        const $ = id => document.getElementById(id);
        const SVG = 'http://www.w3.org/2000/svg';
        function fill(node, attributes, children) {
          for (const [name, value] of Object.entries(attributes || {})) {
            if (value === null || value === undefined || value === false) continue;
            if (name.startsWith('--')) node.style.setProperty(name, value);
            else if (name === 'width%') node.style.width = value + '%';
            else if (name === 'color') node.style.background = value;
            else node.setAttribute(name, value);
          }
          node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
          return node;
        }
        const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
        const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

        const shown = new Map();
        /* Draws a part of the page only when what it shows has changed: focus and selection stay. */
        function draw(id, data, make) {
          const key = JSON.stringify(data);
          if (shown.get(id) === key) return;
          shown.set(id, key);
          const node = typeof id === 'string' ? $(id) : id;
          node.replaceChildren(...[make()].flat(Infinity));
        }

        const PHASES = [
          ['accepted', 'not due yet'], ['submitting', 'to be submitted'], ['waiting', 'at the service'],
          ['ready', 'downloading']
        ];
        const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
        const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
        const number = value => Math.abs(value) < 100000 ? plain.format(value) : short.format(value);
        const rate = value => value === 0 ? '0' : value < 10 ? value.toFixed(1) : number(value);
        function bytes(value) {
          if (value === undefined) return '–';
          const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
          let unit = 0;
          while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
          return [unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value).toString(), units[unit]];
        }
        function duration(seconds) {
          if (seconds < 1) return Math.round(seconds * 1000) + ' ms';
          if (seconds < 120) return Math.floor(seconds) + ' s';
          if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
          if (seconds < 172800) return Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min';
          return Math.floor(seconds / 86400) + ' days';
        }
        const clock = text => new Date(text).toLocaleTimeString([], { hour12: false });
        function moment(text) {
          const date = new Date(text);
          const today = date.toDateString() === new Date().toDateString();
          return today ? clock(text) : date.toLocaleString([], { hour12: false });
        }
        const plural = (count, noun) => number(count) + ' ' + noun + (count === 1 ? '' : 's');
        const sum = object => Object.values(object).reduce((total, value) => total + value, 0);
        const openJobs = jobs => PHASES.reduce((total, [phase]) => total + (jobs[phase] || 0), 0);
        const jobLink = id => el('a', { href: '#/jobs/' + encodeURIComponent(id) }, id);

        """#

    /// Plots of the last minutes, drawn as SVG; the legend shows the values under the pointer, or the newest ones.
    static let charts = #"""
        const LIMIT = 300;
        let past = { at: [], jobs: {}, completed: [], otherEnds: [], calls: [], budget: [] };
        function remember(status) {
          const at = Date.parse(status.at);
          if (past.at.length && at - past.at[past.at.length - 1] < 1800) return false;
          past.at.push(at);
          for (const [phase] of PHASES) (past.jobs[phase] ||= []).push(status.jobs[phase] || 0);
          past.completed.push(status.totals.completed);
          past.otherEnds.push(status.totals.failed + status.totals.cancelled + status.totals.rejected);
          past.calls.push(status.accounts.reduce((total, account) => total + account.calls, 0));
          if (past.at.length > LIMIT) {
            const columns = [past.at, past.completed, past.otherEnds, past.calls];
            for (const column of columns.concat(Object.values(past.jobs))) column.shift();
          }
          return true;
        }
        /* Per second, over about ten seconds; a total that fell is another process. */
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
          const step = 10 ** Math.floor(Math.log10(value));
          return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(factor => factor * step).find(top => top >= value);
        }
        function legend(id, plot, index) {
          const items = plot.series.map(series =>
            el('span', { '--c': series.color }, series.name, el('b', {}, plot.format(series.values[index] || 0))));
          if (plot.limit) items.push(el('span', { '--c': 'var(--muted)' }, 'budget', el('b', {}, rate(plot.limit))));
          if (index < past.at.length - 1) items.push(el('time', {}, new Date(past.at[index]).toLocaleTimeString()));
          $(id + '-legend').replaceChildren(...items);
        }
        function chart(id, plot) {
          const box = $(id + '-plot');
          const width = box.clientWidth, height = box.clientHeight;
          if (!width || past.at.length < 2) {
            legend(id, plot, past.at.length - 1);
            return box.replaceChildren(el('p', { class: 'empty' }, 'Gathering figures …'));
          }
          const left = 40, bottom = 22, top = 8;
          const end = past.at[past.at.length - 1], start = Math.min(past.at[0], end - 60000);
          const x = at => left + (at - start) / (end - start) * (width - left - 2);
          const tops = past.at.map((_, index) => plot.stacked
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
          const base = past.at.map(() => 0);
          for (const series of plot.series) {
            const upper = past.at.map((at, index) => {
              const value = (series.values[index] || 0) + (plot.stacked ? base[index] : 0);
              return [x(at).toFixed(1), y(value).toFixed(1), value];
            });
            const lower = past.at.map((at, index) => x(at).toFixed(1) + ' ' + y(base[index]).toFixed(1)).reverse();
            const edge = 'M' + upper.map(point => point[0] + ' ' + point[1]).join('L');
            shapes.push(svg('path', { d: edge + 'L' + lower.join('L') + 'Z', fill: series.color,
              'fill-opacity': plot.stacked ? .78 : .16 }));
            if (!plot.stacked) shapes.push(svg('path', { d: edge, fill: 'none', stroke: series.color,
              'stroke-width': 1.8, 'stroke-linejoin': 'round' }));
            if (plot.stacked) upper.forEach((point, index) => { base[index] = point[2]; });
          }
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
            let index = past.at.findIndex(moment => moment >= at);
            if (index < 0) index = past.at.length - 1;
            cursor.setAttribute('x1', x(past.at[index]));
            cursor.setAttribute('x2', x(past.at[index]));
            cursor.setAttribute('visibility', 'visible');
            plot.held = true;
            legend(id, plot, index);
          });
          picture.addEventListener('pointerleave', () => { plot.held = false; drawCharts(); });
          box.replaceChildren(picture);
          legend(id, plot, past.at.length - 1);
        }
        const plots = {};
        function drawCharts(status) {
          if (status) plots.budget = status.accounts.reduce((total, account) => total + account.requestsPerSecond, 0);
          const all = {
            jobs: { title: 'Open jobs by state', stacked: true, format: number, series: PHASES.slice().reverse()
              .map(([phase, name]) => ({ name, color: `var(--${phase})`, values: past.jobs[phase] || [] })) },
            ends: { title: 'Jobs ended a minute', format: value => rate(value) + ' / min', series: [
              { name: 'completed', color: 'var(--finished)', values: rates(past.completed, 60) },
              { name: 'failed, cancelled, rejected', color: 'var(--bad)', values: rates(past.otherEnds, 60) }] },
            calls: { title: 'API calls a second', limit: plots.budget, format: value => rate(value) + ' / s', series: [
              { name: 'calls', color: 'var(--waiting)', values: rates(past.calls, 1) }] }
          };
          for (const [id, plot] of Object.entries(all)) {
            if (plots[id] && plots[id].held) continue;
            plots[id] = plot;
            chart(id, plot);
          }
        }

        """#
}
