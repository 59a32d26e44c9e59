/* The state of all workers together. */
let fleetTimer = null;
function drawMembers(fleet) {
  draw('members-note', [fleet.members.length, fleet.partitionCount], () =>
    plural(fleet.members.length, 'worker') + ', ' + plural(fleet.partitionCount, 'partition'));
  const rows = fleet.members.map(member => ({ ...member,
    uptimeSeconds: member.uptimeSeconds === undefined ? undefined : duration(member.uptimeSeconds) }));
  const figure = value => value === undefined ? '–' : number(value);
  draw($('members').tBodies[0], rows, () => rows.map(member => el('tr', { class: member.isAnswering ? '' : 'silent' },
    el('td', {}, member.worker, el('p', { class: 'muted' }, [member.isThisWorker ? 'this worker' : member.address,
      member.version && 'version ' + member.version, member.uptimeSeconds && 'up for ' + member.uptimeSeconds]
      .filter(Boolean).join(' · '))),
    el('td', {}, el('span', { class: 'pill ' + (!member.isAnswering ? 'bad' : { ready: 'good', degraded: 'warn',
      notReady: 'bad' }[member.status]) }, member.isAnswering ? HEALTH[member.status].toLowerCase() : 'no answer')),
    el('td', {}, member.partitions.length ? member.partitions.slice(0, 16).join(', ') +
      (member.partitions.length > 16 ? ', …' : '') : 'none'),
    el('td', { class: 'num' }, figure(member.openJobs)),
    el('td', { class: 'num' }, member.rates ? rate(member.rates.finishedPerMinute) : '–'),
    el('td', { class: 'num' }, member.rates ? rate(member.rates.callsPerSecond) : '–'),
    el('td', { class: 'num' }, figure(member.lag)))));
}
function drawFleetAccounts(fleet) {
  const days = seconds => seconds === undefined ? undefined : Math.floor(seconds / 86400);
  const rows = fleet.accounts.map(account => ({ ...account,
    refreshTokenAgeSeconds: days(account.refreshTokenAgeSeconds), signInAgeSeconds: days(account.signInAgeSeconds) }));
  draw('account-names', rows.map(account => account.name), () =>
    rows.map(account => el('option', { value: account.name })));
  draw('fleet-accounts', [rows, fleet.pauses, session.isSignedIn], () => rows.length ? rows.map(account => el('div', { class: 'account' },
    el('div', { class: 'line' }, el('h3', {}, el('a', { href: jobsAddress({ state: 'open', account: account.name }) },
      account.name)), accountState(account, fleet.pauses), el('span', { class: 'muted end' },
      plural(account.waiting, 'waiting call') + ' · ' + rate(account.requestsPerSecond) + ' calls / s permitted')),
    account.refreshTokenAgeSeconds !== undefined && el('p', { class: 'muted' },
      `Refresh token used ${account.refreshTokenAgeSeconds} d ago, expires after 90 d`
      + (account.signInAgeSeconds === undefined ? '' : ` · signed in ${account.signInAgeSeconds} d ago`)),
    accountActions(account.name, fleet.pauses),
    account.problem && note('bad', 'Paused by ' + account.pausedBy.join(', ') + '.', account.problem.message,
      account.problem.remedy))) : el('p', { class: 'empty' }, 'No worker has reported its accounts.'));
}
function drawFleet(fleet) {
  const { totals } = fleet;
  $('fleet-health').dataset.health = fleet.status;
  document.title = ({ ready: '', degraded: '△ ', notReady: '✕ ' })[fleet.status] + 'Payout export workers';
  draw('fleet-title', [fleet.status, fleet.isPartial], () => HEALTH[fleet.status] + (fleet.isPartial ? ', partial' : ''));
  const answers = fleet.members.filter(member => member.isAnswering).length;
  const facts = [`${answers} of ${plural(fleet.members.length, 'worker')} ${answers === 1 ? 'answers' : 'answer'}`,
    fleet.isPartial ? 'figures are of those workers only' : ''].filter(Boolean);
  draw('fleet-text', facts, () => facts.join(' · '));
  draw('attention', fleet.attention, () => fleet.attention.map(item => el('li', {}, note(
    item.severity === 'blocking' ? 'bad' : 'warn', item.workers.length ? few(item.workers, name => name).flat(9).join('') + ':' : '',
    item.message, item.remedy))));
  const budget = fleet.accounts.reduce((total, account) => total + account.requestsPerSecond, 0);
  const bad = totals.failed + totals.rejected;
  const { callsPerSecond, finishedPerMinute } = totals.rates;
  draw('fleet-tiles', [totals, budget, answers, fleet.members.length, panels], () => [
    tile('Open jobs', number(totals.openJobs), '', number(totals.jobs.finished || 0) + ' finished jobs kept',
      { href: jobsAddress({ state: 'open' }), panel: 'openJobs' }),
    tile('Near the deadline', number(totals.lateJobs), '', 'of the open jobs',
      { class: totals.lateJobs ? 'bad' : '', href: jobsAddress({ state: 'late' }), panel: 'lateJobs' }),
    tile('Finished', rate(finishedPerMinute), '/ min', number(totals.completed) + ' completed so far',
      { href: jobsAddress({ state: 'finished' }), panel: 'finished' }),
    tile('API calls', rate(callsPerSecond), '/ s of ' + rate(budget), 'budget of all accounts', { panel: 'calls', bar: el('div',
      { class: 'bar' }, budget > 0 && callsPerSecond > 0 && el('i', { 'width%': Math.min(100, callsPerSecond / budget * 100),
        color: 'var(--waiting)' })) }),
    tile('Failed or rejected', number(bad), '', plural(totals.deadLetters, 'dead letter'),
      { class: bad + totals.deadLetters > 0 ? 'bad' : '', href: jobsAddress({ state: 'failed,rejected' }),
        panel: 'failures' }),
    tile('Lag', number(totals.lag), '', 'records that no worker has read', { panel: 'lag' })
  ]);
  drawMembers(fleet);
  drawFleetAccounts(fleet);
}
async function showFleet() {
  clearTimeout(fleetTimer);
  if (route().view !== 'fleet') return;
  try {
    const answer = await fetch('api/fleet', { cache: 'no-store' });
    if (answer.ok) drawFleet(await answer.json());
  } catch { /* The page shows elsewhere that the worker does not answer. */ }
  /* This answer may have been on its way when the worker went silent: the notice of that stays. */
  if (document.body.classList.contains('stale')) connection();
  fleetTimer = setTimeout(showFleet, 2000);
}
