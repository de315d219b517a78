"""An issue and a reader -> the letter that they get. The same bytes at every attempt."""

from __future__ import annotations

from aggregator.jobs.bounces import returning
from aggregator.model import Issue, Mail, Subscriber
from aggregator.ports import Tools
from aggregator.render.language import ENGLISH
from aggregator.render.letter import Letter, letter, made_out
from aggregator.render.mail import Body, body
from aggregator.steps import tokens
from aggregator.steps.digest import editions


def render(tools: Tools, issue: Issue, reader: Subscriber | None = None) -> Body:
    """The letter in a reader's language with what they asked for, before it is made out to them.

    Without a reader: all of the issue, in English.
    """
    code = reader.language if reader and reader.language in tools.templates else ENGLISH.code
    wanted = editions.edition(issue, code)
    if reader is not None:
        wanted = editions.tailored(
            wanted, topics=reader.topics, groups=reader.groups, languages=reader.languages
        )
    return body(
        wanted,
        site=tools.config.site,
        mail=tools.config.mail,
        theme=tools.theme,
        env=tools.templates[code],
        say=tools.languages[code],
        taxonomy=tools.taxonomy,
    )


def coded(tools: Tools, issue: Issue, made: Body) -> Letter:
    """What all readers for whom `made` was rendered get alike, ready to be made out."""
    config = tools.config
    return letter(issue, made, site=config.site, mail=config.mail, signer=tools.signer)


def letter_to(tools: Tools, common: Letter, reader: Subscriber) -> Mail:
    """The finished letter of one reader."""

    def link(purpose: str) -> str:
        return f"{tools.config.site.url}/{purpose}/{tokens.make(tools.secret, purpose, reader.id)}"

    return returning(
        tools,
        made_out(common, reader, unsubscribe=link("unsubscribe"), preferences=link("preferences")),
    )


def compose_letter(tools: Tools, issue: Issue, made: Body, subscriber: Subscriber) -> Mail:
    """The finished letter of one reader, who is the only one."""
    return letter_to(tools, coded(tools, issue, made), subscriber)
