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
/* Draws a part of the page only when its data has changed, so that focus and selection remain. */
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
function dateTime(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  // Sweden writes the year first: no day is read as a month.
  return today ? clock(text) : date.toLocaleDateString('sv') + ' ' + clock(text);
}
const plural = (count, noun) => number(count) + ' ' + noun + (count === 1 ? '' : 's');
const sum = object => Object.values(object).reduce((total, value) => total + value, 0);
const openJobs = jobs => PHASES.reduce((total, [phase]) => total + (jobs[phase] || 0), 0);
const jobLink = id => el('a', { href: '#/jobs/' + encodeURIComponent(id) }, id);
const jobsAddress = filter => '#/jobs?' + new URLSearchParams(filter);
function note(kind, title, text, remedy) {
  return el('div', { class: 'note ' + kind },
    el('p', {}, title && el('b', {}, title + ' '), text), remedy && el('p', {}, remedy));
}
/* What holds an account's jobs: a problem of its own, or an operator. */
function accountState(account, pauses) {
  const held = pauses.filter(pause => !pause.account || pause.account === account.name);
  const what = held.some(pause => !pause.kind) ? '' : held.map(pause => pause.kind).join(', ') + ' ';
  const [kind, text] = account.problem ? ['bad', 'paused'] : held.length ? ['warn', what + 'paused by an operator'] : ['good', 'active'];
  return el('span', { class: 'pill ' + kind }, text);
}
/* Addresses of Grafana's panels; empty where no Grafana is configured. */
let panels = {};
const panelLink = (panel, name) => panels[panel] && el('a', { class: 'panel', href: panels[panel], target: '_blank',
  rel: 'noopener', title: 'Open in Grafana', 'aria-label': name + ', in Grafana' }, '↗');
/* A key figure; with an address, a link to what it counts. */
function tile(name, value, unit, below, extra = {}) {
  return el('dl', { class: 'tile ' + (extra.class || '') }, el('dt', {}, name, panelLink(extra.panel, name)),
    el('dd', {}, extra.href ? el('a', { href: extra.href, 'aria-label': name + ', ' + value }, value) : value,
      unit && el('small', {}, ' ' + unit)), extra.bar, el('p', {}, below));
}
