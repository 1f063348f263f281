choose-form = Which form?
choose-surprise = ✨ Surprise me
choose-any-form = Any form
choose-beginning = { $form }. Which character shall it begin with?
choose-none = Any
choose-typed = ✎ Type one
choose-not-yours = Someone else is choosing here. Write /compose yourself.
command-compose = choose form and beginning by buttons
