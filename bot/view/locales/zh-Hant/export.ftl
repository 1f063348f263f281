export-caption = 你的詩、評價與收藏，每行一首（JSON Lines）。
export-nothing = 尚無你的詩，也無評價。
command-export = 匯出我的詩與評價
