"""What a day's poem is about: a festival of the lunar calendar, a solar term 節氣, or the days since the last one."""

from datetime import date
from typing import Final

from lunar_python import Solar

from poetcore.script import to_traditional

# By month and day of the lunar calendar: those that Tang poets wrote for.
_FESTIVALS: Final = {
    (1, 1): "元日",
    (1, 7): "人日",
    (1, 15): "元夕",
    (3, 3): "上巳",
    (5, 5): "端午",
    (7, 7): "七夕",
    (7, 15): "中元",
    (8, 15): "中秋",
    (9, 9): "九日",
    (12, 8): "臘日",
}
_DIGITS: Final = "一二三四五六七八九十"


def theme_of(day: date) -> str:
    """The day's theme in traditional characters, as the title of a poem: 中秋, 立春, 小雪後二日."""
    solar = Solar.fromYmd(day.year, day.month, day.day)
    return _festival(solar) or _solar_term(solar)


def _festival(solar: Solar) -> str | None:
    lunar = solar.getLunar()
    tomorrow = solar.next(1).getLunar()
    if (tomorrow.getMonth(), tomorrow.getDay()) == (1, 1):
        return "除夕"
    if tomorrow.getJieQi() == "清明":
        return "寒食"
    # A leap month counts below zero, and has no festivals.
    return _FESTIVALS.get((lunar.getMonth(), lunar.getDay()))


def _solar_term(solar: Solar) -> str:
    lunar = solar.getLunar()
    term = lunar.getPrevJieQi(True)
    days = solar.subtract(Solar.fromYmd(*map(int, term.getSolar().toYmd().split("-"))))
    name = to_traditional(term.getName())
    return name if days == 0 else f"{name}後{_counted(days)}日"


def _counted(days: int) -> str:
    """1 to 19 as Chinese count."""
    if days <= 10:
        return _DIGITS[days - 1]
    return f"十{_DIGITS[days - 11]}"
