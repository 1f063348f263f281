settings-now =
    ⚙️ 我與你說<b>{ $language }</b>，詩以<b>{ $script }</b>寫成。
settings-automatic = 自動
settings-automatic-language = { $what }：隨 Telegram 的語言
settings-script-hant = 繁體
settings-script-hans = 簡體
settings-changed = 即刻生效。
command-settings = 語言與字體
