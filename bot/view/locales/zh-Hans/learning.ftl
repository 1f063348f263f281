## 会学习的诗人：管理员所见的微调与版本。

learning-confirm =
    现在微调 <b>{ $champion }</b> 吗？

    共 { $ratings } 个评价，其中 { $fresh } 个是新的。需要几分钟，其间照常作诗。
learning-go = 开始
learning-never-mind = 算了
learning-never-minded = 没有开始。
learning-no-worker =
    没有工作程序在运行，无人可做。请在装有 torch 的机器上，于源代码文件夹里启动：

    <code>pip install -c constraints.txt '.[train]'</code>
    <code>YUEXIA_DATA=… poetbot worker</code>

    YUEXIA_DATABASE_URL 与 YUEXIA_POETS 须与本机器人相同；YUEXIA_DATA 是 <code>poet prepare</code> 所建的文件夹。
learning-busy = 已有微调在排队或进行中：/jobs
learning-too-few = 只有 { $ratings } 个评价，至少需要 { $least } 个。
learning-queued = ⏳ { $job }：等待工作程序
learning-nobody = ⚠️ { $job }：没有工作程序在运行。启动一个（<code>poetbot worker</code>）便会开始，或以 /cancel 取消。
learning-stage-collected = 📥 { $job }：评价已收集
learning-stage-tuning = 🔁 { $job }：第 { $step }／{ $steps } 步，损失 { $loss }，还需{ $eta }
learning-stage-examining = 🔍 { $job }：与现任诗人比较中，{ $step }／{ $steps }
learning-stage-publishing = 📦 { $job }：发布中
learning-stopping = ⏹ { $job }：正在停止
learning-worker-silent = ⚠️ { $job }：工作程序 { $worker } 自 { $since }（UTC）起没有消息。
learning-worker-ended = ⚠️ { $job }：工作程序 { $worker } 已结束。
learning-heir = 另一个工作程序将在几分钟内接手。
learning-no-heir = 没有别的工作程序在运行：重新启动它（<code>poetbot worker</code>）便会继续，或以 /cancel 取消。
learning-minutes = 约 { $minutes } 分钟
learning-seconds = 不到一分钟
learning-failed = ❌ { $job } 未成：{ $error }
learning-cancelled = ⏹ { $job } 已取消。
learning-promoted = ✅ <b>{ $version }</b> 通过考核，现已取代 { $base }。
learning-waits = ✋ <b>{ $version }</b> 通过考核，等你决定；现由 { $base } 作诗。
learning-refused = 🚫 <b>{ $version }</b> 未通过考核；仍由 { $base } 作诗。
learning-unmeasured = 无法衡量：{ $failure }
learning-learned-from = 学自 { $raters } 位读者的 { $ratings } 个评价。
learning-figure = 指标
learning-before = 之前
learning-after = 之后
learning-pairs = 十个开头，前后对照：
learning-curve = { $version } 的损失
learning-promote = ⬆️ 启用
learning-keep-back = ⬇️ 不用
learning-now-serves = 现由 <b>{ $version }</b> 作诗。
learning-kept-back = <b>{ $version }</b> 不启用。
learning-rolled-back = 重新由 <b>{ $version }</b> 作诗。
learning-cannot = 无法做到：{ $reason }
learning-no-jobs = 还没有微调过。
learning-jobs = 最近的微调：
learning-jobs-worker = 🟢 工作程序 { $name }（{ $machine }）
learning-jobs-worker-silent = ⚪️ 工作程序 { $name }（{ $machine }），自 { $since }（UTC）起没有消息
learning-jobs-no-worker = ⚪️ 没有工作程序在运行
learning-nothing-to-cancel = 没有微调在排队或进行中。
learning-cancelled-at-once = { $job } 已取消。
learning-cancelled-soon = { $job } 将在几秒内停止。
learning-not-whole = ⚠️ 诗人 <b>{ $version }</b> 在此无法作诗，仍由 { $serving } 作诗：{ $reason }
command-retrain = 开始微调
command-jobs = 最近的微调
command-cancel = 停止微调
command-rollback = 回到前一版本
