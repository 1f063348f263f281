## What administrators see. Figures that come as text are written already.

admin-stats =
    <b>Readers</b> { $readers }, { $active } of them here within a week
    <b>Poems</b> { $poems }, { $today } in the last 24 hours
    <b>Ratings</b> { $ratings }, { $share } 👍
admin-stats-composing = <b>Composing</b> p50 { $middle } s, p95 { $slow } s (the last { $poems }); { $waiting } waiting
admin-stats-by-poet = <b>By poet</b>
admin-stats-by-form = <b>By form</b>
admin-stats-row = { $name }: { $share } 👍 of { $ratings }
admin-ban-help = Whom? For instance <code>/ban 12345 spam</code>; /unban 12345 takes it back.
admin-banned = Reader <code>{ $user }</code> is banned: I do not answer them any more.
admin-banned-already = Reader <code>{ $user }</code> is banned already.
admin-ban-admin = Administrators cannot be banned.
admin-unbanned = Reader <code>{ $user }</code> is answered again.
admin-not-banned = Reader <code>{ $user }</code> is not banned.
admin-errors = <b>The last errors</b>
admin-no-errors = No errors.
admin-error =
    { $times } × <b>{ $kind }</b> in { $handler }
    { $place }, update { $update }, { $at } UTC
admin-audit = <b>What administrators did</b>
admin-no-audit = No administrator did anything yet.
admin-deed = { $at } UTC <code>{ $who }</code> { $action } { $subject }
command-stats = readers, poems and ratings in figures
command-ban = answer a reader no more: /ban 12345
command-unban = answer a reader again: /unban 12345
command-errors = the last errors
command-audit = what administrators did
