## 管理員所見

admin-stats =
    <b>讀者</b>　{ $readers }，一週內來過 { $active }
    <b>詩</b>　{ $poems }，二十四小時內 { $today }
    <b>評價</b>　{ $ratings }，{ $share } 👍
admin-stats-composing = <b>作詩</b>　p50 { $middle } 秒，p95 { $slow } 秒（最近 { $poems } 首）；{ $waiting } 首在等
admin-stats-by-poet = <b>各版詩人</b>
admin-stats-by-form = <b>各體</b>
admin-stats-row = { $name }：{ $ratings } 評，{ $share } 👍
admin-ban-help = 禁誰？例如 <code>/ban 12345 洗版</code>；/unban 12345 解除。
admin-banned = 已禁讀者 <code>{ $user }</code>，不再回應。
admin-banned-already = 讀者 <code>{ $user }</code> 已在禁中。
admin-ban-admin = 管理員不可禁。
admin-unbanned = 已解除讀者 <code>{ $user }</code> 之禁。
admin-not-banned = 讀者 <code>{ $user }</code> 並未被禁。
admin-errors = <b>最近的錯誤</b>
admin-no-errors = 沒有錯誤。
admin-error =
    { $times } × <b>{ $kind }</b>，於 { $handler }
    { $place }，更新 { $update }，{ $at } UTC
admin-audit = <b>管理員所為</b>
admin-no-audit = 管理員尚無所為。
admin-deed = { $at } UTC　<code>{ $who }</code>　{ $action } { $subject }
command-stats = 讀者、詩與評價的數字
command-ban = 不再回應某位讀者：/ban 12345
command-unban = 重新回應某位讀者：/unban 12345
command-errors = 最近的錯誤
command-audit = 管理員所為
