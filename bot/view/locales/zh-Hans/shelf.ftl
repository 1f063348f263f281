shelf-mine = 📜 <b>你的诗</b>，新作在前
shelf-mine-none = 尚未为你写过诗。/poem 写第一首。
shelf-favourites = ★ <b>你的收藏</b>，新作在前
shelf-favourites-none = 尚无收藏：按诗下的 ☆ 便收藏。
command-mine = 我的诗
command-favourites = 我的收藏
