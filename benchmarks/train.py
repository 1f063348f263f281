"""`poet bench train`: how fast training is beside the plain loop, what memory it takes, that it learns as well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import torch

from benchmarks.corpora import Course, is_synthetic, load_corpus, plan_course
from benchmarks.costs import Sizes, training_flop
from benchmarks.layers import BFLOAT16, FLOAT32, OWN, LayerSizes, layer_arms
from benchmarks.machine import this_machine
from benchmarks.memory import MemoryRequest, peak_in_own_process
from benchmarks.ours import Hardware, OurLoop
from benchmarks.plain_loop import PlainLoop, PlainModel, mean_cross_entropy
from benchmarks.products import ceiling_by_round, product_arms, training_products
from benchmarks.report import Figure, Goal, Report
from benchmarks.timing import Spread, Work, interleaved_rates, ratios
from poetcore.corpus import PreparedCorpus
from poetcore.training.presets import TrainingSettings, settings_for

Say = Callable[[str], None]
"""Is told what is being measured."""

# Both loops get the same batches: Tang + Song, whole poems to 128 tokens, 256 at a time.
_SAME_FOR_BOTH: Final = ("collections=tang,song", "sequence_length=128", "batch_poems=256")
_PLAIN: Final = "plain loop"


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rounds: int = 5
    """Interleaved repeats."""
    updates: Mapping[str, int] = field(default_factory=lambda: {"seed": 3, "base": 1})
    """Updates of a loop in a round, by preset; one of `base` takes the plain loop about ten seconds."""
    loss_updates: int = 60
    """Updates after which validation losses are compared."""
    validation_poems: int = 2_048
    memory_updates: int = 3
    memory_presets: tuple[str, ...] = ("seed", "base")
    product_flop: float = 1.6e10
    """FLOP of matrix products of one size in a round: 40 ms at 400 GFLOP/s, so that the clock's share vanishes."""
    synthetic_poems: int = 24_000
    assignments: tuple[str, ...] = _SAME_FOR_BOTH
    """Settings for both loops, as `key=value`."""
    layer: LayerSizes = field(default_factory=LayerSizes)


QUICK: Final = Plan(
    rounds=2,
    updates={"seed": 1, "base": 1},
    loss_updates=4,
    validation_poems=32,
    memory_updates=2,
    memory_presets=("seed",),
    product_flop=1e7,
    synthetic_poems=600,
    assignments=(
        "collections=tang,song",
        "sequence_length=32",
        "batch_poems=16",
        "vocabulary_size=200",
        "embedding_size=16",
        "hidden_size=16",
    ),
    layer=LayerSizes(batch=8, steps=5, inputs=16, hidden=16),
)
"""Tiny sizes, which show that everything runs and nothing else."""


def bench_training(data: Path | None, plan: Plan, say: Say = lambda _: None) -> Report:
    """Measure everything; raises `PreparedCorpusError` for unfit data."""
    machine = this_machine()
    corpus = load_corpus(data, plan.synthetic_poems)
    presets = {name: settings_for(name, plan.assignments) for name in ("seed", "base")}
    figures: list[Figure] = []
    for name, settings in presets.items():
        updates = plan.updates[name]
        say(f"speed: {name}, updates a round: {updates}, rounds: {plan.rounds}")
        course = plan_course(corpus, settings, updates * (plan.rounds + 1))
        figures += speed_figures(name, course, plan)
    say("speed: one layer alone")
    figures += layer_figures(plan, presets["seed"])
    for name in plan.memory_presets:
        say(f"memory: {name}, each loop in its own process")
        figures.append(memory_figure(name, data, plan))
    say(f"loss: seed, {plan.loss_updates} updates of either loop from the same weights")
    figures.append(loss_figure(plan_course(corpus, presets["seed"], plan.loss_updates), plan))
    return Report(
        title="Training",
        command="poet bench train"
        + (" --data DIR" if data is not None else "")
        + (" --quick" if plan == QUICK else ""),
        machine=machine,
        notes=_notes(corpus, plan, presets),
        figures=tuple(replace(figure, goal=None) for figure in figures) if plan == QUICK else tuple(figures),
    )


