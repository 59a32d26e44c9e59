/* The address says which view is shown: #/, #/jobs?state=open, #/jobs/{jobId} or #/worker. */
const TITLES = { fleet: 'fleet-title', jobs: 'jobs-title', job: 'job-title', worker: 'health-title' };
let shownView = null, jobsFilter = 'state=open';
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  if (path === 'worker') return { view: 'worker' };
  if (path === 'jobs') return { view: 'jobs', filter: new URLSearchParams(query === undefined ? 'state=open' : query) };
  const match = /^jobs\/(.+)$/.exec(path);
  if (!match) return { view: 'fleet' };
  try { return { view: 'job', job: decodeURIComponent(match[1]) }; } catch { return { view: 'job', job: match[1] }; }
}
function navigate() {
  const place = route();
  for (const view of Object.keys(TITLES)) document.getElementById('view-' + view).hidden = view !== place.view;
  [...$('views').children].forEach((link, index) => {
    const isShown = [['fleet'], ['jobs', 'job'], ['worker']][index].includes(place.view);
    if (isShown) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  });
  clearTimeout(jobTimer);
  if (place.view === 'jobs') {
    jobsFilter = place.filter.toString();
    void showJobs(place.filter);
  } else {
    jobList = null;
  }
  if (place.view === 'fleet') void showFleet();
  if (place.view === 'worker' && newest) drawCharts(newest);
  if (place.view === 'job') {
    $('job-back').href = '#/jobs?' + jobsFilter;
    draw('job-title', place.job, () => place.job);
    void showJob(place.job);
  }
  // A screen reader continues at the new view's title; the first view keeps the page's beginning.
  if (shownView !== null && shownView !== place.view) {
    document.getElementById(TITLES[place.view]).focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  shownView = place.view;
}
addEventListener('hashchange', navigate);
