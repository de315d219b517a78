"""what readers are asked, and what they chose -> the pages with the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.model import Subscriber
from aggregator.render import names
from aggregator.render.language import Language
from aggregator.render.names import N_
from aggregator.render.views import View
from aggregator.steps.sections import SECTIONS, TOPICS

Option = tuple[str, str]
"""(value, what it is called)"""

_CADENCES = (("weekly", N_("Once a week")), ("daily", N_("Every day")))
_HEADINGS = {slug: heading for slug, heading, _ in SECTIONS}
_ELSE = N_("Everything else")
_WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"),
    N_("Sunday"),
)  # fmt: skip
_AREAS = {
    "Africa": N_("Africa"),
    "America": N_("America"),
    "Antarctica": N_("Antarctica"),
    "Arctic": N_("Arctic"),
    "Asia": N_("Asia"),
    "Atlantic": N_("Atlantic"),
    "Australia": N_("Australia"),
    "Europe": N_("Europe"),
    "Indian": N_("Indian Ocean"),
    "Pacific": N_("Pacific"),
}
_FIELDS = {
    "address": N_("E-mail address"),
    "cadence": N_("How often"),
    "language": N_("Language of the digest"),
    "weekday": N_("Day"),
    "hour": N_("Hour"),
    "timezone": N_("Time zone"),
    "topics": N_("Topics"),
    "groups": N_("Perspectives"),
    "languages": N_("Languages of the articles"),
    "pause": N_("Pause"),
}


def subscribe(
    view: View,
    *,
    editions: Sequence[Language],
    given: Mapping[str, str],
    faults: Mapping[str, str],
) -> str:
    """The form at /subscribe. `given`: fields as they came; `faults`: field -> what is wrong."""
    return view.page(
        "subscribe.html",
        "/subscribe",
        action=view.links.page("/subscribe"),
        given={"language": view.language.code, "cadence": "weekly", **given},
        faults=_faults(view, faults),
        cadences=_said(view, _CADENCES),
        editions=[(each.code, each.name) for each in editions],
    )


def preferences(
    view: View,
    *,
    here: str,
    reader: Subscriber,
    editions: Sequence[Language],
    zones: Sequence[str],
    own_zone: str,
    pauses: Sequence[int],
    faults: Mapping[str, str],
    saved: bool,
) -> str:
    """What a reader chose. `own_zone`: what counts while they name none; `pauses`: weeks."""
    return view.page(
        "preferences.html",
        here,
        None,
        reader=reader,
        faults=_faults(view, faults),
        saved=saved,
        cadences=_said(view, _CADENCES),
        editions=[(each.code, each.name) for each in editions],
        weekdays=[(day, view.say(name)) for day, name in enumerate(_WEEKDAYS)],
        hours=[(hour, f"{hour:02}:00") for hour in range(24)],
        zone=reader.timezone or own_zone,
        own_zone=own_zone,
        areas=_areas(view, {*zones, reader.timezone or own_zone}),
        topics=[(slug, view.say(_HEADINGS.get(slug, _ELSE))) for slug in TOPICS],
        perspectives=_said(view, tuple(names.GROUP.items())),
        languages=_said(view, tuple(names.LANGUAGE.items())),
        pauses=pauses,
    )


def left(view: View, *, here: str) -> str:
    """For who unsubscribed: the way back in, and out of the books."""
    return view.page("left.html", here, None)


def _said(view: View, options: Sequence[Option]) -> list[Option]:
    return [(value, view.say(words)) for value, words in options]


def _faults(view: View, faults: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Field -> (what it is called, what is wrong)."""
    return {name: (view.say(_FIELDS[name]), view.say(what)) for name, what in faults.items()}


def _areas(view: View, zones: set[str]) -> list[tuple[str, list[Option]]]:
    """("Asia", [("Asia/Seoul", "Seoul"), …]); what is in no area stands first, under ""."""
    found: dict[str, list[Option]] = {}
    for zone in sorted(zones):
        area, slash, place = zone.partition("/")
        label = view.say(_AREAS[area]) if slash and area in _AREAS else ""
        name = (place if label else zone).replace("_", " ").replace("/", " / ")
        found.setdefault(label, []).append((zone, name))
    return sorted(found.items())
