"""Articles without a story -> stories."""

from __future__ import annotations

import logging

from aggregator import pipeline
from aggregator.jobs.retag import renew_stories
from aggregator.ports import Tools
from aggregator.steps import stories

log = logging.getLogger(__name__)


def arrange(tools: Tools) -> int:
    """Tell stale stories anew and place every loose article, one at a time.

    Returns how many stories are new or changed.

    An archive that spans years is placed stretch by stretch: only what is near in time can meet.
    """
    window = tools.config.stories.window
    changed = renew_stories(tools)
    for loose in stories.stretches(tools.store.loose(), window):
        first, last = loose[0].article.published_at, loose[-1].article.published_at
        placed = tools.store.placed(first - window, last + window)
        arrangement = pipeline.arrange(
            loose, placed, tools.taxonomy, tools.config.stories, tools.clock()
        )
        tools.store.save(arrangement)
        changed += len(arrangement.stories)
        log.info("arranged", extra={"articles": len(loose), "stories": len(arrangement.stories)})
    return changed
