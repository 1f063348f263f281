inline-hint = 輸入漢字，例如「月」· 說明
