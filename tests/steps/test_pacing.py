"""How fast letters may go, and what a receiving domain's complaint changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import SendResult, Sent
from aggregator.rules import MailRules
from aggregator.steps.pacing import NEVER, PAUSE, STEP, Pace, begun, complains, ended, free_at

SENT = SendResult(result=Sent.SENT, code=250)
UNUSUAL = SendResult(
    result=Sent.LATER, code=421, detail="4.7.28 Gmail has detected an unusual rate of mail"
)
NO_RATES = MailRules()


def test_without_rates_nothing_waits() -> None:
    pace = Pace()
    for _ in range(100):
        assert free_at(pace, "example.org") <= 0
        pace = begun(pace, "example.org", NO_RATES, 0.0)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), max_size=60),
    st.floats(0.5, 50),
    st.floats(0.1, 5),
)
@settings(deadline=None)
def test_no_second_holds_more_than_the_rates_allow(
    asked: list[tuple[str, float]], rate: float, slow: float
) -> None:
    rules = MailRules(rate=rate, domain_rate={"a.example": slow})
    pace, now, went = Pace(), 0.0, list[tuple[str, float]]()
    for name, pause in asked:
        domain, now = f"{name}.example", now + pause
        now = max(now, free_at(pace, domain))
        pace = ended(begun(pace, domain, rules, now), domain, SENT, rules, now)
        went.append((domain, now))
    for first, (_, start) in enumerate(went):
        soon = [(d, at) for d, at in went[first:] if at < start + 1 - 1e-6]
        assert len(soon) <= rate + 1
        assert sum(d == "a.example" for d, _ in soon) <= slow + 1


def test_a_slow_domain_does_not_hold_up_the_others() -> None:
    rules = MailRules(domain_rate={"gmail.com": 0.1})
    pace = begun(Pace(), "gmail.com", rules, 0.0)
    assert free_at(pace, "gmail.com") == pytest.approx(10)
    assert free_at(pace, "example.org") <= 0


def test_an_unusual_rate_stops_the_domain_for_ten_minutes_then_one_connection_more_at_a_time() -> (
    None
):
    rules, pace = MailRules(connections=3), Pace()
    for _ in range(3):
        pace = begun(pace, "gmail.com", rules, 0.0)
    pace = ended(pace, "gmail.com", UNUSUAL, rules, 1.0)
    pace = ended(pace, "gmail.com", SENT, rules, 2.0)
    assert free_at(pace, "gmail.com") == NEVER, "one is still under way"
    pace = ended(pace, "gmail.com", SENT, rules, 3.0)
    now = 1.0 + PAUSE
    assert free_at(pace, "gmail.com") == now
    assert free_at(pace, "example.org") <= 0
    for connections in (1, 2):
        for _ in range(connections):
            assert free_at(pace, "gmail.com") <= now
            pace = begun(pace, "gmail.com", rules, now)
        assert free_at(pace, "gmail.com") == NEVER
        for _ in range(connections):  # too early for one more
            pace = ended(pace, "gmail.com", SENT, rules, now)
        now += STEP
        pace = ended(begun(pace, "gmail.com", rules, now), "gmail.com", SENT, rules, now)
    assert pace.lanes == {}


def test_a_second_complaint_starts_over() -> None:
    rules, pace = MailRules(), Pace()
    for at in (0.0, PAUSE):
        pace = ended(begun(pace, "gmail.com", rules, at), "gmail.com", UNUSUAL, rules, at)
    assert free_at(pace, "gmail.com") == 2 * PAUSE


@pytest.mark.parametrize(
    ("code", "detail", "result", "told"),
    [
        (421, "4.7.28 Our system has detected an unusual rate", Sent.LATER, True),
        (450, "4.2.1 receiving mail at a rate that prevents", Sent.LATER, False),
        (550, "5.7.28 unusual rate", Sent.NEVER, False),
        (250, "queued as 4.7.28", Sent.SENT, False),
        (421, "14.7.281", Sent.LATER, False),
    ],
)
def test_which_answers_are_complaints(code: int, detail: str, result: Sent, told: bool) -> None:
    assert complains(SendResult(result=result, code=code, detail=detail)) is told
