export-caption = Your poems, ratings and favourites, a line each (JSON Lines).
export-nothing = There is nothing of yours yet: no poem, no rating.
command-export = my poems and ratings as a file
