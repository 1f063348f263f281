export-caption = 你的诗、评价与收藏，每行一首（JSON Lines）。
export-nothing = 尚无你的诗，也无评价。
command-export = 导出我的诗与评价
