"""`poet`: data, training, evaluation and composing, offline.

Each command imports what it needs when it runs: composing must not wait for torch, nor training for OpenCC.
"""

from poetcore.cli.bench import app as bench
from poetcore.cli.poets import compose, evaluate, info
from poetcore.cli.prosody import scan
from poetcore.cli.scoreboard import scoreboard
from poetcore.cli.study import study
from poetcore.cli.training import export, finetune, prepare, train
from poetcore.commandline import add_version, new_app

app = new_app("Classical Chinese poems from an LSTM: prepare a corpus, train, evaluate, compose.")
add_version(app)
for command in (prepare, train, export, finetune, info, evaluate, compose, scan, scoreboard, study):
    app.command()(command)
app.add_typer(bench, name="bench")
