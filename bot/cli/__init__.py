"""`poetbot`: the bot's commands, one file a concern.

What a command needs is imported by the command: --help and a wrong setting answer at once.
"""

from bot.cli.bench import app as bench
from bot.cli.database import app as database
from bot.cli.doctor import doctor
from bot.cli.learning import app as poets
from bot.cli.learning import export_ratings, retrain, worker
from bot.cli.service import run
from bot.cli.simulation import simulate_readers
from poetcore.commandline import add_version, new_app

app = new_app("The Telegram bot that writes classical Chinese poems.")
add_version(app)
app.command()(run)
app.command()(worker)
app.command()(retrain)
app.command()(doctor)
app.command("export-ratings")(export_ratings)
app.command("simulate-readers")(simulate_readers)
app.add_typer(database, name="db")
app.add_typer(bench, name="bench")
app.add_typer(poets, name="poets")
