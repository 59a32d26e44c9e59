let newest = null, receivedAt = 0, polling = null;
function show(status) {
  newest = status;
  receivedAt = Date.now();
  const grown = remember(status);
  drawHealth(status);
  drawTiles(status);
  drawOldest(status);
  drawPartitions(status);
  drawAccounts(status);
  drawFlow(status);
  drawIncidents(status);
  if (grown) drawCharts(status);
  connection();
}
function connection() {
  const age = (Date.now() - receivedAt) / 1000;
  const isLive = receivedAt > 0 && age < 6;
  $('live').className = 'live ' + (isLive ? 'on' : 'off');
  const text = isLive ? (polling ? 'polling' : 'live') : receivedAt ? 'no answer for ' + duration(age) : 'no answer';
  draw($('live').lastChild, text, () => text);
}
async function load() {
  try {
    const answer = await fetch('api/status', { cache: 'no-store' });
    const status = await answer.json();
    if (status.history && !past.at.length) {
      const { at, jobs, completed, otherEnds, calls } = status.history;
      past = { at, jobs, completed, otherEnds, calls };
    }
    show(status);
    drawCharts(status);
  } catch { connection(); }
}
function listen() {
  const stream = new EventSource('api/events');
  stream.addEventListener('status', event => {
    clearInterval(polling);
    polling = null;
    show(JSON.parse(event.data));
  });
  stream.addEventListener('error', () => {
    connection();
    if (stream.readyState !== EventSource.CLOSED) return;
    polling = polling || setInterval(load, 3000);
    setTimeout(listen, 30000);
  });
}
$('problems-only').addEventListener('change', () => { if (newest) drawIncidents(newest); });
new ResizeObserver(() => { if (newest) drawCharts(newest); }).observe($('main'));
setInterval(connection, 2000);
load().then(listen);
route();
