forget-ask =
    要我忘了你嗎？以下將永遠刪除：

    · 你的詩，連同他人對這些詩的評價與收藏，
    · 你的評價與收藏，
    · 你的每日一詩，包括你為群組所訂的，
    · 你的設定，以及你來過的一切紀錄。

    先用 /export 可留一份。我在聊天中說過的話仍在，須由你自己刪除。
forget-button-yes = 是，忘了我
forget-button-no = 不
forget-done = 已把你忘了。此後你再說話，我只當是初見。
forget-not-done = 什麼也沒有刪除。
command-forget = 刪除我的一切
