"""What our own codes are called: groups, perspectives, kinds, statuses, methods.

`N_` marks words for the catalogues; whoever shows them asks a `Language` for them.
"""

from __future__ import annotations

from aggregator.steps.perspectives import GROUPS


def N_(words: str) -> str:
    """Mark words for the catalogues, as they are."""
    return words


GROUP = {group.slug: group.label for group in GROUPS}
_GROUPS = (  # the labels above, where the catalogues' extractor can see them
    N_("Pyongyang"), N_("Seoul"), N_("Washington"), N_("Tokyo"), N_("Beijing"), N_("Moscow"),
    N_("UN"), N_("Specialists"), N_("Others"),
    N_("PYO"), N_("SEO"), N_("WAS"), N_("TOK"), N_("BEI"), N_("MOS"), N_("SPE"), N_("OTH"),
)  # fmt: skip

_SECTIONS = (  # the headings of `steps.sections`
    N_("Talks and summits"), N_("Weapons and military"), N_("Between the two Koreas"),
    N_("Alliances and neighbours"), N_("China and Russia"),
    N_("Sanctions, cyber and the United Nations"), N_("Human rights, families and aid"),
    N_("Inside North Korea"), N_("Politics in Seoul and Washington"), N_("More from the week"),
)  # fmt: skip
_DESCRIPTION = N_("How each capital reports Korea diplomacy, gathered from public feeds.")
"""What `rules.Site` says when the operator says nothing else."""

FIGURE = {  # the counts of `steps.digest.figures`
    "launches": N_("launches and weapons tests"),
    "exercises": N_("military exercises"),
    "border": N_("the border between the Koreas"),
    "meetings": N_("summits and meetings"),
    "sanctions": N_("sanctions"),
}
PERSPECTIVE = {
    "dprk-state": N_("North Korean state media"),
    "dprk-aligned": N_("Aligned with North Korea"),
    "rok-gov": N_("South Korean government"),
    "rok-wire": N_("South Korean news agency"),
    "rok-press-right": N_("South Korean press, right"),
    "rok-press-centre": N_("South Korean press, centre"),
    "rok-press-left": N_("South Korean press, left"),
    "us-gov": N_("US government"),
    "us-gov-media": N_("US government media"),
    "us-press": N_("US press"),
    "think-tank": N_("Think tank"),
    "nk-specialist": N_("North Korea specialists"),
    "japan-gov": N_("Japanese government"),
    "japan-public": N_("Japanese public broadcaster"),
    "japan-wire": N_("Japanese news agency"),
    "japan-press-left": N_("Japanese press, left"),
    "japan-press-centre": N_("Japanese press, centre"),
    "japan-press-right": N_("Japanese press, right"),
    "china-state": N_("Chinese state media"),
    "china-hk-press": N_("Hong Kong press"),
    "taiwan-press": N_("Taiwanese press"),
    "russia-state": N_("Russian state media"),
    "russia-press": N_("Russian press"),
    "russia-press-independent": N_("Independent Russian press"),
    "un-iaea": N_("United Nations and IAEA"),
    "other-gov": N_("Another government"),
    "intl-press": N_("International press"),
    "regional": N_("Regional press"),
    "aggregator": N_("Collection of other sources"),
    "unclassified": N_("Unclassified"),
}
KIND = {
    "news": N_("news"),
    "analysis": N_("analysis"),
    "official": N_("official"),
    "state-media": N_("state media"),
}
RIGHTS = {
    "title": N_("headline only"),
    "snippet": N_("headline and a short extract"),
    "full": N_("headline and the feed's own text"),
}
STATUS = {
    "ok": N_("ok"),
    "silent": N_("silent"),
    "failing": N_("failing"),
    "retired": N_("retired"),
    "new": N_("new"),
}
METHOD = {
    "strong": N_("named"),
    "weak": N_("word with a rule"),
    "pair": N_("named together"),
    "office": N_("office held then"),
    "implied": N_("follows from another tag"),
    "feed": N_("set for the feed"),
    "hint": N_("mentioned"),
}
FACET = {
    "actor": N_("People and bodies"),
    "state": N_("States"),
    "org": N_("Organisations"),
    "place": N_("Places"),
    "event": N_("Events and agreements"),
    "topic": N_("Topics"),
    "genre": N_("Kinds of article"),
    "stance": N_("Stances"),
    "certainty": N_("How certain"),
}
LANGUAGE = {
    "en": N_("English"),
    "ko": N_("Korean"),
    "ja": N_("Japanese"),
    "zh": N_("Chinese"),
    "ru": N_("Russian"),
}
AGENCY = {
    "kcna": N_("KCNA"),
    "rodong-sinmun": N_("Rodong Sinmun"),
    "yonhap": N_("Yonhap"),
    "newsis": N_("Newsis"),
    "kyodo": N_("Kyodo"),
    "nhk": "NHK",
    "jiji": N_("Jiji"),
    "xinhua": N_("Xinhua"),
    "tass": "TASS",
    "ria-novosti": N_("RIA Novosti"),
    "interfax": N_("Interfax"),
    "reuters": N_("Reuters"),
    "ap": "AP",
    "afp": "AFP",
    "bloomberg": N_("Bloomberg"),
    "nk-news": "NK News",
    "daily-nk": "Daily NK",
    "rfa": "RFA",
    "voa": "VOA",
    "new-york-times": N_("New York Times"),
    "wall-street-journal": N_("Wall Street Journal"),
    "washington-post": N_("Washington Post"),
    "cnn": "CNN",
}
"""Slugs of `steps.tagging.relay`."""
