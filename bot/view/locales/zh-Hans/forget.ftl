forget-ask =
    要我忘了你吗？以下将永远删除：

    · 你的诗，连同他人对这些诗的评价与收藏，
    · 你的评价与收藏，
    · 你的每日一诗，包括你为群组所订的，
    · 你的设定，以及你来过的一切记录。

    先用 /export 可留一份。我在聊天中说过的话仍在，须由你自己删除。
forget-button-yes = 是，忘了我
forget-button-no = 不
forget-done = 已把你忘了。此后你再说话，我只当是初见。
forget-not-done = 什么也没有删除。
command-forget = 删除我的一切
