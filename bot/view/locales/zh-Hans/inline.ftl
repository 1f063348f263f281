inline-hint = 输入汉字，例如「月」· 说明
