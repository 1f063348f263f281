talk-start =
    我是<b>月下</b>，會寫五絕、七絕、五律、七律。

    試試 /poem 月，或 /poem 七絕 秋山，或用 /compose 按鈕選擇；/help 有更多說明。
talk-help =
    /poem　按鈕選擇，或隨意一首；/compose 亦然
    /poem 月 七絕 東韻　首字、體裁（五絕 七絕 五律 七律）、韻部，可有可無，次序不拘
    /title 中秋懷友　以此為題；在其他指令裡，題目寫在《》中
    /acrostic 春夏秋冬　藏頭詩
    /continue 床前明月光　續寫

    也可直接寫給我：七字以內、一句容得下的，當作開頭；體裁之名就是體裁；更長的，或寫在「題：」之後的，當作題目。

    詩下按鈕：👍 👎 是你的評價（再按一次收回），☆ 收藏，其餘依次是再寫一首、換一句、換體裁、看平仄與韻、畫詩箋、取分享連結。

    在別的聊天裡輸入我的 @名字 與「月」，便有詩可發。

    /mine　你的詩
    /favourites　你的收藏
    /daily 07:30　每日一詩
    /settings　語言與字體
    /export　把你的詩與評價存成檔案
    /forget　把你的一切都忘掉
    /id　你的編號
talk-your-id =
    你的編號：<code>{ $user }</code>
    本聊天的編號：<code>{ $chat }</code>
talk-you-are-admin = 你是管理員。
talk-hint = 想要一首詩？寫一個「月」，詩便以「月」開頭；或用 /compose 按鈕選擇。/help 有更多說明。
talk-sorry = 抱歉，出了點差錯，請稍後再試。
command-poem = 寫一首詩：/poem 月 七絕，或按鈕選擇
command-title = 以題作詩：/title 中秋懷友
command-acrostic = 藏頭詩：/acrostic 春夏秋冬
command-continue = 續寫：/continue 床前明月光
command-daily = 每日一詩：/daily 07:30
command-help = 使用說明
command-id = 你的編號
talk-in-private = 此事只關你我，請私下對我說。
talk-button-private = 私下說
