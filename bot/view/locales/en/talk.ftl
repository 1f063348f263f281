talk-start =
    I am <b>Yuexia</b> 月下 and write classical Chinese poems.

    Try /poem 月 or /poem 七絕 秋山; /help tells more.
talk-help =
    /poem – any poem
    /poem 月 – a poem that begins with 月
    /poem 月 七絕 – in a form of your choice: 五絕 七絕 五律 七律
    /title 中秋懷友 – a poem with this title
    /acrostic 春夏秋冬 – the lines begin with these characters
    /continue 床前明月光 – a poem that goes on from your lines
    /daily 07:30 – a poem every day
    /id – your id

    👍 👎 below a poem are your rating: press again to withdraw it, press the other to change it.
talk-your-id =
    Your id: <code>{ $user }</code>
    This chat's id: <code>{ $chat }</code>
talk-you-are-admin = You are an administrator.
talk-hint = Would you like a poem? Write /poem 月 and it begins with 月. /help tells more.
talk-sorry = Sorry, something went wrong. Please try again later.
command-poem = write a poem: /poem 月 七絕
command-title = a poem with your title: /title 中秋懷友
command-acrostic = an acrostic: /acrostic 春夏秋冬
command-continue = go on from your lines: /continue 床前明月光
command-daily = a poem every day: /daily 07:30
command-help = how to use me
command-id = your id
talk-in-private = That is between the two of us: please write to me in private.
talk-button-private = Write in private
