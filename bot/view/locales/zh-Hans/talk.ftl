talk-start =
    我是<b>月下</b>，会写五绝、七绝、五律、七律。

    试试 /poem 月，或 /poem 七绝 秋山，或用 /compose 按钮选择；/help 有更多说明。
talk-help =
    /poem　按钮选择，或随意一首；/compose 亦然
    /poem 月 七绝 东韵　首字、体裁（五绝 七绝 五律 七律）、韵部，可有可无，次序不拘
    /title 中秋怀友　以此为题；在其他指令里，题目写在《》中
    /acrostic 春夏秋冬　藏头诗
    /continue 床前明月光　续写

    也可直接写给我：七字以内、一句容得下的，当作开头；体裁之名就是体裁；更长的，或写在“题：”之后的，当作题目。

    诗下按钮：👍 👎 是你的评价（再按一次收回），☆ 收藏，其余依次是再写一首、换一句、换体裁、看平仄与韵、画诗笺、取分享链接。

    在别的聊天里输入我的 @名字 与「月」，便有诗可发。

    /mine　你的诗
    /favourites　你的收藏
    /daily 07:30　每日一诗
    /settings　语言与字体
    /export　把你的诗与评价存成文件
    /forget　把你的一切都忘掉
    /id　你的编号
talk-your-id =
    你的编号：<code>{ $user }</code>
    本聊天的编号：<code>{ $chat }</code>
talk-you-are-admin = 你是管理员。
talk-hint = 想要一首诗？写一个“月”，诗便以“月”开头；或用 /compose 按钮选择。/help 有更多说明。
talk-sorry = 抱歉，出了点差错，请稍后再试。
command-poem = 写一首诗：/poem 月 七绝，或按钮选择
command-title = 以题作诗：/title 中秋怀友
command-acrostic = 藏头诗：/acrostic 春夏秋冬
command-continue = 续写：/continue 床前明月光
command-daily = 每日一诗：/daily 07:30
command-help = 使用说明
command-id = 你的编号
talk-in-private = 此事只关你我，请私下对我说。
talk-button-private = 私下说
