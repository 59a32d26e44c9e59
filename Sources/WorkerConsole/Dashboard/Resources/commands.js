/* Actions, after a sign-in with the console's token. Each one shows what it does before it acts. */
let session = { isEnabled: false, isSignedIn: false };
const selected = new Set();
async function request(path, method, body) {
  try {
    const answer = await fetch(path, { method, headers: { 'X-Payout-Action': '1', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body) });
    const content = await answer.json();
    if (answer.status === 401 && session.isSignedIn) await loadSession();
    return answer.ok ? { content } : { error: content.error + ' ' + content.remedy };
  } catch {
    return { error: 'The worker does not answer.' };
  }
}
async function loadSession() {
  try {
    const answer = await fetch('api/session', { cache: 'no-store' });
    if (answer.ok) session = await answer.json();
  } catch { /* The page shows elsewhere that the worker does not answer. */ }
  $('sign-in').hidden = !session.isEnabled || session.isSignedIn;
  $('sign-out').hidden = !session.isSignedIn;
  document.body.classList.toggle('acts', session.isSignedIn);
  drawSelection();
}
/* Asks before an action. `perform` gets the form's values, and whether this question is still open; it returns an error, or
   nothing. What it returns after that concerns no other question. */
let asked = 0;
function ask(title, content, confirm, perform) {
  const form = $('act-form'), id = ++asked;
  const isCurrent = () => id === asked && $('act').open;
  $('act-title').textContent = title;
  $('act-text').replaceChildren(...[content].flat());
  $('act-error').textContent = '';
  $('act-confirm').textContent = confirm;
  $('act-confirm').disabled = false;
  form.onsubmit = async event => {
    event.preventDefault();
    $('act-confirm').disabled = true;
    $('act-error').textContent = '';
    const error = await perform(Object.fromEntries(new FormData(form)), isCurrent);
    if (!isCurrent()) return;
    $('act-confirm').disabled = false;
    $('act-error').textContent = error || '';
    if (!error) $('act').close();
  };
  $('act').showModal();
}
const labelled = (label, input) => el('label', {}, label, input);
const listed = ids => el('p', {}, ids.slice(0, 10).join(', ') + (ids.length > 10 ? ` and ${number(ids.length - 10)} more` : ''));
/* Cancels or retries jobs, one after the other, until the question is closed; returns what failed. */
async function change(action, ids, isCurrent) {
  const errors = [];
  for (const id of ids) {
    if (!isCurrent()) break;
    const { error } = await request('api/jobs/' + encodeURIComponent(id) + '/' + action, 'POST');
    if (error) errors.push(id + ': ' + error); else selected.delete(id);
  }
  drawSelection();
  return errors.join(' ');
}
const EFFECTS = {
  cancel: 'Jobs that have not finished end as cancelled, and their exports are deleted. Others do not change.',
  retry: 'Each job that failed or was cancelled is enqueued again under a new id. Others do not change.'
};
function askChange(action, ids) {
  const name = action === 'cancel' ? 'Cancel' : 'Retry';
  ask(`${name} ${plural(ids.length, 'job')}?`, [listed(ids), el('p', { class: 'muted' }, EFFECTS[action])],
    name + (ids.length === 1 ? ' job' : ' jobs'),
    (values, isCurrent) => change(action, ids, isCurrent));
}
function actionButton(text, act) {
  const button = el('button', { type: 'button' }, text);
  button.addEventListener('click', act);
  return button;
}
function jobActions(job) {
  if (!session.isSignedIn || job.status === 'rejected') return null;
  const action = job.phase !== 'finished' ? 'cancel' : ['failed', 'cancelled'].includes(job.status) ? 'retry' : null;
  return action && el('p', { class: 'buttons' }, actionButton(action === 'cancel' ? 'Cancel job' : 'Retry job',
    () => askChange(action, [job.jobId])));
}
/* The list's selection. */
function selectBox(job) {
  const box = el('input', { type: 'checkbox', 'aria-label': 'Select ' + job.jobId, checked: selected.has(job.jobId) && '' });
  box.addEventListener('change', () => {
    if (box.checked) selected.add(job.jobId); else selected.delete(job.jobId);
    drawSelection();
  });
  return el('td', { class: 'act' }, box);
}
function drawSelection() {
  $('selection').hidden = !session.isSignedIn || selected.size === 0;
  $('selection-note').textContent = plural(selected.size, 'job') + ' selected';
}
$('cancel-selected').addEventListener('click', () => askChange('cancel', [...selected]));
$('retry-selected').addEventListener('click', () => askChange('retry', [...selected]));
/* Pauses of an account. */
async function pauseEffect(account, calls) {
  const query = new URLSearchParams({ state: calls ? 'open' : 'accepted,submitting', account, limit: 200 });
  const { content } = await request('api/jobs?' + query, 'GET');
  const jobs = content ? plural(content.jobs.length, 'open job') + (content.next || content.missing.length ? ' or more' : '')
    : 'an unknown number of jobs';
  return `Holds back the submissions${calls ? ', polls and downloads' : ''} of ${jobs}, and of jobs that are enqueued meanwhile. Deadlines continue to run.`;
}
async function askPause(account) {
  const before = asked;
  const effect = el('p', {}, await pauseEffect(account, false));
  if (asked !== before || $('act').open) return;
  const calls = el('input', { type: 'checkbox', name: 'calls' });
  calls.addEventListener('change', async () => {
    const isChecked = calls.checked, text = await pauseEffect(account, isChecked);
    if (calls.checked === isChecked) effect.textContent = text;
  });
  const choice = [[3600, '1 hour'], [28800, '8 hours'], [86400, '24 hours'], [0, 'until it is resumed']];
  ask(`Pause account '${account}'?`, [
    effect,
    labelled('For', el('select', { name: 'seconds' }, choice.map(([value, text]) => el('option', { value }, text)))),
    labelled('Reason', el('input', { name: 'reason', maxlength: 100, autocomplete: 'off' })),
    el('label', { class: 'switch' }, calls, ' polls and downloads too')
  ], 'Pause', async values => {
    const seconds = Number(values.seconds);
    const until = seconds ? new Date(Date.now() + seconds * 1000).toISOString() : undefined;
    const { error } = await request('api/pause', 'POST', { account, until, reason: values.reason || undefined,
      calls: values.calls === 'on' });
    return error;
  });
}
function askResume(account) {
  ask(`Resume account '${account}'?`, el('p', {}, 'Ends the pauses of this account. A pause of all accounts continues.'), 'Resume',
    async () => (await request('api/resume', 'POST', { account })).error);
}
function accountActions(account, pauses) {
  if (!session.isSignedIn) return null;
  const isPaused = pauses.some(pause => pause.account === account);
  return el('p', { class: 'buttons' }, actionButton('Pause', () => void askPause(account)),
    isPaused && actionButton('Resume', () => askResume(account)));
}
/* The sign-in. */
$('sign-in').addEventListener('click', () => ask('Sign in to act', [
  // Password managers want a name.
  el('input', { name: 'user', autocomplete: 'username', value: 'console', hidden: '' }), labelled('Token (HTTP_ADMIN_TOKEN)', el('input',
  { name: 'token', type: 'password', autocomplete: 'current-password', required: '' }))], 'Sign in', async values => {
  const { error } = await request('api/session', 'POST', { token: values.token });
  if (!error) await loadSession();
  return error;
}));
$('sign-out').addEventListener('click', async () => {
  await request('api/session', 'DELETE');
  selected.clear();
  await loadSession();
});
$('act-close').addEventListener('click', () => $('act').close());
