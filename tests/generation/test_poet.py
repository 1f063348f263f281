"""Composing from request to poem."""

import math
import shutil
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poetcore.errors import PackageError, RequestError
from poetcore.evaluation.bits import measure
from poetcore.generation import ComposeRequest, Poet
from poetcore.generation.lines import LineFilter
from poetcore.package import Characters, PoetCard, Tensors, read_package, write_package
from poetcore.prosody import FORMS, form_named, scan
from poetcore.prosody.text import is_hanzi
from poetcore.script import SCRIPTS, Script

FEW = 3
"""Candidates: enough for a choice, quick."""


def hanzi_of(text: str) -> str:
    return "".join(filter(is_hanzi, text))


@pytest.mark.parametrize("name", ["五絕", "七絕", "五律", "七律"])
def test_a_poem_has_the_form_that_was_asked(toy_poet: Poet, name: str) -> None:
    form = form_named(name)
    poem = toy_poet.compose(ComposeRequest(prefix="月", form=form, seed=7, best_of=FEW))
    assert form.fits(poem.text)
    assert poem.form == name
    assert poem.text.startswith("月")
    assert len(poem.lines) == form.lines
    assert {len(line) for line in poem.lines} == {form.line_length}
    assert form.punctuate(poem.lines) == poem.text


def test_the_json_object_has_the_documented_keys(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="月", form=FORMS["五絕"], seed=7, best_of=FEW))
    assert poem.as_dict() == {
        "text": poem.text,
        "lines": list(poem.lines),
        "form": "五絕",
        "rhyme_group": poem.rhyme_group,
        "title": None,
        "prefix": "月",
        "seed": 7,
        "poet": "toy-1",
        "score": poem.score,
        "candidates": 3,
        "relaxed": [],
    }


def test_the_same_seed_gives_the_same_poem_and_another_another(toy_poet: Poet) -> None:
    request = ComposeRequest(prefix="春", seed=1)
    assert toy_poet.compose(request) == toy_poet.compose(request)
    assert toy_poet.compose(request).text != toy_poet.compose(replace(request, seed=2)).text


@pytest.mark.parametrize(
    "requests",
    [
        [ComposeRequest(prefix=word) for word in "春秋山水月花"],
        [ComposeRequest(title=word) for word in "春秋山水月花"],
        [ComposeRequest(acrostic=word * 4) for word in "春秋山水月花"],
    ],
)
def test_with_one_seed_poems_to_several_words_differ_in_their_rhyme(
    toy_poet: Poet, requests: list[ComposeRequest]
) -> None:
    poems = [toy_poet.compose(replace(each, seed=3, best_of=FEW, form=FORMS["七絕"])) for each in requests]
    assert len({poem.rhyme_group for poem in poems}) > 1


def test_asking_for_the_form_that_the_poet_chose_gives_the_same_poem(toy_poet: Poet) -> None:
    forms = set()
    for seed in range(8):
        left_open = toy_poet.compose(ComposeRequest(seed=seed, best_of=FEW))
        assert left_open.form is not None
        forms.add(left_open.form)
        assert toy_poet.compose(ComposeRequest(form=FORMS[left_open.form], seed=seed, best_of=FEW)) == left_open
    assert forms == {"五絕", "七絕"}


def test_threads_share_a_poet(toy_poet: Poet) -> None:
    requests = [ComposeRequest(prefix="花", seed=seed, best_of=FEW) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(toy_poet.compose, requests)) == list(map(toy_poet.compose, requests))


def test_the_score_is_the_poems_bits_per_hanzi(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="月", form=FORMS["五絕"], seed=3))
    bits = measure(toy_poet.engine, toy_poet.vocabulary, [poem.text]).bits_per_hanzi
    assert poem.score == pytest.approx(-bits * math.log(2), rel=1e-5)


def test_the_likeliest_candidate_is_chosen(toy_poet: Poet) -> None:
    many = [toy_poet.compose(ComposeRequest(seed=seed, form=FORMS["五絕"], best_of=32)).score for seed in range(20)]
    one = [toy_poet.compose(ComposeRequest(seed=seed, form=FORMS["五絕"], best_of=1)).score for seed in range(20)]
    assert sum(many) > sum(one)


def test_hanzi_come_again_in_their_couplet_alone(toy_poet: Poet) -> None:
    for seed in range(10):
        poem = toy_poet.compose(ComposeRequest(form=FORMS["七律"], seed=seed, best_of=FEW))
        couplets = [set("".join(poem.lines[at : at + 2])) for at in range(0, 8, 2)]
        assert not any(couplets[one] & couplets[other] for one in range(4) for other in range(one))


