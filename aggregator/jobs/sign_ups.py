"""What was asked for at the form -> a mail to the address, which alone can say yes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from aggregator.model import Sent, SignUp
from aggregator.ports import Send, Tools
from aggregator.render.confirmation import confirmation
from aggregator.steps import delivery, subscriptions, tokens

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=15)
_AT_ONCE = 10
_DAY = timedelta(days=1)


def answer_sign_ups(tools: Tools, stopping: Callable[[], bool] = lambda: False) -> int:
    """Mail whoever asked since the last run; returns how many mails left.

    Losing a run is harmless. So is doubling one: the second mail's link takes the first one's
    place.
    """
    mailed = 0
    while not stopping():
        claimed = tools.store.claim_sign_ups(tools.clock(), _LEASE, _AT_ONCE)
        if not claimed:
            break
        send = tools.open_mail()
        try:
            mailed += sum(_answer(tools, send, sign_up) for sign_up in claimed)
        finally:
            send.close()
    return mailed


def _answer(tools: Tools, send: Send, asked: SignUp) -> bool:
    """Whether a mail left, or may have."""
    store, rules, now = tools.store, tools.config.subscribe, tools.clock()
    reader = store.subscriber_at(asked.address)
    reply = subscriptions.reply(
        reader,
        store.suppression(asked.address),
        store.mailed_since(asked.address, now - _DAY),
        most=rules.per_address,
    )
    if reply is None:
        store.drop_sign_up(asked.id)
        return False
    if reader is not None and reply == "preferences":
        token = tokens.make(tools.secret, "preferences", reader.id)
        asked = replace(asked, expires_at=now + rules.valid_for)
    else:
        token = tools.random()
        asked = replace(asked, token_hash=tokens.digest(token), expires_at=now + rules.valid_for)
    # Before it is sent: nobody shall open a link that is not known yet.
    store.change_sign_up(asked)
    mail = confirmation(
        asked,
        reply,
        token,
        now,
        site=tools.config.site,
        mail=tools.config.mail,
        theme=tools.theme,
        signer=tools.signer,
        hours=round(rules.valid_for / timedelta(hours=1)),
        env=tools.templates[asked.language if asked.language in tools.templates else "en"],
    )
    result = send(mail, lambda: True)
    log.info("sign-up", extra={"sign_up": asked.id, "reply": reply, "result": result.result})
    match result.result:
        case Sent.SENT | Sent.UNCERTAIN:
            store.change_sign_up(replace(asked, mailed_at=now))
        case Sent.NEVER:
            store.drop_sign_up(asked.id)
        case Sent.LATER:
            attempts = asked.attempts + 1
            later = now + delivery.wait_after(attempts)
            store.change_sign_up(replace(asked, attempts=attempts, not_before=later))
    return result.result in (Sent.SENT, Sent.UNCERTAIN)
