"""The whole study, read top-down: check, begin or go on, run every arm, write the figures and the page.

plan.json       what the study was begun with
arms/NAME/      the run folders, with arm.json (what the arm came to) when it has ended
study.json      all figures
study.html      the page
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from poetcore.corpus import PreparedCorpus
from poetcore.errors import SettingsError, StorageError, TrainingError
from poetcore.evaluation.study.arms import ArmObserver, finished_record, run_arm
from poetcore.evaluation.study.page import page_of
from poetcore.evaluation.study.plan import Arm, Plan, Scale, plan_of
from poetcore.evaluation.study.poems import part_of, require_enough
from poetcore.evaluation.study.record import ArmRecord, Study
from poetcore.evaluation.study.report import study_of
from poetcore.files import write_whole
from poetcore.package import now_utc
from poetcore.training.presets import TrainingSettings

PLAN: Final = "plan.json"
FIGURES: Final = "study.json"
PAGE: Final = "study.html"


class Display(ArmObserver, Protocol):
    """Is told how the study goes."""

    def arm_began(self, arm: Arm, number: int) -> None:
        """Arm `number`, counted from 1, starts or goes on."""

    def arm_ended(self, record: ArmRecord) -> None:
        """It has ended, now or in an earlier process."""


def conduct(data: Path, out: Path, scale: Scale, display: Display) -> Study:
    """Run the study of `scale` on the prepared corpus `data` in the folder `out`, or go on where it was.

    Raises `PreparedCorpusError`, `TrainingError` or `StorageError` before any work if the corpus is unfit, or `out` is
    not a folder of this very study; later `StorageError` when the disk refuses.
    """
    plan, whole = plan_of(scale), PreparedCorpus.load(data)
    part = part_of(whole, scale.base.collections, scale.poems)
    require_enough(part, plan)
    began = _begin_or_resume(out, plan, part)
    arms: dict[str, ArmRecord] = {}
    for number, arm in enumerate(plan.arms, start=1):
        folder = out / "arms" / arm.name
        arms[arm.name] = finished_record(folder) or _run(arm, number, part, folder, display)
        display.arm_ended(arms[arm.name])
    study = study_of(plan, arms, whole, part, began)
    write_whole(out / FIGURES, study.model_dump_json(indent=1) + "\n")
    write_whole(out / PAGE, page_of(study))
    return study


def _run(arm: Arm, number: int, corpus: PreparedCorpus, folder: Path, display: Display) -> ArmRecord:
    display.arm_began(arm, number)
    return run_arm(arm, corpus, folder, display)


def _begin_or_resume(out: Path, plan: Plan, corpus: PreparedCorpus) -> datetime:
    """When the study in `out` was begun: now, or as its plan says, if that is this plan on these poems."""
    path = out / PLAN
    content = {
        "format": 1,
        "scale": plan.scale.name,
        "data_fingerprint": corpus.fingerprint,
        "arms": {arm.name: _as_begun(arm) for arm in plan.arms},
    }
    if not path.exists():
        _require_empty(out)
        began = now_utc()
        write_whole(path, json.dumps(content | {"began": began.isoformat()}, indent=1) + "\n")
        return began
    try:
        begun = json.loads(path.read_bytes())
        began = datetime.fromisoformat(begun["began"])
        changed = _difference(begun, json.loads(json.dumps(content)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SettingsError) as error:
        raise TrainingError(f"{path} is damaged ({error!r}); give --out another folder") from error
    if changed:
        raise TrainingError(f"{out} holds a study begun with {changed}: go on as it was begun, or give another --out")
    return began


def _as_begun(arm: Arm) -> dict[str, Any]:
    return arm.settings.as_dict() | {"equal_weight": arm.equal_weight}


def _with_defaults(begun: Mapping[str, Any]) -> dict[str, Any]:
    """An arm of plan.json as this version writes it: a setting that came later has its default, as in `open_run`."""
    stored = {key: value for key, value in begun.items() if key != "equal_weight"}
    settings = TrainingSettings(**(stored | {"collections": tuple(stored["collections"])}))
    return settings.as_dict() | {"equal_weight": begun["equal_weight"]}


def _difference(begun: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """In what the plan that a study was begun with differs from this one, as the end of "begun with ..."."""
    if begun["scale"] != now["scale"]:
        return "--quick" if begun["scale"] == "quick" else "no --quick"
    if begun["data_fingerprint"] != now["data_fingerprint"]:
        return "other data"
    if begun["arms"].keys() != now["arms"].keys():
        return "other arms (by another version)"
    for name, settings in now["arms"].items():
        was = _with_defaults(begun["arms"][name])
        for key, value in settings.items():
            if was[key] != value:
                return f"{key}={was[key]} in arm {name}, not {value}"
    return None


def _require_empty(out: Path) -> None:
    """Raise `StorageError` for a folder that holds anything but what a killed write leaves."""
    if out.exists() and not out.is_dir():
        raise StorageError(f"{out} is no folder; give --out another name")
    if out.is_dir() and any(not path.name.startswith(f".{PLAN}.partial-") for path in out.iterdir()):
        raise StorageError(f"{out} holds other files and no study; give --out an empty or a new folder")
