let jobTimer = null;
function step(name, at, before, state) {
  const waited = at && before ? 'after ' + duration((Date.parse(at) - Date.parse(before)) / 1000) : '';
  return el('li', { class: state }, el('b', {}, name), at ? dateTime(at) : '–', el('small', {}, waited));
}
function jobView(job) {
  const times = job.times, over = job.phase === 'finished', good = job.status === 'completed';
  const marks = [['Accepted', times.accepted], ['Submitted', times.submitted, times.accepted],
    ['Ready', times.ready, times.submitted], [over ? job.status[0].toUpperCase() + job.status.slice(1) :
      'Finished', times.finished, times.ready || times.submitted || times.accepted]];
  const next = marks.findIndex(mark => !mark[1]);
  const facts = [['State', job.phase + (job.status ? ', ' + job.status : '')], ['Kind', job.kind],
    ['Account', job.account], ['Filter', job.filter || 'none: all rows'], ['Format', job.fileFormat],
    ['Attempt', job.attempt + ' of ' + job.maxAttempts], ['Request id', job.requestId || '–'],
    ['Not before', job.notBefore && dateTime(job.notBefore)],
    ['Deadline', job.deadline && dateTime(job.deadline)], ['Location', job.location],
    ['Record', `partition ${job.partition}, offset ${plain.format(job.offset)}`]];
  const files = job.files.map(file => [['File', file.fileName], ['Location', file.location],
    ['Stored', file.stored ? 'in the file store' : 'at the service'],
    ['Size', file.sizeBytes !== undefined && bytes(file.sizeBytes).join(' ')],
    ['SHA-256', file.sha256], ['Expires', file.expiresAt && dateTime(file.expiresAt)]]);
  const table = rows => el('dl', { class: 'facts' }, rows.filter(row => row[1])
    .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
  return [
    el('ol', { class: 'steps' }, marks.map(([name, at, before], index) => step(name, at, before,
      index === 3 && over && !good ? 'failed' : at ? 'done' : index === next && !over ? 'now' : ''))),
    job.error && note('bad', job.error.code + '.', job.error.message, job.error.remedy),
    job.error && job.error.details.length && table(job.error.details.map(item => [item.field, item.message])),
    table(facts), ...files.map(table)
  ].filter(Boolean);
}
async function showJob(id) {
  clearTimeout(jobTimer);
  if (jobId() !== id) return;
  let view, document = null;
  try {
    const answer = await fetch('api/jobs/' + encodeURIComponent(id), { cache: 'no-store' });
    document = await answer.json();
    view = answer.ok ? () => jobView(document) : () => note('warn', '', document.error, document.remedy);
  } catch {
    view = () => note('bad', '', 'The worker does not answer.', 'The page retries every 2 seconds.');
  }
  if (jobId() !== id) return;
  draw('job-title', id, () => id);
  draw('job-body', [id, document], view);
  if (!$('job').open) $('job').showModal();
  jobTimer = setTimeout(showJob, 2000, id);
}
function jobId() {
  const match = /^#\/jobs\/(.+)$/.exec(location.hash);
  if (!match) return null;
  try { return decodeURIComponent(match[1]); } catch { return match[1]; }
}
function route() {
  const id = jobId();
  if (id) return void showJob(id);
  clearTimeout(jobTimer);
  if ($('job').open) $('job').close();
}
$('job').addEventListener('close', () => {
  if (jobId()) history.pushState(null, '', location.pathname + location.search);
});
$('job').addEventListener('click', event => { if (event.target === $('job')) $('job').close(); });
$('job-close').addEventListener('click', () => $('job').close());
$('find').addEventListener('submit', event => {
  event.preventDefault();
  const id = $('find-id').value.trim();
  if (id) location.hash = '#/jobs/' + encodeURIComponent(id);
});
addEventListener('hashchange', route);
