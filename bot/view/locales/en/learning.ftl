## The poet that learns: what administrators see of fine-tunings and versions.
## Figures and versions come as text; { $... } is escaped already.

learning-confirm =
    Fine-tune <b>{ $champion }</b> now?

    { $ratings } ratings, { $fresh } of them new. It takes some minutes; the bot goes on answering.
learning-go = Begin
learning-never-mind = Never mind
learning-never-minded = Nothing was begun.
learning-no-worker =
    No worker runs, so nobody could do it. Start one on a machine with torch, in a checkout:

    <code>pip install -c constraints.txt '.[train]'</code>
    <code>YUEXIA_DATA=… poetbot worker</code>

    with the same YUEXIA_DATABASE_URL and YUEXIA_POETS as this bot. YUEXIA_DATA is a folder made by <code>poet prepare</code>.
learning-busy = A fine-tuning is queued or running already: /jobs
learning-too-few = There are { $ratings } ratings; { $least } at least are needed.
learning-queued = ⏳ { $job }: waits for the worker
learning-nobody = ⚠️ { $job }: no worker runs. Start one (<code>poetbot worker</code>) and it begins, or /cancel.
learning-stage-collected = 📥 { $job }: the ratings are collected
learning-stage-tuning = 🔁 { $job }: step { $step } of { $steps }, loss { $loss }, { $eta } to go
learning-stage-examining = 🔍 { $job }: measured beside the poet of today, { $step } of { $steps }
learning-stage-publishing = 📦 { $job }: is being published
learning-stopping = ⏹ { $job }: is being stopped
learning-worker-silent = ⚠️ { $job }: its worker { $worker } has not been heard of since { $since } UTC.
learning-worker-ended = ⚠️ { $job }: its worker { $worker } has ended.
learning-heir = Another worker takes it over within minutes.
learning-no-heir = No other worker runs: start it again (<code>poetbot worker</code>) and it goes on, or /cancel.
learning-minutes = about { $minutes } min
learning-seconds = less than a minute
learning-failed = ❌ { $job } came to nothing: { $error }
learning-cancelled = ⏹ { $job } was cancelled.
learning-promoted = ✅ <b>{ $version }</b> passed the gate and serves now, in place of { $base }.
learning-waits = ✋ <b>{ $version }</b> passed the gate and waits for your word; { $base } serves.
learning-refused = 🚫 <b>{ $version }</b> did not pass the gate; { $base } goes on.
learning-unmeasured = It could not be measured: { $failure }
learning-learned-from = Learned from { $ratings } ratings by { $raters } readers.
learning-figure = figure
learning-before = before
learning-after = after
learning-pairs = Ten beginnings, before and after:
learning-curve = Loss of { $version }
learning-promote = ⬆️ Promote
learning-keep-back = ⬇️ Keep back
learning-now-serves = <b>{ $version }</b> serves now.
learning-kept-back = <b>{ $version }</b> is kept back.
learning-rolled-back = <b>{ $version }</b> serves again.
learning-cannot = That cannot be done: { $reason }
learning-no-jobs = There was no fine-tuning yet.
learning-jobs = The last fine-tunings:
learning-jobs-worker = 🟢 worker { $name } ({ $machine })
learning-jobs-worker-silent = ⚪️ worker { $name } ({ $machine }), not heard of since { $since } UTC
learning-jobs-no-worker = ⚪️ no worker runs
learning-nothing-to-cancel = No fine-tuning is queued or running.
learning-cancelled-at-once = { $job } is cancelled.
learning-cancelled-soon = { $job } stops within seconds.
learning-not-whole = ⚠️ The poet <b>{ $version }</b> cannot serve here, { $serving } goes on: { $reason }
command-retrain = begin a fine-tuning
command-jobs = the last fine-tunings
command-cancel = stop the fine-tuning
command-rollback = let the version before serve again
