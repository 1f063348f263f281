manners-wait = 慢慢來：{ $seconds } 秒後我再作答。
manners-busy = 此刻求詩的人很多，請過一分鐘再來。
manners-unwelcome = 這我不願寫：其中的字，或各句之首，會傷到人。換個題目吧！