def test_simplified_words_find_their_traditional_form_and_come_back(toy_poet: Poet) -> None:
    traditional = toy_poet.compose(ComposeRequest(prefix="开门", form=FORMS["五絕"], best_of=FEW))
    simplified = toy_poet.compose(ComposeRequest(prefix="开门", form=FORMS["五絕"], best_of=FEW, script="hans"))
    assert (traditional.prefix, traditional.text[:2]) == ("開門", "開門")
    assert (simplified.prefix, simplified.text[:2]) == ("开门", "开门")
    assert FORMS["五絕"].fits(simplified.text)


def test_stray_simplified_hanzi_of_the_vocabulary_are_not_written(toy_poet: Poet) -> None:
    # 红 is in the toy vocabulary; 里 却 黄 后 余 云 are too, and traditional texts have them.
    written = "".join(toy_poet.compose(ComposeRequest(form=FORMS["七律"], seed=n, best_of=1)).text for n in range(60))
    assert "红" not in written
    assert set("里却黄后余云") <= set(written)


def test_a_hanzi_that_the_vocabulary_lacks_stays_in_the_poem(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="龘龘", form=FORMS["五絕"], best_of=FEW))
    assert poem.text.startswith("龘龘")
    assert FORMS["五絕"].fits(poem.text)
    # Nobody knows how 龘 is read, and the second character of a line has a tone to keep.
    assert poem.relaxed == ("tone",)


def test_emoji_and_latin_are_dropped_and_listed(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="moon 月 😀", best_of=FEW))
    assert poem.text.startswith("月")
    assert poem.relaxed == ("prefix",)


def test_a_hundred_characters_are_cut_to_the_form(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="春江花月夜" * 20, form=FORMS["五絕"], best_of=FEW))
    assert poem.text == "春江花月夜，春江花月夜。春江花月夜，春江花月夜。"
    assert poem.relaxed == ("prefix", "rhyme", "tone")


