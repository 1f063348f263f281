broadcast-help = 把要發的話寫在指令後面：<code>/broadcast 好消息……</code>，或用 /broadcast 回覆一則訊息來發那一則。
broadcast-too-long = 這則訊息太長，一次發不出去。
broadcast-preview =
    以下將發給 <b>{ $chats }</b> 個聊天：

    { $text }
broadcast-button-confirm = ✅ 發送
broadcast-button-discard = 🗑 不發
broadcast-button-cancel = ⏹ 停止發送
broadcast-running = 發送中……
broadcast-cancelling = 正在停止……
broadcast-done = 已發完。
broadcast-cancelled = 已停止。
broadcast-discarded = 沒有發送。
broadcast-progress =
    { $state }

    已發 { $sent }，共 { $total }{ $gathering ->
        [yes] {""}以上
       *[no] {""}
    }
    等待 { $pending } · 在途 { $sending }
    被拒 { $failed } · 不明 { $unknown } · 未發 { $cancelled }
broadcast-gone = 這次群發已不在等待。
command-broadcast = 向所有聊天發送訊息
