extension Dashboard {
    /// The dialog that shows one job; its address is `#/jobs/{jobId}`.
    static let job = #"""
        let jobTimer = null;
        function step(name, at, before, state) {
          const waited = at && before ? 'after ' + duration((Date.parse(at) - Date.parse(before)) / 1000) : '';
          return el('li', { class: state }, el('b', {}, name), at ? moment(at) : '–', el('small', {}, waited));
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
            ['Not before', job.notBefore && moment(job.notBefore)],
            ['Deadline', job.deadline && moment(job.deadline)], ['Location', job.location],
            ['Record', `partition ${job.partition}, offset ${plain.format(job.offset)}`]];
          const files = job.files.map(file => [['File', file.fileName], ['Location', file.location],
            ['Stored', file.stored ? 'in the file store' : 'at the service'],
            ['Size', file.sizeBytes !== undefined && bytes(file.sizeBytes).join(' ')],
            ['SHA-256', file.sha256], ['Expires', file.expiresAt && moment(file.expiresAt)]]);
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
            view = () => note('bad', '', 'The worker does not answer.', 'It is tried again.');
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

        """#

    /// The stream of statuses, and polling where there is none to be had.
    static let live = #"""
        let newest = null, heard = 0, polling = null;
        function show(status) {
          newest = status;
          heard = Date.now();
          const grown = remember(status);
          drawVerdict(status);
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
          const age = (Date.now() - heard) / 1000;
          const isLive = heard > 0 && age < 6;
          $('live').className = 'live ' + (isLive ? 'on' : 'off');
          const text = isLive ? (polling ? 'polling' : 'live') : heard ? 'no answer for ' + duration(age) : 'no answer';
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
        """#
}
