settings-now =
    ⚙️ 我与你说<b>{ $language }</b>，诗以<b>{ $script }</b>写成。
settings-automatic = 自动
settings-automatic-language = { $what }：随 Telegram 的语言
settings-script-hant = 繁体
settings-script-hans = 简体
settings-changed = 即刻生效。
command-settings = 语言与字体
