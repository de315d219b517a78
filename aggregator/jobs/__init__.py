"""Where steps meet edges: short functions that a host calls when and where it likes.

The truth is in the tables. To lose or to double a job is harmless.

visits      claim, ask, ingest, settle: the feeds that are due
unpolled    receive, backfill: documents that no poll brought
hubs        subscribe_hubs; publish: our own feeds
checking    check: a visit explained, nothing stored
stories     arrange
retag       retag, waiting: stored articles judged by the present taxonomy
issues      draft, compose
letters     render, compose_letter: what one reader gets
gate        look_over: what speaks against an issue before it is mailed
deliveries  deliver: the letters that are due
bounces     read_mailbox, take_message, take_events: letters that came back
sign_ups    answer_sign_ups: who asked at the form gets a mail
"""

from aggregator.jobs.bounces import Taken, read_mailbox, take_events, take_message
from aggregator.jobs.checking import Checked, check
from aggregator.jobs.deliveries import Delivery, Pacer, deliver
from aggregator.jobs.gate import holds, look_over
from aggregator.jobs.hubs import hub_reads_us, hubs_can_reach, publish, subscribe_hubs
from aggregator.jobs.issues import compose, draft
from aggregator.jobs.letters import compose_letter, render
from aggregator.jobs.retag import Batch, retag, waiting
from aggregator.jobs.sign_ups import answer_sign_ups
from aggregator.jobs.stories import arrange
from aggregator.jobs.unpolled import backfill, receive
from aggregator.jobs.visits import ask, claim, health, ingest, news, register, settle

__all__ = [
    "Batch",
    "Checked",
    "Delivery",
    "Pacer",
    "Taken",
    "answer_sign_ups",
    "arrange",
    "ask",
    "backfill",
    "check",
    "claim",
    "compose",
    "compose_letter",
    "deliver",
    "draft",
    "health",
    "holds",
    "hub_reads_us",
    "hubs_can_reach",
    "ingest",
    "look_over",
    "news",
    "publish",
    "read_mailbox",
    "receive",
    "register",
    "render",
    "retag",
    "settle",
    "subscribe_hubs",
    "take_events",
    "take_message",
    "waiting",
]
