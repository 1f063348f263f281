## 管理员所见

admin-stats =
    <b>读者</b>　{ $readers }，一周内来过 { $active }
    <b>诗</b>　{ $poems }，二十四小时内 { $today }
    <b>评价</b>　{ $ratings }，{ $share } 👍
admin-stats-composing = <b>作诗</b>　p50 { $middle } 秒，p95 { $slow } 秒（最近 { $poems } 首）；{ $waiting } 首在等
admin-stats-by-poet = <b>各版诗人</b>
admin-stats-by-form = <b>各体</b>
admin-stats-row = { $name }：{ $ratings } 评，{ $share } 👍
admin-ban-help = 禁谁？例如 <code>/ban 12345 刷屏</code>；/unban 12345 解除。
admin-banned = 已禁读者 <code>{ $user }</code>，不再回应。
admin-banned-already = 读者 <code>{ $user }</code> 已在禁中。
admin-ban-admin = 管理员不可禁。
admin-unbanned = 已解除读者 <code>{ $user }</code> 之禁。
admin-not-banned = 读者 <code>{ $user }</code> 并未被禁。
admin-errors = <b>最近的错误</b>
admin-no-errors = 没有错误。
admin-error =
    { $times } × <b>{ $kind }</b>，于 { $handler }
    { $place }，更新 { $update }，{ $at } UTC
admin-audit = <b>管理员所为</b>
admin-no-audit = 管理员尚无所为。
admin-deed = { $at } UTC　<code>{ $who }</code>　{ $action } { $subject }
command-stats = 读者、诗与评价的数字
command-ban = 不再回应某位读者：/ban 12345
command-unban = 重新回应某位读者：/unban 12345
command-errors = 最近的错误
command-audit = 管理员所为
