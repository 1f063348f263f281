forget-ask =
    Shall I forget you? Then all this is erased for good:

    · your poems, with what others rated or keep of them,
    · your ratings and favourites,
    · your daily poem, also where you ordered one for a group,
    · your settings, and that you were ever here.

    /export gives you a copy before. What I said in our chats stays there until you delete it.
forget-button-yes = Yes, forget me
forget-button-no = No
forget-done = You are forgotten. Whatever you write next, I read as from somebody new.
forget-not-done = Nothing was erased.
command-forget = erase everything of mine
