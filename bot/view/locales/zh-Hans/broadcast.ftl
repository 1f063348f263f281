broadcast-help = 把要发的话写在指令后面：<code>/broadcast 好消息……</code>，或用 /broadcast 回复一条消息来发那一条。
broadcast-too-long = 这条消息太长，一次发不出去。
broadcast-preview =
    以下将发给 <b>{ $chats }</b> 个聊天：

    { $text }
broadcast-button-confirm = ✅ 发送
broadcast-button-discard = 🗑 不发
broadcast-button-cancel = ⏹ 停止发送
broadcast-running = 发送中……
broadcast-cancelling = 正在停止……
broadcast-done = 已发完。
broadcast-cancelled = 已停止。
broadcast-discarded = 没有发送。
broadcast-progress =
    { $state }

    已发 { $sent }，共 { $total }{ $gathering ->
        [yes] {""}以上
       *[no] {""}
    }
    等待 { $pending } · 在途 { $sending }
    被拒 { $failed } · 不明 { $unknown } · 未发 { $cancelled }
broadcast-gone = 这次群发已不在等待。
command-broadcast = 向所有聊天发送消息
