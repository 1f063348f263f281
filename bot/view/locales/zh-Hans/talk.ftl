talk-start =
    我是<b>月下</b>，会写五绝、七绝、五律、七律。

    试试 /poem 月，或 /poem 七绝 秋山，/help 有更多说明。
talk-help =
    /poem　随意写一首
    /poem 月　以“月”开头
    /poem 月 七绝　指定体裁：五绝 七绝 五律 七律
    /title 中秋怀友　以此为题
    /acrostic 春夏秋冬　藏头诗
    /continue 床前明月光　续写
    /daily 07:30　每日一诗
    /id　你的编号

    诗下的 👍 👎 是你的评价：再按一次收回，按另一个改评。
talk-your-id =
    你的编号：<code>{ $user }</code>
    本聊天的编号：<code>{ $chat }</code>
talk-you-are-admin = 你是管理员。
talk-hint = 想要一首诗？写 /poem 月，诗便以“月”开头。/help 有更多说明。
talk-sorry = 抱歉，出了点差错，请稍后再试。
command-poem = 写一首诗：/poem 月 七绝
command-title = 以题作诗：/title 中秋怀友
command-acrostic = 藏头诗：/acrostic 春夏秋冬
command-continue = 续写：/continue 床前明月光
command-daily = 每日一诗：/daily 07:30
command-help = 使用说明
command-id = 你的编号
talk-in-private = 此事只关你我，请私下对我说。
talk-button-private = 私下说
