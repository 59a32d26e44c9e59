const HEALTH = { ready: 'Ready', degraded: 'Ready, degraded', notReady: 'Not ready' };
const LIFECYCLES = { active: 'good', restoring: 'info', draining: 'warn', stopped: 'bad' };
function drawHealth(status) {
  const { health, engine, worker } = status;
  $('health').dataset.health = health.status;
  draw('health-title', health.status, () => HEALTH[health.status]);
  const active = status.partitions.filter(partition => partition.lifecycle === 'active').length;
  const facts = [`${active} of ${plural(status.partitions.length, 'assigned partition')} active`,
    'up for ' + duration(worker.uptimeSeconds)];
  if (!engine.isAnswering && engine.answeredSecondsAgo !== undefined) {
    facts.unshift('the engine last answered ' + duration(engine.answeredSecondsAgo) + ' ago');
  }
  draw('health-text', facts, () => facts.join(' · '));
  draw('reasons', health.reasons, () => health.reasons.map(reason =>
    el('li', {}, note(reason.severity === 'blocking' ? 'bad' : 'warn', '', reason.message, reason.remedy))));
  draw('identity', worker, () => [worker.id, worker.group].filter(Boolean).join(' · '));
  draw('build', worker.version, () => 'Version ' + worker.version);
}
function latest(totals, factor) {
  const values = rates(totals, factor);
  return values.length ? values[values.length - 1] : 0;
}
function drawTiles(status) {
  const { totals, jobs, commits } = status;
  const budget = status.accounts.reduce((total, account) => total + account.requestsPerSecond, 0);
  const calls = latest(past.calls, 1);
  const ends = latest(past.completed, 60) + latest(past.otherEnds, 60);
  const bad = totals.failed + totals.rejected;
  const [memory, unit] = bytes(status.process.residentBytes);
  const share = budget > 0 ? Math.min(100, calls / budget * 100) : 0;
  const data = [openJobs(jobs), jobs.finished, rate(ends), totals.completed, rate(calls), budget, bad,
    totals.deadLetters, commits.lastSeconds, commits.lastRecords, totals.commits, memory,
    status.process.openFiles, status.callsInFlight, status.downloadsInFlight, panels];
  draw('tiles', data, () => [
    tile('Open jobs', number(openJobs(jobs)), '', number(jobs.finished || 0) + ' finished jobs kept',
      { href: jobsAddress({ state: 'open' }), panel: 'openJobs' }),
    tile('Finished', rate(ends), '/ min', number(totals.completed) + ' completed so far',
      { href: jobsAddress({ state: 'finished' }), panel: 'finished' }),
    tile('API calls', rate(calls), '/ s of ' + rate(budget), number(status.callsInFlight + status.downloadsInFlight) +
      ' in flight', { panel: 'calls', bar: el('div', { class: 'bar' },
      share > 0 && el('i', { 'width%': share, color: 'var(--waiting)' })) }),
    tile('Failed or rejected', number(bad), '', plural(totals.deadLetters, 'dead letter'),
      { class: bad + totals.deadLetters > 0 ? 'bad' : '', href: jobsAddress({ state: 'failed,rejected' }),
        panel: 'failures' }),
    tile('Last commit', commits.lastSeconds === undefined ? '–' : plain.format(commits.lastSeconds * 1000),
      commits.lastSeconds === undefined ? '' : 'ms', commits.lastRecords === undefined ? 'none yet' :
      plural(commits.lastRecords, 'record'), { panel: 'commits' }),
    tile('Memory', memory, unit, status.process.openFiles === undefined ? '' :
      plural(status.process.openFiles, 'open file'), { panel: 'memory' })
  ]);
}
function jobsBar(jobs) {
  const open = openJobs(jobs);
  const bar = el('div', { class: 'bar', title: PHASES.map(([phase, name]) =>
    number(jobs[phase] || 0) + ' ' + name).join(', ') });
  for (const [phase] of PHASES) {
    if (jobs[phase]) bar.append(el('i', { 'width%': jobs[phase] / open * 100, color: `var(--${phase})` }));
  }
  return [number(open), open > 0 && bar];
}
function drawPartitions(status) {
  const order = ['stopped', 'restoring', 'draining', 'active'];
  const rows = status.partitions.slice().sort((left, right) =>
    order.indexOf(left.lifecycle) - order.indexOf(right.lifecycle) || left.partition - right.partition);
  draw('partitions-note', [rows.length, status.partitionCount], () =>
    rows.length ? `${rows.length} of ${number(status.partitionCount)} assigned to this worker` : '');
  const shownRows = rows.map(row => [row.partition, row.lifecycle, row.jobs, row.position,
    row.waitsFor, row.lag, row.restored]);
  const body = $('partitions').tBodies[0];
  draw(body, shownRows, () => rows.length ? rows.map(row => el('tr', {},
    el('td', {}, String(row.partition)),
    el('td', {}, el('span', { class: 'pill ' + (LIFECYCLES[row.lifecycle] || '') }, row.lifecycle)),
    el('td', {}, jobsBar(row.jobs)), el('td', {}, row.waitsFor,
      row.restored !== undefined && el('div', { class: 'bar', title: 'restored so far' },
        el('i', { 'width%': row.restored * 100, color: 'var(--waiting)' }))),
    el('td', { class: 'num', title: 'Position ' + plain.format(row.position) },
      row.lag === undefined ? '–' : number(row.lag))
  )) : el('tr', {}, el('td', { colspan: 5, class: 'empty' }, 'No partition is assigned to this worker.')));
}
const callsBefore = new Map();
function accountRate(status, account) {
  const now = Date.parse(status.at);
  const marks = (callsBefore.get(account.name) || []).filter(mark => now - mark[0] < 12000);
  marks.push([now, account.calls]);
  callsBefore.set(account.name, marks);
  const seconds = (now - marks[0][0]) / 1000;
  return seconds > 0 ? Math.max(0, account.calls - marks[0][1]) / seconds : 0;
}
function drawAccounts(status) {
  const rows = status.accounts.map(account => {
    const now = accountRate(status, account), budget = account.requestsPerSecond;
    return { ...account, rate: rate(now), share: budget > 0 ? Math.round(Math.min(100, now / budget * 100)) : 0 };
  });
  // Ages grow with every status; the account is drawn again when the days change.
  const days = seconds => seconds === undefined ? undefined : Math.floor(seconds / 86400);
  draw('accounts', [status.pauses, ...rows.map(({ calls, ...row }) => ({ ...row,
    refreshTokenAgeSeconds: days(row.refreshTokenAgeSeconds), signInAgeSeconds: days(row.signInAgeSeconds) }))],
  () => rows.map(account => {
    const share = account.share;
    const list = counts => ['create', 'poll', 'delete', 'download'].filter(kind => counts[kind])
      .map(kind => number(counts[kind]) + ' ' + kind).join(', ');
    const detail = [sum(account.waiting) ? 'Waiting: ' + list(account.waiting) : 'No calls waiting',
      sum(account.inFlight) ? 'in flight: ' + list(account.inFlight) : ''].filter(Boolean).join(' · ');
    return el('div', { class: 'account' },
      el('div', { class: 'line' }, el('h3', {}, account.name), accountState(account, status.pauses),
        el('span', { class: 'muted end' }, `${account.rate} of ${rate(account.requestsPerSecond)} calls / s`)),
      el('div', { class: 'bar' }, share > 0 && el('i', { 'width%': share, color: 'var(--waiting)' })),
      el('p', { class: 'muted' }, detail),
      account.refreshTokenAgeSeconds !== undefined && el('p', { class: 'muted' },
        `Refresh token used ${days(account.refreshTokenAgeSeconds)} d ago, expires after 90 d`
        + (account.signInAgeSeconds === undefined ? '' : ` · signed in ${days(account.signInAgeSeconds)} d ago`)),
      account.refusedShare && el('p', { class: 'muted' },
        Math.round(account.refusedShare * 100) + ' % of the calls refused: multi-factor authentication is required'),
      account.problem && note('bad', '', account.problem.message, account.problem.remedy));
  }));
}
function drawFlow(status) {
  const { commits, totals, intakePauses } = status;
  const facts = [
    ['Commits', number(totals.commits)], ['Records committed', number(totals.recordsCommitted)],
    ['Records in the next batch', number(commits.recordsGathering)],
    ['Failed commits', number(totals.commitFailures) +
      (commits.failuresInRow ? `, ${commits.failuresInRow} in a row` : '')],
    ['Jobs accepted', number(totals.accepted)], ['Duplicates', number(totals.duplicates)],
    ['Attempts failed at the service', number(totals.attemptsFailed)],
    ['Retried calls', number(totals.callFailures)], ['Throttled (429)', number(totals.throttled)]
  ];
  const waits = commits.underWaySeconds >= 5 ? Math.floor(commits.underWaySeconds) : 0;
  draw('flow', [facts, intakePauses, waits, status.health.status], () => [
    intakePauses.length
      ? intakePauses.map(pause => note('warn', 'The worker accepts no new jobs.', pause.explanation))
      : status.partitions.some(partition => partition.lifecycle === 'active')
        ? note('good', '', 'The worker accepts new jobs.') : note('', '', 'No partition accepts jobs.'),
    waits ? note('warn', '', 'A commit has been in progress for ' + duration(waits) + '.') : null,
    el('dl', { class: 'facts' }, facts.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]))
  ].flat().filter(Boolean));
}
/* Events with the same reason are one entry, whichever jobs they concern. */
function byReason(incidents) {
  const groups = new Map();
  for (const incident of incidents) {
    const key = [incident.severity, incident.title, incident.text].join('|');
    const group = groups.get(key);
    if (!group) {
      groups.set(key, { ...incident, jobs: incident.job ? [incident.job] : [],
        subjects: incident.subject ? [incident.subject] : [] });
      continue;
    }
    group.count += incident.count;
    if (incident.firstAt < group.firstAt) group.firstAt = incident.firstAt;
    if (incident.job && !group.jobs.includes(incident.job)) group.jobs.push(incident.job);
    if (incident.subject && !group.subjects.includes(incident.subject)) group.subjects.push(incident.subject);
  }
  return [...groups.values()];
}
const few = (items, format) => [items.slice(0, 3).map((item, index) => [index ? ', ' : '', format(item)]),
  items.length > 3 ? ` and ${items.length - 3} more` : ''];
let showsAllIncidents = false;
function drawIncidents(status) {
  const only = $('problems-only').checked;
  const all = byReason(status.recent.filter(incident => !only || incident.severity !== 'notice'));
  const list = showsAllIncidents ? all : all.slice(0, 6);
  $('incidents-more').hidden = all.length <= 6;
  $('incidents-more').textContent = showsAllIncidents ? 'Fewer events' : `All ${all.length} events`;
  draw('incidents', [only, list], () => list.length ? list.map(incident =>
    el('li', { class: incident.severity },
      el('time', { datetime: incident.lastAt, title: incident.lastAt }, dateTime(incident.lastAt)),
      el('div', {}, el('b', {}, incident.title), incident.subjects.length > 0 && [' · ', few(incident.subjects, item => item)],
        incident.jobs.length > 0 && [' · ', few(incident.jobs, jobLink)]),
      incident.count > 1 ? el('span', { class: 'pill times', title: 'since ' + incident.firstAt },
        number(incident.count) + ' ×') : el('span', { class: 'times' }),
      incident.text && el('p', {}, incident.text),
      incident.remedy && el('p', { class: 'remedy' }, incident.remedy))
  ) : el('li', { class: 'empty' }, only ? 'No recent problems.' : 'No recent events.'));
}
