"""The whole flow, as pure functions. READ THIS FIRST.

    feeds ─claim─▶ fetch ─▶ read ─▶ known? ─▶ decide ─▶ apply          one visit, one transaction
                   edge     pure    edge      pure      edge
                                                          │ articles
                                                          ▼
                        loose, placed ─▶ arrange ─▶ save               one at a time, after a round
                        edge             pure       edge
                                                          │ stories
                 ┌────────────────────────────────────────┤
                 ▼                                        ▼
        publish (render/, on request)    due? ─▶ compose ─▶ publish ─▶ letter ─▶ send ─▶ settle
                 pure                    pure    pure       edge       pure      edge    pure

`jobs/` joins these steps with the edges; `hosts/` decides when and where the jobs run.

* read    parse ▶ normalise ▶ names Korea?    bytes become articles (in a worker process); entries
          that stayed letter for letter are left out
* decide  fresh ▶ tag ▶ judge ▶ next check    only what the library does not hold yet is tagged
* rejudge names Korea? ▶ tag ▶ judge           what is stored, when the taxonomy changed
* arrange near copies ▶ stories ▶ perspectives ▶ rank
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aggregator.model import (
    Arrangement,
    Article,
    Feed,
    Fetched,
    IngestPlan,
    Item,
    Judged,
    Judgement,
    Known,
    Reading,
    Rejudged,
    Sighting,
    StoryItems,
    Visit,
)
from aggregator.rules import Clustering, Configuration, Relevance
from aggregator.steps import dedup, normalise, polling, relevance, stories
from aggregator.steps.copies import nearly
from aggregator.steps.dates import zone_of
from aggregator.steps.parse import parse
from aggregator.steps.pool import pool as pooled
from aggregator.steps.tagging import compile_tagger, tag
from aggregator.steps.tagging.certainty import certainty
from aggregator.steps.tagging.genre import genre
from aggregator.steps.tagging.relay import relays
from aggregator.taxonomy import Taxonomy


def read(
    fetched: Fetched,
    feed: Feed,
    now: datetime,
    *,
    replay: bool,
    names: relevance.Telling | None = None,
    unchanged: bytes | None = None,
    max_entries: int = 10_000,
) -> Reading:
    """The body of one visit -> its articles, but for entries that are among `unchanged`.

    What holds none of `names` is set aside, and its content left unread. Raises NotAFeed.
    """
    document = parse(
        fetched.body,
        fetched.url,
        fetched.content_type,
        max_entries,
        zone_of(feed.country, feed.language),
    )
    return normalise.read(
        document,
        feed,
        now,
        replay=replay,
        unchanged=unchanged or b"",
        counts=partial(relevance.may_be_relevant, feed=feed, names=names),
    )


def judge(article: Article, feed: Feed, taxonomy: Taxonomy, rules: Relevance) -> Judgement:
    """What can be concluded from one article's text and its feed."""
    tags = tag(article, feed, compile_tagger(taxonomy))
    kind = genre(article, feed, tags)
    return Judgement(
        verdict=relevance.judge(article, feed, tags, kind, rules, taxonomy),
        tags=tags,
        genre=kind,
        certainty=certainty(article, feed, tags),
        relays=relays(article, feed),
    )


_ASIDE = Judgement(verdict=relevance.NOTHING)


def decide(
    visit: Visit,
    fetched: Fetched,
    reading: Reading,
    known: Known,
    taxonomy: Taxonomy,
    config: Configuration,
    now: datetime,
    *,
    judged_by: str,
) -> IngestPlan:
    """What one visit writes: new articles, edited ones, and when to come again."""
    feed = visit.feed
    fresh = dedup.fresh(reading, known)

    def judged(articles: Sequence[Article]) -> tuple[Judged, ...]:
        # Most of what general feeds bring is set aside: readers never see it, and tagging it would
        # be two thirds of the work of a first round.
        return tuple(
            Judged(
                article=a,
                judgement=_ASIDE
                if a.fingerprint in reading.aside
                else judge(a, feed, taxonomy, config.relevance),
            )
            for a in articles
        )

    return IngestPlan(
        feed_id=feed.id,
        claimed_until=visit.state.next_check_at,
        state=polling.after(
            visit.state,
            polling.parsed(fetched, reading, len(fresh.new)),
            feed,
            config.polling,
            now,
        ),
        new=judged(fresh.new),
        edited=judged(fresh.edited),
        sightings=tuple(
            Sighting(article_id=article_id, guid=guid) for article_id, guid in fresh.sightings
        ),
        judged_by=judged_by,
        now=now,
    )


def rejudge(
    item: Item, taxonomy: Taxonomy, rules: Relevance, names: relevance.Telling | None
) -> Rejudged:
    """A stored article judged by what is stored of it, as `decide` would judge it today.

    Of what was set aside title and summary are stored; its language is told once they count.
    """
    article, feed = item.article, item.feed
    judgement = _ASIDE
    if relevance.may_be_relevant(article.title, article.summary, feed, names):
        tongue = normalise.language_of(article.title, article.summary, article.language)
        article = replace(article, language=tongue)
        judgement = judge(article, feed, taxonomy, rules)
    return Rejudged(
        before=item,
        after=Judged(article=article, judgement=judgement),
        changed=judgement != item.judgement or article != item.article,
    )


def arrange(
    loose: Sequence[Item],
    placed: Sequence[StoryItems],
    taxonomy: Taxonomy,
    rules: Clustering,
    now: datetime,
) -> Arrangement:
    """Loose articles find their originals and their stories; each story learns who covers it.

    The order of `loose` and of `placed` does not matter.
    """
    pool = pooled(loose, placed, taxonomy, rules)
    copies = nearly(pool, taxonomy.weights["copy"], rules)
    return stories.arrange(pool, placed, copies, taxonomy, rules, now)
