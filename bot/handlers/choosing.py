"""/compose: form and beginning by keyboard. Everything chosen is in the buttons, so a restart loses nothing."""

from telegram import CallbackQuery, Update

from bot.api import quietly
from bot.asking import Asked
from bot.context import Context
from bot.handlers.answering import answer
from bot.handlers.compose import What, ask_for, order
from bot.handlers.writing import write
from bot.view.choosing import ANY, NONE, TYPED, Choice, beginning_choice, choice_pressed, form_choice
from bot.view.keyboards import in_script
from poetcore.prosody import FORMS


async def choose(update: Update, context: Context) -> None:
    """Answer `/compose`: ask for the form."""
    if message := update.message:
        keyboard = form_choice(context.reader.id, context.script, context.say)
        await answer(message, context.say("choose-form"), keyboard)


async def press_choice(update: Update, context: Context) -> None:
    """Go one step on; pressed by anyone but who asked, only say so."""
    query = update.callback_query
    if query is None:
        return
    choice = choice_pressed(query.data)
    if choice is None or query.message is None or choice.user_id != query.from_user.id:
        await quietly("answer to a press", query.answer(context.say.plain("choose-not-yours")))
        return
    await quietly("answer to a press", query.answer())
    if choice.form is None:
        keyboard = form_choice(choice.user_id, context.script, context.say)
        await quietly("step of /compose", query.edit_message_text(context.say("choose-form"), reply_markup=keyboard))
    elif choice.beginning is None:
        keyboard = beginning_choice(choice.user_id, choice.form, context.script, context.say)
        text = context.say("choose-beginning", form=_form_in_words(context, choice))
        await quietly("step of /compose", query.edit_message_text(text, reply_markup=keyboard))
    else:
        await _end(context, query, choice)


async def _end(context: Context, query: CallbackQuery, choice: Choice) -> None:
    """All is chosen: what it was stays in the keyboard's place, and the poem follows."""
    if query.message is None:
        return
    form, beginning = FORMS.get(choice.form or ""), choice.beginning
    begins = in_script(beginning, context.script) if beginning and beginning not in (NONE, TYPED) else None
    chosen = " · ".join(part for part in (_form_in_words(context, choice), begins) if part)
    await quietly("end of /compose", query.edit_message_text(chosen))
    if beginning == TYPED:
        await ask_for(context, query.message, What.PREFIX, form)
    else:
        await write(context, query.message, order(Asked(begins, form), What.PREFIX, context.script))


def _form_in_words(context: Context, choice: Choice) -> str:
    if choice.form in (None, ANY):
        return context.say.plain("choose-any-form")
    return in_script(choice.form or "", context.script)
