"""Feeds that name a hub -> subscriptions, renewals and farewells (WebSub). Our feeds -> our hub."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from aggregator.model import Feed, HubAnswer, HubSubscription, Reading
from aggregator.ports import Tools
from aggregator.steps import websub

log = logging.getLogger(__name__)

_HUBS_AT_ONCE = 20


def hubs_can_reach(tools: Tools) -> bool:
    """Whether feeds may be pushed to us: wished for, and the site has a public address."""
    rules = tools.config.polling
    return (
        rules.websub
        and not tools.replay
        and websub.reachable(tools.config.site.url, allow_private=rules.allow_private_networks)
    )


def hub_reads_us(tools: Tools) -> bool:
    """Whether there is a hub to tell of our own feeds, and it can fetch them."""
    config = tools.config
    return (
        config.site.hub != ""
        and not tools.replay
        and websub.reachable(config.site.url, allow_private=config.polling.allow_private_networks)
    )


async def publish(tools: Tools) -> HubAnswer:
    """Tell our hub that our feeds changed; it fetches them and finds out what did."""
    site = tools.config.site
    return await tools.ask_hub(site.hub, websub.publication(site.url))


def note_hub(tools: Tools, feed: Feed, reading: Reading, now: datetime) -> None:
    """Keep in mind which hub a feed names; `subscribe_hubs` does the rest."""
    if not hubs_can_reach(tools):
        return
    held = tools.store.hubs(feed.id)
    for subscription in websub.outdated(held, reading):
        tools.store.change_hub(subscription, websub.ended(subscription, now))
    if websub.announced(reading) and not websub.holds(held, reading):
        tools.store.add_hub(
            websub.new(feed.id, reading, token=tools.random(), secret=tools.random(), now=now)
        )


async def subscribe_hubs(tools: Tools) -> int:
    """Ask every hub that is due: subscribe, renew, or take leave; returns how many were asked."""
    if not hubs_can_reach(tools):
        return 0
    asked = await asyncio.to_thread(_due_hubs, tools)
    await asyncio.gather(*(_ask_hub(tools, subscription) for subscription in asked))
    return len(asked)


def _due_hubs(tools: Tools) -> list[HubSubscription]:
    """Mark who is due as asked, before the request: a hub may verify before it answers."""
    now = tools.clock()
    held = tools.store.hubs()
    if orphans := websub.orphans(held, tools.feeds):
        for orphan in orphans:
            tools.store.change_hub(orphan, websub.ended(orphan, now))
        held = tools.store.hubs()
    marked = []
    for subscription in websub.due(held, now)[:_HUBS_AT_ONCE]:
        if websub.forgettable(subscription, now):
            tools.store.forget_hub(subscription.token)
            continue
        after = websub.asked(subscription, now)
        if tools.store.change_hub(subscription, after):
            marked.append(after)
    return marked


async def _ask_hub(tools: Tools, subscription: HubSubscription) -> None:
    form = websub.form(subscription, tools.config.site.url)
    answer = await tools.ask_hub(subscription.hub, form)
    after = websub.answered(subscription, answer)
    if after != subscription:  # if the hub has verified meanwhile, that counts
        await asyncio.to_thread(tools.store.change_hub, subscription, after)
    log.info(
        "hub",
        extra={
            "feed": subscription.feed_id,
            "hub": subscription.hub,
            "mode": subscription.mode,
            "accepted": answer.accepted,
            "detail": answer.detail,
        },
    )
