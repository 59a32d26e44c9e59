let newest = null, receivedAt = 0, polling = null, isSilent = false;
function show(status) {
  newest = status;
  receivedAt = Date.now();
  isSilent = false;
  connection();
  const grown = remember(status);
  drawHealth(status);
  drawTiles(status);
  drawOldest(status);
  drawPartitions(status);
  drawAccounts(status);
  drawFlow(status);
  drawIncidents(status);
  if (grown) drawCharts(status);
}
/* A status comes every second. Without one, what the page shows is old, and it says so. */
function connection() {
  const age = (Date.now() - receivedAt) / 1000;
  const isLive = receivedAt > 0 && !isSilent && age < (polling ? 8 : 4);
  $('live').className = 'live ' + (isLive ? 'on' : 'off');
  const text = isLive ? (polling ? 'polling' : 'live') : receivedAt ? 'no answer for ' + duration(age) : 'no answer';
  draw($('live').lastChild, text, () => text);
  document.body.classList.toggle('stale', !isLive);
  if (isLive) return;
  for (const part of ['fleet-health', 'health']) document.getElementById(part).dataset.health = 'unknown';
  for (const part of ['fleet', 'health']) {
    draw(part + '-title', 'stale', () => 'This worker does not answer');
    draw(part + '-text', 'stale', () => receivedAt ? 'What the page shows was true before.' : '');
  }
  document.title = '✕ Payout export workers';
}
async function load() {
  try {
    const answer = await fetch('api/status', { cache: 'no-store' });
    const status = await answer.json();
    panels = status.panels || {};
    for (const [id, panel] of [['c1', 'openJobs'], ['c2', 'finished'], ['c3', 'calls'], ['o1', 'oldest']]) {
      draw(id + '-panel', panels, () => panelLink(panel, $(id).textContent) || []);
    }
    if (status.history && !past.at.length) restore(status.history);
    show(status);
    drawCharts(status);
  } catch {
    isSilent = true;
    connection();
  }
}
function listen() {
  const stream = new EventSource('api/events');
  stream.addEventListener('status', event => {
    clearInterval(polling);
    polling = null;
    show(JSON.parse(event.data));
  });
  stream.addEventListener('error', () => {
    isSilent = true;
    connection();
    if (stream.readyState !== EventSource.CLOSED) return;
    polling = polling || setInterval(load, 3000);
    setTimeout(listen, 30000);
  });
}
$('problems-only').addEventListener('change', () => { if (newest) drawIncidents(newest); });
$('incidents-more').addEventListener('click', () => {
  showsAllIncidents = !showsAllIncidents;
  if (newest) drawIncidents(newest);
});
new ResizeObserver(() => { if (newest) drawCharts(newest); }).observe($('main'));
setInterval(connection, 1000);
load().then(listen);
void loadSession();
navigate();
