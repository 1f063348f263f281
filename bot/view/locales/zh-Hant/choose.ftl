choose-form = 選哪種體裁？
choose-surprise = ✨ 隨意一首
choose-any-form = 體裁不拘
choose-beginning = { $form }。以何字開頭？
choose-none = 不拘
choose-typed = ✎ 自己輸入
choose-not-yours = 這是別人在選。你也寫 /compose 吧。
command-compose = 按鈕選體裁與首字
