function drawOldest(status) {
  const total = openJobs(status.jobs);
  const jobs = status.oldest.slice(0, 4);
  const notes = [total > jobs.length && jobs.length ? 'of ' + number(total) + ' open jobs' : '',
    status.lateJobs ? plural(status.lateJobs, 'job') + ' near the deadline' : ''].filter(Boolean);
  draw('oldest-note', notes, () => notes.join(' · '));
  const names = Object.fromEntries(PHASES);
  const rows = jobs.map(job => {
    const left = job.deadline ? (Date.parse(job.deadline) - Date.parse(status.at)) / 1000 : null;
    const used = left === null ? 0 : job.ageSeconds / Math.max(1, job.ageSeconds + left);
    return { ...job, age: duration(job.ageSeconds), left: left === null ? '' : left > 0 ?
      duration(left) + ' left' : 'deadline passed', isLate: used >= .8 && job.phase !== 'accepted' };
  });
  const none = total ? 'Loading …' : 'No job is open.';
  draw('oldest', [none, rows.map(({ ageSeconds, ...row }) => row)], () => rows.length ? rows.map(job =>
    el('li', {},
      el('div', { class: 'who' }, jobLink(job.jobId), el('p', { class: 'muted' },
        [job.account, job.kind, job.attempt > 1 ? 'attempt ' + job.attempt : '',
          'partition ' + job.partition].filter(Boolean).join(' · '))),
      el('div', { class: 'what' }, el('span', { class: 'state', '--c': `var(--${job.phase})` },
        names[job.phase]), el('p', { class: 'muted' }, 'Waits for ' + job.waitsFor + '.')),
      el('div', { class: 'age' }, el('b', {}, job.age),
        el('p', { class: job.isLate ? 'late' : 'muted' }, job.left)))
  ) : el('li', { class: 'empty' }, none));
}
