daily-help =
    每日一詩，寫給這個聊天：<code>/daily 07:30 臺北</code>

    城市寫中文或英文名；也可以寫時差：<code>/daily 07:30 +8</code>。不寫則時區照舊。
daily-set =
    每日 <b>{ $clock }</b>（<b>{ $zone }</b> 時間）送詩一首。

    那裏現在是 { $there }；下一首在 { $day }。
daily-paused = 已暫停，恢復之前不再送詩。原為每日 { $clock }，{ $zone }。
daily-stopped = 已停止，這裏不再每日送詩。寫 /daily 可重新開始。
daily-none = 這裏還沒有每日一詩。
daily-no-time = 看不懂時間，請這樣寫：<code>/daily 07:30 臺北</code>
daily-no-city = 不認識「{ $city }」這座城市。請試中文或英文名、附近的大城市，或 +8 這樣的時差。
daily-not-admin = 群組的每日一詩由群組管理員決定。
daily-not-known = 方才查不到你是不是群組管理員，請稍後再試。
daily-button-pause = ⏸ 暫停
daily-button-resume = ▶️ 恢復
daily-button-stop = ⏹ 停止
