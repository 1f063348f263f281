daily-help =
    每日一诗，写给这个聊天：<code>/daily 07:30 北京</code>

    城市写中文或英文名；也可以写时差：<code>/daily 07:30 +8</code>。不写则时区照旧。
daily-set =
    每日 <b>{ $clock }</b>（<b>{ $zone }</b> 时间）送诗一首。

    那里现在是 { $there }；下一首在 { $day }。
daily-paused = 已暂停，恢复之前不再送诗。原为每日 { $clock }，{ $zone }。
daily-stopped = 已停止，这里不再每日送诗。写 /daily 可重新开始。
daily-none = 这里还没有每日一诗。
daily-no-time = 看不懂时间，请这样写：<code>/daily 07:30 北京</code>
daily-no-city = 不认识“{ $city }”这座城市。请试中文或英文名、附近的大城市，或 +8 这样的时差。
daily-not-admin = 群组的每日一诗由群组管理员决定。
daily-not-known = 方才查不到你是不是群组管理员，请稍后再试。
daily-button-pause = ⏸ 暂停
daily-button-resume = ▶️ 恢复
daily-button-stop = ⏹ 停止
