shelf-mine = 📜 <b>Your poems</b>, the newest first
shelf-mine-none = No poem was written for you yet. /poem writes the first.
shelf-favourites = ★ <b>Your favourites</b>, the newest poems first
shelf-favourites-none = You keep no poem yet: ☆ below a poem keeps it.
command-mine = my poems
command-favourites = the poems I keep