def speed_figures(name: str, course: Course, plan: Plan) -> list[Figure]:
    """Real tokens/s of the two loops; matrix products at that moment; which share of them ours reaches.

    The share is that of a loop with the whole softmax: what is not done is not reached.
    """
    settings, hardware = course.settings, Hardware.chosen(course.settings)
    sizes = Sizes.of(settings, course.vocabulary_size)
    products = training_products(sizes, settings.batch_poems, hardware.device)
    dtypes = (torch.float32, _reduced(hardware))
    variants = _variants(name, settings)
    arms = _loops(course, variants, plan.updates[name], plan.rounds)
    for dtype in dtypes:
        arms |= dict(product_arms(products, dtype, plan.product_flop, hardware.device))
    rates = interleaved_rates(arms, plan.rounds, settle=_settling(hardware.device))
    float32, reduced = (
        [rate / 1e9 for rate in ceiling_by_round(rates, products, dtype, hardware.device)] for dtype in dtypes
    )
    whole = next(variant for variant, its in variants.items() if not its.sampled_tokens)
    figures = [
        _compared(
            "_".join((*variant.split(), "tokens_per_s")),
            f"{variant}: real tokens/s",
            _PLAIN,
            rates[_PLAIN],
            rates[variant],
            _speed_goal(variant, hardware.device),
        )
        for variant in variants
    ]
    share = _compared(
        f"{name}_gemm_share",
        f"{whole}: GFLOP/s in training",
        f"{_name(hardware.arithmetic)} products",
        float32 if hardware.arithmetic == torch.float32 else reduced,
        [rate * training_flop(sizes) / 1e9 for rate in rates[whole]],
        Goal(0.6) if hardware.device.type == "cpu" else None,
    )
    ceilings = f"{name}: GFLOP/s of {_name(dtypes[1])} products"
    return [*figures, share, _compared(f"{name}_gemm", ceilings, "float32 products", float32, reduced)]


def _variants(name: str, settings: TrainingSettings) -> dict[str, TrainingSettings]:
    """Ours; beside it the preset's own size of batches, and the whole softmax where it draws a part of it."""
    variants = {name: settings}
    if (own := settings_for(name).batch_poems) < settings.batch_poems:
        variants[f"{name} in batches of {own}"] = replace(settings, batch_poems=own)
    if settings.sampled_tokens:
        variants[f"{name} with whole softmax"] = replace(settings, sampled_tokens=0)
    return variants


def _loops(course: Course, variants: Mapping[str, TrainingSettings], updates: int, rounds: int) -> dict[str, Work]:
    """Arms of the plain loop and of the variants of ours, with as many poems a round in each."""
    settings = course.settings
    model = PlainModel(Sizes.of(settings, course.vocabulary_size))
    device = Hardware.chosen(settings).device
    arms = {_PLAIN: _updating(PlainLoop(model, course.batches(), device, settings.learning_rate), updates)}
    for variant, its in variants.items():
        as_many = updates * settings.batch_poems // its.batch_poems
        arms[variant] = _updating(OurLoop(plan_course(course.corpus, its, as_many * (rounds + 1))), as_many)
    return arms


def _updating(loop: PlainLoop | OurLoop, updates: int) -> Work:
    return lambda: float(sum(loop.update() for _ in range(updates)))


def layer_figures(plan: Plan, settings: TrainingSettings) -> list[Figure]:
    """Our own layer alone against `nn.LSTM`, in float32 and under bfloat16 autocast."""
    device = Hardware.chosen(settings).device
    rates = interleaved_rates(layer_arms(plan.layer, settings, device), plan.rounds, settle=_settling(device))
    return [
        _compared(f"layer_against_{kind}", "own layer alone: tokens/s", against, rates[against], rates[OWN], goal)
        for kind, against, goal in (("float32", FLOAT32, Goal(1.6)), ("bfloat16", BFLOAT16, Goal(1.0)))
    ]


