/* The list of jobs. Its filters are in the address, so that a list can be linked to and found again. */
const NAMES = { ...Object.fromEntries(PHASES), late: 'near the deadline' };
const PAGE = 50;
let jobList = null;
function stateOf(job) {
  return el('span', { class: 'state', '--c': `var(--${['failed', 'rejected'].includes(job.state) ? 'bad' :
    PHASES.some(([phase]) => phase === job.state) ? job.state : 'finished'})` }, NAMES[job.state] || job.state);
}
function jobReason(job) {
  if (job.error) return el('p', {}, el('b', {}, job.error.code), ' ', job.error.message);
  if (job.wait) return el('p', {}, 'Waits for ' + job.wait.message + '.');
  return el('p', { class: 'muted' }, job.finishedAt ? 'Finished ' + dateTime(job.finishedAt) : '');
}
function jobRow(job) {
  return el('tr', {}, selectBox(job),
    el('td', { class: 'name' }, jobLink(job.jobId), job.metadata && el('p', { class: 'muted' },
      Object.entries(job.metadata).slice(0, 3).map(([name, value]) => name + ' ' + value).join(' · '))),
    el('td', {}, stateOf(job), job.attempt > 1 && el('p', { class: 'muted' }, 'attempt ' + job.attempt)),
    el('td', {}, job.account || '–', el('p', { class: 'muted' }, job.kind || '')),
    el('td', { class: 'num' }, duration(job.ageSeconds), job.isLate && el('p', { class: 'late' }, 'late')),
    el('td', { class: 'why' }, jobReason(job)));
}
/* Partitions that are missing for the same reason are one part, whatever number of pages lacks them. */
function mergedMissing(parts) {
  const merged = new Map();
  for (const part of parts) {
    const known = merged.get(part.message)?.partitions || [];
    const partitions = [...new Set([...known, ...part.partitions])].sort((left, right) => left - right);
    merged.set(part.message, { ...part, partitions });
  }
  return [...merged.values()];
}
function missingNote(part) {
  const some = part.partitions.slice(0, 20).join(', ') + (part.partitions.length > 20 ? ', …' : '');
  const list = some && ` Missing: ${part.partitions.length === 1 ? 'partition' : 'partitions'} ${some}.`;
  return note('warn', 'Partial list.', part.message + list, part.remedy);
}
function drawJobs() {
  // The list comes in the order of partitions; people look for the oldest.
  const rows = jobList.jobs.slice().sort((left, right) => right.ageSeconds - left.ageSeconds);
  const notes = [jobList.isBusy ? 'searching …' : '', plural(rows.length, 'job') + (jobList.next ? ' so far' : ''),
    jobList.missing.length ? 'partial' : '', jobList.problem ? '' : 'oldest first'].filter(Boolean);
  draw('jobs-note', notes, () => notes.join(' · '));
  draw('jobs-missing', [jobList.problem, jobList.missing], () => [
    jobList.problem && note('bad', '', jobList.problem.error, jobList.problem.remedy),
    ...jobList.missing.map(missingNote)].filter(Boolean));
  const body = $('jobs').tBodies[0];
  const shownRows = rows.map(({ ageSeconds, ...job }) => [job, duration(ageSeconds)]);
  draw(body, [shownRows, jobList.isBusy], () => rows.length ? rows.map(jobRow) : el('tr', {}, el('td', { colspan: 6,
    class: 'empty' }, jobList.isBusy ? 'Searching …' : jobList.problem ? 'No answer.' : 'No job has these properties.')));
  $('jobs-more').hidden = !jobList.next || jobList.isBusy;
}
async function fetchJobs(filter, cursor) {
  const query = new URLSearchParams([...filter].filter(([, value]) => value));
  query.set('limit', PAGE);
  if (cursor) query.set('cursor', cursor);
  const answer = await fetch('api/jobs?' + query, { cache: 'no-store' });
  const page = await answer.json();
  return answer.ok ? page : { problem: page, jobs: [], missing: [] };
}
/* Loads pages until there are enough jobs. Where few match, one page may have none although the list continues. */
async function loadJobs(mine, more) {
  const wanted = mine.jobs.length + (more ? PAGE : 1);
  mine.isBusy = true;
  drawJobs();
  do {
    let page;
    try {
      page = await fetchJobs(mine.filter, mine.next);
    } catch {
      page = { problem: { error: 'The worker does not answer.', remedy: 'Choose Filter to try again.' },
        jobs: [], missing: [] };
    }
    if (jobList !== mine) return;
    mine.pages += 1;
    mine.jobs.push(...page.jobs);
    mine.problem = page.problem || null;
    mine.missing = mergedMissing([...mine.missing, ...page.missing]);
    mine.next = page.next;
    drawJobs();
  } while (mine.next && mine.jobs.length < wanted);
  mine.isBusy = false;
  drawJobs();
}
function showJobs(filter) {
  for (const field of $('filters').elements) if (field.name) field.value = filter.get(field.name) ?? '';
  const kept = $('filters').elements.state;
  // A combination of states that the form does not offer, as in links of charts.
  if (filter.get('state') && kept.value !== filter.get('state')) {
    kept.append(el('option', { value: filter.get('state') }, filter.get('state').replaceAll(',', ', ')));
    kept.value = filter.get('state');
  }
  selected.clear();
  drawSelection();
  jobList = { filter, pages: 0, jobs: [], missing: [], next: null, problem: null, isBusy: false };
  return loadJobs(jobList, true);
}
function applyFilter() {
  const filter = new URLSearchParams([...new FormData($('filters'))].filter(([name, value]) => value || name === 'state'));
  const address = jobsAddress(filter);
  if (location.hash === address) void showJobs(filter);
  else location.hash = address;
}
$('filters').addEventListener('submit', event => {
  event.preventDefault();
  applyFilter();
});
$('filters').addEventListener('change', applyFilter);
$('jobs-more').addEventListener('click', () => void loadJobs(jobList, true));
/* A list that shows only its first page is kept fresh. */
async function refreshJobs() {
  const mine = jobList;
  const isWanted = () => jobList === mine && !mine.isBusy && mine.pages === 1;
  if (!mine || !isWanted() || mine.isRefreshing || $('view-jobs').hidden || document.hidden) return;
  mine.isRefreshing = true;
  try {
    const page = await fetchJobs(mine.filter);
    if (!isWanted()) return;
    Object.assign(mine, { jobs: page.jobs, missing: mergedMissing(page.missing), next: page.next, problem: page.problem || null });
    drawJobs();
  } catch {
    // The page already says that the worker does not answer.
  } finally {
    mine.isRefreshing = false;
  }
}
setInterval(refreshJobs, 5000);
