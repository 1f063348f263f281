manners-wait = 慢慢来：{ $seconds } 秒后我再作答。
manners-busy = 此刻求诗的人很多，请过一分钟再来。
manners-unwelcome = 这我不愿写：其中的字，或各句之首，会伤到人。换个题目吧！
