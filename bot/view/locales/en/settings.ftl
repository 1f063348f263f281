settings-now =
    ⚙️ I speak <b>{ $language }</b> with you and write poems in <b>{ $script }</b> characters.
settings-automatic = automatic
settings-automatic-language = { $what }: as your Telegram
settings-script-hant = traditional
settings-script-hans = simplified
settings-changed = From now on.
command-settings = language and script