@given(
    prefix=st.none() | st.text(max_size=20) | st.text("月春红云😀，a龘 \ud800", min_size=1, max_size=80),
    form=st.none() | st.sampled_from(sorted(FORMS)),
    script=st.sampled_from(SCRIPTS),
    constrained=st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_any_prefix_gives_a_poem_or_a_sentence(
    toy_poet: Poet, prefix: str | None, form: str | None, script: Script, constrained: bool
) -> None:
    asked = FORMS[form] if form else None
    request = ComposeRequest(prefix, asked, 5, best_of=2, script=script, constrained=constrained)
    try:
        poem = toy_poet.compose(request)
    except RequestError:
        assert prefix is not None
        assert not hanzi_of(unicodedata.normalize("NFKC", prefix))
        return
    assert poem.text.startswith(poem.prefix)
    assert is_hanzi(poem.text[0])
    assert "".join(poem.lines) == hanzi_of(poem.text)
    if constrained:
        assert poem.form is not None
        assert FORMS[poem.form].fits(poem.text)
        assert form in (None, poem.form)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_poem_scans(toy_poet: Poet, name: str) -> None:
    for seed in range(12):
        poem = toy_poet.compose(ComposeRequest(form=FORMS[name], seed=seed, best_of=FEW))
        scansion = scan(poem.text)
        assert (scansion.problems, poem.relaxed) == ((), ())
        assert poem.rhyme_group is not None


@pytest.mark.parametrize("acrostic", ["春夏秋冬", "春眠不覺曉處處聞", "日月"])
def test_an_acrostic_begins_the_lines(toy_poet: Poet, acrostic: str) -> None:
    poem = toy_poet.compose(ComposeRequest(acrostic=acrostic, best_of=FEW))
    assert "".join(line[0] for line in poem.lines)[: len(acrostic)] == acrostic
    assert len(poem.lines) == (8 if len(acrostic) > 4 else 4)
    assert (poem.relaxed, scan(poem.text).problems) == ((), ())


def test_a_beginning_goes_before_an_acrostic_and_a_form_before_its_length(toy_poet: Poet) -> None:
    beginning = toy_poet.compose(ComposeRequest(prefix="月", acrostic="春夏秋冬", best_of=FEW))
    assert ("".join(line[0] for line in beginning.lines), beginning.relaxed) == ("月夏秋冬", ("acrostic",))
    short = toy_poet.compose(ComposeRequest(acrostic="春眠不覺曉處處聞", form=FORMS["五絕"], best_of=FEW))
    assert ("".join(line[0] for line in short.lines), short.relaxed) == ("春眠不覺", ("acrostic",))


def test_a_rhyme_group_is_kept_or_given_up_in_so_many_words(toy_poet: Poet) -> None:
    form = FORMS["五絕"]
    kept = toy_poet.compose(ComposeRequest(rhyme="上平聲一東", form=form, best_of=FEW))
    assert (kept.rhyme_group, kept.relaxed, scan(kept.text).rhyme_group) == ("東", (), "東")
    # The toy vocabulary has no word of 江 but itself.
    given_up = toy_poet.compose(ComposeRequest(rhyme="江", form=form, best_of=FEW))
    assert given_up.relaxed == ("rhyme",)
    assert scan(given_up.text).problems == ()


@pytest.mark.parametrize("rhyme", ["屋", "貓", "moon", "", "\ud800"])
def test_what_is_no_level_rhyme_group_is_given_up(toy_poet: Poet, rhyme: str) -> None:
    poem = toy_poet.compose(ComposeRequest(rhyme=rhyme, best_of=FEW))
    assert (poem.relaxed, scan(poem.text).problems) == (("rhyme",), ())


BORROWED = ("清明時節雨紛紛", "路上行人欲斷魂", "借問酒家何處有", "牧童遙指杏花村")
"""紛 is of 文 alone, 魂 and 村 of its neighbour 元: 首句借鄰韻."""


@pytest.mark.parametrize("seed", range(6))
def test_a_first_line_may_rhyme_with_a_neighbour_of_the_others(toy_poet: Poet, seed: int) -> None:
    for rhyme in (None, "元"):
        request = ComposeRequest(prefix="，".join(BORROWED[:2]), rhyme=rhyme, seed=seed, best_of=FEW)
        poem = toy_poet.compose(request)
        assert (poem.rhyme_group, poem.relaxed, scan(poem.text).problems) == ("元", (), ())
    refused = toy_poet.compose(ComposeRequest(prefix="，".join(BORROWED[:2]), rhyme="文", seed=seed, best_of=FEW))
    assert (refused.rhyme_group, refused.relaxed, scan(refused.text).problems) == ("元", ("rhyme",), ())


def test_a_first_line_alone_leads_to_its_own_group_or_to_a_neighbour_that_is_asked_for(toy_poet: Poet) -> None:
    for rhyme, group, relaxed in ((None, "文", ()), ("真", "真", ()), ("東", "文", ("rhyme",))):
        poem = toy_poet.compose(ComposeRequest(prefix=BORROWED[0], rhyme=rhyme, best_of=FEW))
        assert (poem.rhyme_group, poem.relaxed, scan(poem.text).problems) == (group, relaxed, ())


def test_a_first_line_that_need_not_rhyme_binds_nothing(toy_poet: Poet) -> None:
    # 看 is level or oblique, and the line fits a pattern with either.
    for seed in range(6):
        poem = toy_poet.compose(ComposeRequest(prefix="平平平仄看，仄仄仄平東", seed=seed, best_of=FEW))
        assert (poem.rhyme_group, poem.relaxed, scan(poem.text).problems) == ("東", (), ())


@pytest.mark.parametrize("line", range(4))
def test_a_line_is_written_anew_below_a_first_line_of_another_group(toy_poet: Poet, line: int) -> None:
    keep = tuple(None if number == line else words for number, words in enumerate(BORROWED))
    for seed in range(4):
        poem = toy_poet.compose(ComposeRequest(keep=keep, seed=seed, best_of=FEW))
        assert (poem.rhyme_group, poem.relaxed, scan(poem.text).problems) == ("元", (), ())


def test_a_couplet_that_makes_up_for_its_tones_is_gone_on_with(toy_poet: Poet) -> None:
    # 仄仄仄仄仄 asks for 平平平仄平 (對句相救).
    for seed in range(4):
        poem = toy_poet.compose(ComposeRequest(prefix="木落雨未止", seed=seed, best_of=FEW))
        assert (poem.relaxed, scan(poem.text).problems) == ((), ())
        anew = toy_poet.compose(ComposeRequest(keep=(*poem.lines[:3], None), seed=seed, best_of=FEW))
        assert (anew.relaxed, scan(anew.text).problems) == ((), ())


def test_a_line_of_a_simplified_poem_is_written_anew(toy_poet: Poet) -> None:
    keep = ("千山鸟飞绝", "万径人踪灭", None, "独钓寒江雪")
    poem = toy_poet.compose(ComposeRequest(keep=keep, best_of=FEW, script="hans"))
    assert poem.traditional.startswith("千山鳥飛絕，萬徑人蹤滅。")
    assert poem.traditional.endswith("，獨釣寒江雪。")
    assert (poem.lines[:2], poem.lines[3]) == (keep[:2], keep[3])


@pytest.mark.parametrize("line", range(4))
def test_a_line_is_written_anew_and_the_poem_still_scans(toy_poet: Poet, line: int) -> None:
    old = toy_poet.compose(ComposeRequest(form=FORMS["七絕"], seed=2, best_of=FEW))
    keep = tuple(None if number == line else words for number, words in enumerate(old.lines))
    new = toy_poet.compose(ComposeRequest(keep=keep, seed=3, best_of=FEW))
    assert [words for number, words in enumerate(new.lines) if number != line] == [w for w in keep if w is not None]
    assert new.lines[line] != old.lines[line]
    assert (new.form, new.relaxed, scan(new.text).problems) == ("七絕", (), ())


@pytest.mark.parametrize(
    "keep", [(None,) * 4, ("春眠不覺曉", None, None), ("春眠不覺", None, None, None), ("abcde",) * 4]
)
def test_lines_of_no_form_cannot_be_kept(toy_poet: Poet, keep: tuple[str | None, ...]) -> None:
    with pytest.raises(RequestError, match="the lines to keep must be"):
        toy_poet.compose(ComposeRequest(keep=keep))


def test_tones_of_given_words_that_fit_no_pattern_are_let_be(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="春風春風春", form=FORMS["五絕"], best_of=FEW))
    assert poem.relaxed == ("tone",)
    assert {problem.line for problem in scan(poem.text).problems} == {1}


