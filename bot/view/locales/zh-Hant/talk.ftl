talk-start =
    我是<b>月下</b>，會寫五絕、七絕、五律、七律。

    試試 /poem 月，或 /poem 七絕 秋山，/help 有更多說明。
talk-help =
    /poem　隨意寫一首
    /poem 月　以「月」開頭
    /poem 月 七絕　指定體裁：五絕 七絕 五律 七律
    /title 中秋懷友　以此為題
    /acrostic 春夏秋冬　藏頭詩
    /continue 床前明月光　續寫
    /daily 07:30　每日一詩
    /id　你的編號

    詩下的 👍 👎 是你的評價：再按一次收回，按另一個改評。
talk-your-id =
    你的編號：<code>{ $user }</code>
    本聊天的編號：<code>{ $chat }</code>
talk-you-are-admin = 你是管理員。
talk-hint = 想要一首詩？寫 /poem 月，詩便以「月」開頭。/help 有更多說明。
talk-sorry = 抱歉，出了點差錯，請稍後再試。
command-poem = 寫一首詩：/poem 月 七絕
command-title = 以題作詩：/title 中秋懷友
command-acrostic = 藏頭詩：/acrostic 春夏秋冬
command-continue = 續寫：/continue 床前明月光
command-daily = 每日一詩：/daily 07:30
command-help = 使用說明
command-id = 你的編號
talk-in-private = 此事只關你我，請私下對我說。
talk-button-private = 私下說
