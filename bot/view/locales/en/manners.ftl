manners-wait =
    Slowly, please: I can go on in { $seconds ->
        [one] a second
       *[other] { $seconds } seconds
    }.
manners-busy = Many readers want a poem just now. Ask me again in a minute, please.
manners-unwelcome = I would rather not write that: its words, or the heads of its lines, would hurt somebody. Ask me for anything else!
