choose-form = 选哪种体裁？
choose-surprise = ✨ 随意一首
choose-any-form = 体裁不拘
choose-beginning = { $form }。以何字开头？
choose-none = 不拘
choose-typed = ✎ 自己输入
choose-not-yours = 这是别人在选。你也写 /compose 吧。
command-compose = 按钮选体裁与首字
