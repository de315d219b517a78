"""An issue in one language -> its subject, and what its templates are handed (letter and page)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aggregator.model import CapitalView, Figure, Issue, IssueStory, Past, Upcoming
from aggregator.render import charts, names
from aggregator.render.language import Language
from aggregator.render.names import N_
from aggregator.render.safe import shown
from aggregator.render.templates import TagNames
from aggregator.render.views import when_words
from aggregator.steps.perspectives import CAPITALS

DOUBTFUL = frozenset({"c-hypothetical", "c-reported-anon", "c-negated", "c-historical"})
"""Said beside the headline. That somebody claims something, the headline mostly says itself."""
_SURE = frozenset({"c-confirmed"})


def subject(issue: Issue, say: Language) -> str:
    """What the letter is called: dates and counts, no drama."""
    stories = say.ngettext("%(num)s story", "%(num)s stories", issue.stories)
    articles = say.ngettext("%(num)s article", "%(num)s articles", issue.articles)
    return f"{issue.title} · {say.span(issue.period)} · {stories}, {articles}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the templates of an issue ask for, beside the issue itself."""

    issue: Issue
    say: Language
    taxonomy: TagNames

    def label(self, slug: str) -> str:
        """The name of a tag."""
        return self.taxonomy.label(slug, self.say.code)

    def group(self, slug: str) -> str:
        """The name of a capital."""
        return self.say.gettext(names.GROUP.get(slug, "Others"))

    def agency(self, slug: str) -> str:
        """The name of an agency on whose word a report rests."""
        return self.say.gettext(names.AGENCY.get(slug, slug))

    def figure(self, figure: Figure) -> str:
        """What a figure counts."""
        return self.say.gettext(names.FIGURE.get(figure.slug, figure.slug))

    def foreign(self, code: str) -> str:
        """The language of a text, when it is not that of the edition: "in Korean"; else ""."""
        if not code or code == self.say.code:
            return ""
        return self.say.gettext(N_("in %(language)s")) % {"language": self.say.language_name(code)}

    def told(self, story: IssueStory) -> str:
        """What one of its reports says, for those who can read it."""
        return "" if self.foreign(story.language) else story.what

    def gist(self, tags: Sequence[str], code: str, most: int = 3) -> str:
        """What a text in another language is about, in ours; "" for texts that can be read."""
        if not self.foreign(code):
            return ""
        return ", ".join(shown(self.label(slug), 60) for slug in tags[:most])

    def doubt(self, story: IssueStory) -> str:
        """How sure a story is, where its headline does not say so."""
        return self.label(story.certainty) if story.certainty in DOUBTFUL else ""

    def cells(self, story: IssueStory) -> tuple[charts.Cell, ...]:
        """Who reports a story, group by group."""
        return charts.capitals(story.coverage, self.heard, self.say)

    @property
    def heard(self) -> tuple[str, ...] | None:
        """Groups whose silence means something; None: the issue does not know."""
        return self.issue.ledger.heard or None

    @property
    def confirmed(self) -> bool:
        """Whether any of the leading stories is told as a fact."""
        return any(story.certainty in _SURE for story in self.issue.top)

    @property
    def theme(self) -> str:
        """What most of the week turned on, in one sentence of ours; "" without a theme."""
        themes = [t for story in self.issue.top if (t := story.theme) is not None]
        if not themes:
            return ""
        largest = max(themes, key=lambda theme: theme.stories)
        words = self.say.ngettext(
            "%(tag)s: %(num)s of %(all)s stories.",
            "%(tag)s: %(num)s of %(all)s stories.",
            largest.stories,
            tag=shown(self.label(largest.tag), 60),
            all=f"{self.issue.stories:,}",
        )
        return self.say.gettext(N_("Most written about")) + " – " + words

    def matters(self, story: IssueStory) -> list[str]:
        """Why it matters, from what can be counted: its theme, and who tells it."""
        told = []
        if story.theme is not None:
            tag = shown(self.label(story.theme.tag), 60)
            told.append(
                self.say.ngettext(
                    "It is one of %(num)s story this week about: %(tag)s.",
                    "It is one of %(num)s stories this week about: %(tag)s.",
                    story.theme.stories,
                    tag=tag,
                )
            )
            if story.theme.before is not None:
                told.append(self.before(story.theme.before))
        cells = [c for c in self.cells(story) if c.group in CAPITALS]
        heard = [c.label for c in cells if c.articles]
        silent = [c.label for c in cells if c.state == "silent"]
        if heard and silent and len(story.coverage) > 1:
            words = self.say.gettext(N_("Reported from %(heard)s; no word from %(silent)s."))
            told.append(
                words % {"heard": self.say.joined(heard), "silent": self.say.joined(silent)}
            )
        elif len(heard) > 1:
            words = self.say.gettext(N_("Reported from %(heard)s."))
            told.append(words % {"heard": self.say.joined(heard)})
        if box := next((b for b in self.issue.past if b.story == story.id), None):
            words = self.say.gettext(N_("It goes back to: %(event)s, see the background below."))
            told.append(words % {"event": self.label(box.slug)})
        return told

    def before(self, count: int) -> str:
        """How many there were last time."""
        daily = self.issue.period.cadence == "daily"
        words = N_("The day before: %(num)s.") if daily else N_("The week before: %(num)s.")
        return self.say.gettext(words) % {"num": f"{count:,}"}

    def differences(self, story: IssueStory) -> list[tuple[str, list[tuple[str, str]]]]:
        """What its sources do not tell alike: [(about what, [(what, who says so)])]."""
        return [
            (
                self.label(one.about),
                [(self.label(s.value), ", ".join(s.publishers[:4])) for s in one.sayings],
            )
            for one in story.differs
        ]

    def state(self, view: CapitalView) -> str:
        """What a capital did this week, in words."""
        match view.state:
            case "silent":
                return self.say.gettext(N_("read, and silent"))
            case "unheard":
                return self.say.gettext(N_("no source of it is read"))
            case "failed":
                return self.say.gettext(N_("could not be read: its silence is not calm"))
        words = self.say.ngettext("%(num)s report", "%(num)s reports", view.articles)
        if not view.articles:
            words = self.say.gettext("copies only")
        if view.first:
            words += ", " + self.say.ngettext(
                "first with %(num)s story", "first with %(num)s stories", view.first
            )
        return words

    def story(self, story_id: str) -> IssueStory | None:
        """A story of this issue by its id."""
        return next((told for told in self.issue.told if told.id == story_id), None)

    def place(self, story_id: str) -> int:
        """1 to 5: where a leading story stands; 0: it is none."""
        ids = [s.id for s in self.issue.top]
        return ids.index(story_id) + 1 if story_id in ids else 0

    def past_text(self, past: Past) -> str:
        """What an event was."""
        return past.texts.get(self.say.code) or past.texts.get("en", "")

    def past_when(self, past: Past) -> str:
        """When it was."""
        return when_words(past.when, self.say)

    def day(self, each: Upcoming) -> str:
        """The day of something that is coming."""
        return self.say.short_day(date.fromisoformat(each.day))