def test_a_title_is_shown_as_it_was_given(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(title=" 秋夜\n山中 ", best_of=FEW))
    assert (poem.title, poem.relaxed) == ("秋夜 山中", ())
    assert toy_poet.compose(ComposeRequest(title="moon", best_of=FEW)).relaxed == ("title",)


def test_no_line_of_the_corpus_is_repeated(toy_package: Path, toy_poet: Poet, tmp_path: Path) -> None:
    request = ComposeRequest(form=FORMS["五絕"], seed=5, best_of=1)
    old = toy_poet.compose(request).lines
    card, tensors = read_package(toy_package)
    write_package(tmp_path / "wary", card, tensors, {"lines.safetensors": LineFilter.of(old).to_bytes()})
    new = Poet.load(tmp_path / "wary").compose(request)
    assert not set(new.lines) & set(old)
    # Up to its last character the first line is the one that was drawn before.
    assert new.lines[0][:4] == old[0][:4]
    assert scan(new.text).problems == ()
    asked = Poet.load(tmp_path / "wary").compose(replace(request, prefix=old[0]))
    assert asked.lines[0] == old[0]


def test_without_constraints_the_model_decides(toy_poet: Poet) -> None:
    poem = toy_poet.compose(ComposeRequest(prefix="月，", form=FORMS["五絕"], seed=4, best_of=1, constrained=False))
    assert poem.text.startswith("月，")
    assert len(poem.text) <= 128
    assert poem.form is None
    assert poem.relaxed == ("form",)


def test_a_poet_without_punctuation_cannot_compose(toy_card: PoetCard, toy_tensors: Tensors) -> None:
    card = toy_card.model_copy(update={"vocabulary": Characters(characters="月花")})
    with pytest.raises(PackageError, match="cannot compose"):
        Poet(card, toy_tensors)


def test_serving_does_not_import_torch(toy_package: Path, tmp_path: Path) -> None:
    poems = tmp_path / "poems.jsonl"
    poems.write_text('{"text": "月明。"}\n', encoding="utf-8")
    program = """
import sys
import unicodedata
from pathlib import Path
from poetcore.evaluation.report import evaluate_file
from poetcore.generation import ComposeRequest, Poet

poet = Poet.load(Path(sys.argv[1]))
poet.compose(ComposeRequest(prefix="月", script="hans"))
evaluate_file(Path(sys.argv[2]), poet)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program, str(toy_package), str(poems)], check=True)


def test_a_copied_package_is_the_same_poet(toy_package: Path, toy_poet: Poet, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(toy_package, tmp_path / "copy"))
    request = ComposeRequest(prefix="月", best_of=FEW)
    assert Poet.load(copy).compose(request) == toy_poet.compose(request)
