talk-start =
    I am <b>Yuexia</b> 月下 and write classical Chinese poems.

    Try /poem 月 or /poem 七絕 秋山, or choose by buttons: /compose; /help tells more.
talk-help =
    /poem – choose by buttons, or be surprised; /compose does the same
    /poem 月 七絕 東韻 – beginning, form (五絕 七絕 五律 七律) and rhyme, each if you like, in any order
    /title 中秋懷友 – a poem with this title; in the other commands a title stands in 《》
    /acrostic 春夏秋冬 – the lines begin with these characters
    /continue 床前明月光 – a poem that goes on from your lines

    Or just write to me: up to seven characters that fit a line are a beginning, the name of a form is a form; anything longer, and anything behind 題：, is a title.

    Below a poem: 👍 👎 are your rating (press again to withdraw it), ☆ keeps the poem, the others write another one, one line anew, the same in another form, mark tones and rhyme, draw a card, and make a link to share.

    In any other chat, type my @name and 月: I offer poems to send.

    /mine – your poems
    /favourites – those you keep
    /daily 07:30 – a poem every day
    /settings – language and script
    /export – your poems and ratings as a file
    /forget – erase all I know of you
    /id – your id
talk-your-id =
    Your id: <code>{ $user }</code>
    This chat's id: <code>{ $chat }</code>
talk-you-are-admin = You are an administrator.
talk-hint = Would you like a poem? Just write 月 and it begins with 月, or /compose to choose by buttons. /help tells more.
talk-sorry = Sorry, something went wrong. Please try again later.
command-poem = write a poem: /poem 月 七絕, or by buttons
command-title = a poem with your title: /title 中秋懷友
command-acrostic = an acrostic: /acrostic 春夏秋冬
command-continue = go on from your lines: /continue 床前明月光
command-daily = a poem every day: /daily 07:30
command-help = how to use me
command-id = your id
talk-in-private = That is between the two of us: please write to me in private.
talk-button-private = Write in private
