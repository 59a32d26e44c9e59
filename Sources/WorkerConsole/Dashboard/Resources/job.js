let jobTimer = null;
function step(name, at, before, state) {
  // An adopted export can be older than its job.
  const waited = at && before && at >= before ? 'after ' + duration((Date.parse(at) - Date.parse(before)) / 1000) : '';
  return el('li', { class: state }, el('b', {}, name), at ? dateTime(at) : '–', el('small', {}, waited));
}
function copyButton(text) {
  const button = el('button', { type: 'button', 'aria-label': 'Copy: ' + text }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      // Without TLS, browsers give pages no clipboard: the command is selected instead.
      getSelection().selectAllChildren(button.previousSibling);
    }
  });
  return button;
}
function jobView(job) {
  const times = job.times, over = job.phase === 'finished', good = job.status === 'completed';
  const marks = [['Accepted', times.accepted], ['Submitted', times.submitted, times.accepted],
    ['Ready', times.ready, times.submitted], [over ? job.status[0].toUpperCase() + job.status.slice(1) :
      'Finished', times.finished, times.ready || times.submitted || times.accepted]];
  const next = marks.findIndex(mark => !mark[1]);
  const isRecord = job.status === 'rejected';
  const metadata = Object.entries(job.metadata || {}).map(([name, value]) => [name, value]);
  const facts = [['State', job.phase + (job.status ? ', ' + job.status : '')], ['Kind', job.kind],
    ['Account', job.account], ['Filter', !isRecord && (job.filter || 'none: all rows')], ['Format', job.fileFormat],
    ['Attempt', !isRecord && job.attempt + ' of ' + job.maxAttempts], ['Request id', !isRecord && (job.requestId || '–')],
    ['Failures of the present call', job.failures > 0 && number(job.failures)],
    ['Not before', job.notBefore && dateTime(job.notBefore)],
    ['Deadline', job.deadline && dateTime(job.deadline) + (job.isLate ? ', near' : '')], ['Location', job.location],
    ['Record', `partition ${job.partition}, offset ${plain.format(job.offset)}`], ['Worker', job.worker]];
  const files = job.files.map(file => [['File', file.fileName], ['Location', file.location],
    ['Stored', file.stored ? 'in the file store' : 'at the service'],
    ['Size', file.sizeBytes !== undefined && bytes(file.sizeBytes).join(' ')],
    ['SHA-256', file.sha256], ['Expires', file.expiresAt && dateTime(file.expiresAt)]]);
  const part = (title, content) => [el('h3', {}, title), content];
  const table = rows => el('dl', { class: 'facts' }, rows.filter(row => row[1])
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
  return [
    el('ol', { class: 'steps' }, marks.map(([name, at, before], index) => step(name, at, before,
      index === 3 && over && !good ? 'failed' : at ? 'done' : index === next && !over ? 'now' : ''))),
    jobActions(job),
    job.error && note('bad', job.error.code + '.', job.error.message, job.error.remedy),
    job.error && job.error.details.length && table(job.error.details.map(item => [item.field, item.message])),
    job.wait && note(job.wait.remedy ? 'warn' : '', 'Waits for', job.wait.message + (job.wait.until ? ' (' +
      dateTime(job.wait.until) + ')' : '') + '.', job.wait.remedy),
    table(facts), files.length > 0 && part('Files', files.map(table)), metadata.length > 0 && part('Metadata', table(metadata)),
    job.events.length > 0 && part('Recent events', el('ul', { class: 'events' }, job.events.map(event => el('li', {},
      el('time', {}, dateTime(event.at)), el('div', {}, el('b', {}, event.title),
        event.count > 1 && ` ${number(event.count)} ×`, event.text && el('p', { class: 'muted' }, event.text)))))),
    job.commands.length > 0 && part('Commands', el('ul', { class: 'commands' }, job.commands.map(command => el('li', {},
      el('code', {}, command), copyButton(command)))))
  ].flat().filter(Boolean);
}
async function showJob(id) {
  clearTimeout(jobTimer);
  if (route().job !== id) return;
  let view, document = null;
  try {
    const answer = await fetch('api/jobs/' + encodeURIComponent(id), { cache: 'no-store' });
    document = await answer.json();
    view = answer.ok ? () => jobView(document) : () => note('warn', '', document.error, document.remedy);
  } catch {
    view = () => note('bad', '', 'The worker does not answer.', 'The page retries every 2 seconds.');
  }
  if (route().job !== id) return;
  draw('job-title', id, () => id);
  draw('job-body', [id, document, session.isSignedIn], view);
  jobTimer = setTimeout(showJob, 2000, id);
}
$('find').addEventListener('submit', event => {
  event.preventDefault();
  const id = $('find-id').value.trim();
  if (id) location.hash = '#/jobs/' + encodeURIComponent(id);
});
