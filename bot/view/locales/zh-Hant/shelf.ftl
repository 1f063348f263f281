shelf-mine = 📜 <b>你的詩</b>，新作在前
shelf-mine-none = 尚未為你寫過詩。/poem 寫第一首。
shelf-favourites = ★ <b>你的收藏</b>，新作在前
shelf-favourites-none = 尚無收藏：按詩下的 ☆ 便收藏。
command-mine = 我的詩
command-favourites = 我的收藏
