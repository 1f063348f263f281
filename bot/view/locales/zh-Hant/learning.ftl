## 會學習的詩人：管理員所見的微調與版本。

learning-confirm =
    現在微調 <b>{ $champion }</b> 嗎？

    共 { $ratings } 個評價，其中 { $fresh } 個是新的。需要幾分鐘，其間照常作詩。
learning-go = 開始
learning-never-mind = 算了
learning-never-minded = 沒有開始。
learning-no-worker =
    沒有工作程式在運行，無人可做。請在裝有 torch 的機器上，於原始碼資料夾裡啟動：

    <code>pip install -c constraints.txt '.[train]'</code>
    <code>YUEXIA_DATA=… poetbot worker</code>

    YUEXIA_DATABASE_URL 與 YUEXIA_POETS 須與本機器人相同；YUEXIA_DATA 是 <code>poet prepare</code> 所建的資料夾。
learning-busy = 已有微調在排隊或進行中：/jobs
learning-too-few = 只有 { $ratings } 個評價，至少需要 { $least } 個。
learning-queued = ⏳ { $job }：等待工作程式
learning-nobody = ⚠️ { $job }：沒有工作程式在運行。啟動一個（<code>poetbot worker</code>）便會開始，或以 /cancel 取消。
learning-stage-collected = 📥 { $job }：評價已收集
learning-stage-tuning = 🔁 { $job }：第 { $step }／{ $steps } 步，損失 { $loss }，還需{ $eta }
learning-stage-examining = 🔍 { $job }：與現任詩人比較中，{ $step }／{ $steps }
learning-stage-publishing = 📦 { $job }：發佈中
learning-stopping = ⏹ { $job }：正在停止
learning-worker-silent = ⚠️ { $job }：工作程式 { $worker } 自 { $since }（UTC）起沒有消息。
learning-worker-ended = ⚠️ { $job }：工作程式 { $worker } 已結束。
learning-heir = 另一個工作程式將在幾分鐘內接手。
learning-no-heir = 沒有別的工作程式在運行：重新啟動它（<code>poetbot worker</code>）便會繼續，或以 /cancel 取消。
learning-minutes = 約 { $minutes } 分鐘
learning-seconds = 不到一分鐘
learning-failed = ❌ { $job } 未成：{ $error }
learning-cancelled = ⏹ { $job } 已取消。
learning-promoted = ✅ <b>{ $version }</b> 通過考核，現已取代 { $base }。
learning-waits = ✋ <b>{ $version }</b> 通過考核，等你決定；現由 { $base } 作詩。
learning-refused = 🚫 <b>{ $version }</b> 未通過考核；仍由 { $base } 作詩。
learning-unmeasured = 無法衡量：{ $failure }
learning-learned-from = 學自 { $raters } 位讀者的 { $ratings } 個評價。
learning-figure = 指標
learning-before = 之前
learning-after = 之後
learning-pairs = 十個開頭，前後對照：
learning-curve = { $version } 的損失
learning-promote = ⬆️ 啟用
learning-keep-back = ⬇️ 不用
learning-now-serves = 現由 <b>{ $version }</b> 作詩。
learning-kept-back = <b>{ $version }</b> 不啟用。
learning-rolled-back = 重新由 <b>{ $version }</b> 作詩。
learning-cannot = 無法做到：{ $reason }
learning-no-jobs = 還沒有微調過。
learning-jobs = 最近的微調：
learning-jobs-worker = 🟢 工作程式 { $name }（{ $machine }）
learning-jobs-worker-silent = ⚪️ 工作程式 { $name }（{ $machine }），自 { $since }（UTC）起沒有消息
learning-jobs-no-worker = ⚪️ 沒有工作程式在運行
learning-nothing-to-cancel = 沒有微調在排隊或進行中。
learning-cancelled-at-once = { $job } 已取消。
learning-cancelled-soon = { $job } 將在幾秒內停止。
learning-not-whole = ⚠️ 詩人 <b>{ $version }</b> 在此無法作詩，仍由 { $serving } 作詩：{ $reason }
command-retrain = 開始微調
command-jobs = 最近的微調
command-cancel = 停止微調
command-rollback = 回到前一版本
