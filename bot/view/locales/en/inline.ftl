inline-hint = Type Chinese characters, e.g. 月 · help