def memory_figure(name: str, data: Path | None, plan: Plan) -> Figure:
    """Peak memory of either loop above its state before the first step."""
    plain, ours = (
        peak_in_own_process(
            MemoryRequest(
                loop=loop,
                preset=name,
                assignments=plan.assignments,
                data=None if data is None else str(data.resolve()),
                synthetic_poems=plan.synthetic_poems,
                updates=plan.memory_updates,
            )
        )
        / 1e6
        for loop in ("plain", "ours")
    )
    return _compared(
        f"{name}_peak_memory",
        f"{name}: peak memory, MB",
        _PLAIN,
        [plain],
        [ours],
        Goal(0.4, at_least=False),
    )


def loss_figure(course: Course, plan: Plan) -> Figure:
    """Validation loss of either loop after the same updates from the same weights; the plain model judges both."""
    device = Hardware.chosen(course.settings).device
    model = PlainModel(Sizes.of(course.settings, course.vocabulary_size))
    ours = OurLoop(course)
    plain = PlainLoop(model, course.batches(), device, course.settings.learning_rate)
    model.load_weights(ours.weights())
    validation = course.validation(plan.validation_poems)
    losses = []
    for _ in range(plan.loss_updates):
        plain.update()
        ours.update()
    for weights in (None, ours.weights()):
        if weights is not None:
            model.load_weights(weights)
        losses.append(mean_cross_entropy(model, validation, device, course.settings.batch_poems))
    return _compared(
        "seed_validation_loss",
        f"seed: validation loss after {plan.loss_updates} updates, nats",
        _PLAIN,
        losses[:1],
        losses[1:],
        Goal(1.01, at_least=False),
    )


def _compared(
    name: str, label: str, against: str, baseline: list[float], ours: list[float], goal: Goal | None = None
) -> Figure:
    return Figure(name, label, against, Spread.of(baseline), Spread.of(ours), Spread.of(ratios(ours, baseline)), goal)


def _speed_goal(variant: str, device: torch.device) -> Goal | None:
    goals = {("seed", "cpu"): Goal(4), ("base", "cpu"): Goal(6), ("base", "cuda"): Goal(3)}
    return goals.get((variant, device.type))


def _reduced(hardware: Hardware) -> torch.dtype:
    """The arithmetic beside float32: the one that training chose, bfloat16 if it chose float32."""
    return torch.bfloat16 if hardware.arithmetic == torch.float32 else hardware.arithmetic


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _settling(device: torch.device) -> Callable[[], None]:
    return torch.cuda.synchronize if device.type == "cuda" else lambda: None


def _notes(corpus: PreparedCorpus, plan: Plan, presets: Mapping[str, TrainingSettings]) -> tuple[str, ...]:
    hardware = {name: Hardware.chosen(settings) for name, settings in presets.items()}
    settings = presets["seed"]
    data = (
        "an invented corpus with the lengths and frequencies of Tang + Song (no --data)"
        if is_synthetic(corpus)
        else f"Tang + Song, {len(corpus.splits):,} poems"
    )
    middle = "the best" if hardware["seed"].device.type == "cuda" else "the median"
    return (
        *(("Tiny sizes (--quick): the figures say only that everything runs.",) if plan == QUICK else ()),
        f"Data: {data}; batches of {settings.batch_poems} poems, lengths to {settings.sequence_length} tokens.",
        "The plain loop has a preset's sizes, padded batches, nn.LSTM, all logits, Adam and float32, and nothing else "
        "of the preset; ours is the preset as it is.",
        *(f"Ours, {name}: {chosen}." for name, chosen in hardware.items()),
        f"Rates: median (least–greatest) of {plan.rounds} rounds that take turns; a ratio is ours / baseline of one "
        "round. Padding is no token.",
        f"Products: {middle} of the sizes that an update has, in the same rounds. Training's FLOP are the model's, six "
        "a multiply-add and token, also where ours finds a shorter way (a product with equal rows is done once).",
        f"Peak memory: above what the process held before its first update, over {plan.memory_updates} updates.",
    )
