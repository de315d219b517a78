"""The ways in and out, and what a reader sees and changes in between, over HTTP."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from aggregator import jobs
from aggregator.edges.smtp import open_send
from aggregator.hosts.web import application
from aggregator.model import Mail, SendResult, Subscriber, SuppressionReason
from aggregator.ports import Tools
from aggregator.rules import SubscribeRules
from aggregator.steps import tokens
from tests import make
from tests.hosts.site import Clock, installation
from tests.servers import MailServer

ASKED = {"address": "new@example.org", "language": "en", "cadence": "weekly"}
READER = "reader@example.org"
DAY = timedelta(days=1)


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path, filled=False) as opened:
        opened.store.add_subscriber(
            Subscriber(id="reader", address=READER, consent_source="test"), make.NOW
        )
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def served(tools: Tools, clock: Clock | None = None) -> TestClient:
    app = application(tools, clock=clock or Clock())
    return TestClient(app, base_url="https://news.example.org", follow_redirects=False)


@pytest.fixture
def client(tools: Tools, clock: Clock) -> TestClient:
    return served(tools, clock)


def mails(folder: Path) -> list[EmailMessage]:
    """What was written for lack of a mail server, oldest first."""
    files = sorted((folder / "outbox").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    read = [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]
    return [message for message in read if isinstance(message, EmailMessage)]


def link(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://news\.example\.org(/\S+/\S+)", str(body.get_content()))
    assert found
    return found[1]


def later(tools: Tools, time: timedelta) -> Tools:
    return replace(tools, clock=lambda: make.NOW + time)


def limited(tools: Tools, **rules: Any) -> Tools:
    config = tools.config.model_copy(update={"subscribe": SubscribeRules(**rules)})
    return replace(tools, config=config)


# ── the way in ───────────────────────────────────────────────────────────────────────────────────


def test_the_form_is_a_document_that_all_pages_lead_to(client: TestClient) -> None:
    for language, path, words in (
        ("en", "/subscribe", "Subscribe"),
        ("ko", "/ko/subscribe", "구독"),
    ):
        page = client.get(path, headers={"Accept-Language": language})
        assert page.status_code == 200
        assert f'action="{path}"' in page.text
        assert client.get(path, headers={"If-None-Match": page.headers["etag"]}).status_code == 304
        for other in ("/", "/digests/", "/about"):
            shown = client.get(path.replace("/subscribe", other), follow_redirects=True)
            assert f'href="{path}"' in shown.text
            assert words in shown.text


def test_25_a_reader_is_who_confirms(client: TestClient, tools: Tools, tmp_path: Path) -> None:
    answer = client.post("/subscribe", data=ASKED | {"language": "ko", "cadence": "daily"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert tools.store.subscriber_at("new@example.org") is None
    assert jobs.answer_sign_ups(tools) == 1
    (mail,) = mails(tmp_path)
    assert mail["To"] == "new@example.org"
    path = link(mail)
    token = path.rpartition("/")[2]
    assert len(token) >= 43  # 256 bits
    for file in tmp_path.glob("aggregator.db*"):
        assert token.encode() not in file.read_bytes()
    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200
        assert 'lang="ko"' in page.text
        assert client.head(path).status_code == 200
    assert tools.store.subscriber_at("new@example.org") is None
    done = client.post(path)
    assert done.status_code == 200
    reader = tools.store.subscriber_at("new@example.org")
    assert reader is not None
    assert (reader.status, reader.language, reader.cadence) == ("active", "ko", "daily")
    assert f"/preferences/{tokens.make(tools.secret, 'preferences', reader.id)}" in done.text
    assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]


def test_25_the_link_ends_after_two_days(client: TestClient, tools: Tools, tmp_path: Path) -> None:
    client.post("/subscribe", data=ASKED)
    jobs.answer_sign_ups(tools)
    path = link(mails(tmp_path)[0])
    assert served(later(tools, 2 * DAY - timedelta(seconds=1))).get(path).status_code == 200
    late = served(later(tools, 2 * DAY))
    assert late.get(path).status_code == 404
    assert late.post(path).status_code == 404
    assert tools.store.subscriber_at("new@example.org") is None


def test_the_answer_does_not_tell_who_is_known(
    client: TestClient, tools: Tools, tmp_path: Path
) -> None:
    tools.store.suppress("bounced@example.org", "bounce", "", make.NOW)
    tools.store.add_subscriber(Subscriber(id="gone", address="gone@example.org"), make.NOW)
    tools.store.remove_subscriber("gone@example.org", make.NOW)
    people = ("new@example.org", READER, "bounced@example.org", "gone@example.org")
    answers = [client.post("/subscribe", data=ASKED | {"address": address}) for address in people]
    # Neither in what is said nor in what is done before it is said.
    assert len({(a.status_code, a.text, str(sorted(a.headers.items()))) for a in answers}) == 1
    for address in people:
        assert len(tools.store.data_of(address)["sign_ups"]) == 1
    jobs.answer_sign_ups(tools)
    links = {str(mail["To"]): link(mail).split("/")[1] for mail in mails(tmp_path)}
    assert links == {
        "new@example.org": "confirm",
        READER: "preferences",
        "gone@example.org": "confirm",
    }
    assert tools.store.data_of("bounced@example.org")["sign_ups"] == ()
    assert [s.status for s in tools.store.subscribers()] == ["unsubscribed", "active"]


def test_26_what_was_typed_is_not_in_the_mail(
    client: TestClient, tools: Tools, tmp_path: Path
) -> None:
    typed = {"name": "BUY NOW https://spam.example", "language": "en", "cadence": "weekly"}
    client.post("/subscribe", data=typed | {"address": "BUY NOW spam.example <victim@example.org>"})
    jobs.answer_sign_ups(tools)
    (mail,) = mails(tmp_path)
    assert mail["To"] == "victim@example.org"
    del mail["To"]
    assert "spam" not in mail.as_string()
    assert "victim" not in mail.as_string()


def test_who_fills_in_the_hidden_field_hears_the_same_and_gets_nothing(
    client: TestClient, tools: Tools
) -> None:
    honest = client.post("/subscribe", data=ASKED | {"website": ""})
    caught = client.post("/subscribe", data=ASKED | {"website": "x", "address": "b@example.org"})
    assert (caught.status_code, caught.text) == (honest.status_code, honest.text)
    assert tools.store.data_of("b@example.org")["sign_ups"] == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "nonsense"}, "address"),
        ({"address": ""}, "address"),
        ({"address": "a@example.org\r\nBcc: b@example.org"}, "address"),
        ({"language": "xx"}, "language"),
        ({"cadence": "hourly"}, "cadence"),
    ],
)
def test_a_fault_is_told_at_its_field(
    client: TestClient, changes: dict[str, str], field: str
) -> None:
    page = client.post("/subscribe", data=ASKED | changes)
    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text
    assert f'id="{field}-fault"' in page.text
    assert 'role="alert"' in page.text


def test_what_was_typed_comes_back_harmless(client: TestClient) -> None:
    page = client.post("/subscribe", data=ASKED | {"address": '"><script>alert(1)</script>{{7*7}}'})
    assert "<script>" not in page.text
    assert "49" not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://news.example.org"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://news.example.org.evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(
    client: TestClient, tools: Tools, headers: dict[str, str]
) -> None:
    own = tokens.make(tools.secret, "preferences", "reader")
    for path in ("/subscribe", f"/preferences/{own}", f"/preferences/{own}/erase"):
        assert client.post(path, data=ASKED, headers=headers).status_code == 403
    assert tools.store.data_of("new@example.org")["sign_ups"] == ()
    assert tools.store.subscriber("reader") is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "null"},
        {"Origin": "https://news.example.org"},
        {"Origin": "http://127.0.0.1:8080", "Host": "127.0.0.1:8080"},
        {},
    ],
)
def test_a_form_of_ours_is_taken(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/subscribe", data=ASKED, headers=headers).status_code == 200


def test_only_small_forms_are_read(client: TestClient) -> None:
    for content, kind, status in (
        (b"address=" + b"x" * 30_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"\xff=%00&%zz", "application/x-www-form-urlencoded; charset=utf-8", 422),
    ):
        answer = client.post("/subscribe", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status


def test_25_one_client_may_only_so_often(tools: Tools, clock: Clock) -> None:
    app = application(limited(tools, per_client=2), clock=clock)

    def ask(n: int) -> tuple[int, str]:
        # Whoever has one address of a /64 has them all.
        peer = f"2001:db8:0:1::{n}", 50000
        client = TestClient(app, base_url="https://news.example.org", client=peer)
        answer = client.post("/subscribe", data=ASKED | {"address": f"n{n}@example.org"})
        return answer.status_code, answer.headers.get("retry-after", "")

    assert [ask(n) for n in range(3)] == [(200, ""), (200, ""), (429, "3600")]
    clock.seconds += 3600
    assert ask(4) == (200, "")


def test_25_all_together_may_only_so_often(tools: Tools) -> None:
    app = application(limited(tools, per_hour=3))
    answers = []
    for n in range(4):
        one = TestClient(app, base_url="https://news.example.org", client=(f"192.0.2.{n}", 1))
        answers.append(one.post("/subscribe", data=ASKED | {"address": f"n{n}@example.org"}))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def test_25_one_address_gets_only_so_many_mails_a_day(tools: Tools, tmp_path: Path) -> None:
    client = served(limited(tools, per_client=99))
    for _ in range(5):
        for address in ("new@example.org", "NEW@example.org", READER):
            assert client.post("/subscribe", data=ASKED | {"address": address}).status_code == 200
    assert jobs.answer_sign_ups(tools) == 6
    assert jobs.answer_sign_ups(tools) == 0
    assert sorted(str(m["To"]).lower() for m in mails(tmp_path)) == 3 * ["new@example.org"] + 3 * [
        READER
    ]
    tomorrow = later(tools, DAY + timedelta(seconds=1))
    served(tomorrow).post("/subscribe", data=ASKED)
    assert jobs.answer_sign_ups(tomorrow) == 1


def test_each_of_several_mails_can_be_confirmed(
    client: TestClient, tools: Tools, tmp_path: Path
) -> None:
    for cadence in ("weekly", "daily"):
        client.post("/subscribe", data=ASKED | {"cadence": cadence})
    jobs.answer_sign_ups(tools)
    paths = [link(mail) for mail in mails(tmp_path)]
    assert len(set(paths)) == 2
    assert client.post(paths[0]).status_code == 200
    assert client.post(paths[1]).status_code == 404
    assert [s.status for s in tools.store.subscribers()] == ["active", "active"]


def test_a_site_without_a_form_has_none(tools: Tools) -> None:
    client = served(limited(tools, enabled=False))
    assert client.get("/subscribe").status_code == 404
    assert client.post("/subscribe", data=ASKED).status_code == 405
    assert "/subscribe" not in client.get("/").text + client.get("/about").text
    own = tokens.make(tools.secret, "preferences", "reader")
    assert client.get(f"/preferences/{own}").status_code == 200


def test_a_mail_that_is_put_off_leaves_later(
    client: TestClient, tools: Tools, mail: MailServer
) -> None:
    sent = replace(
        tools,
        open_mail=lambda: open_send(f"smtp://{mail.address}", tools.config.mail, Path("unused")),
    )
    for name in ("new", "never", "maybe"):
        client.post("/subscribe", data=ASKED | {"address": f"{name}@example.org"})
    mail.rcpt["new@example.org"] = "451 4.7.1 come back later"
    mail.rcpt["never@example.org"] = "550 5.1.1 no such user"
    mail.cut["maybe@example.org"] = "kept"
    assert jobs.answer_sign_ups(sent) == 1
    assert jobs.answer_sign_ups(sent) == 0
    mail.rcpt.clear()
    mail.cut.clear()
    assert jobs.answer_sign_ups(later(sent, timedelta(minutes=5))) == 1
    assert jobs.answer_sign_ups(later(sent, DAY)) == 0
    people = [letter.recipients[0] for letter in mail.letters]
    assert people == ["maybe@example.org", "new@example.org"]
    for letter in mail.letters:
        message = email.message_from_bytes(letter.message, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert client.post(link(message)).status_code == 200


def test_a_mail_on_its_way_is_in_nobody_elses_hands(client: TestClient, tools: Tools) -> None:
    client.post("/subscribe", data=ASKED)
    waiting: list[int] = []
    send = tools.open_mail()

    class Slow:
        """Looks what others would find while it sends."""

        def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult:
            waiting.append(len(tools.store.claim_sign_ups(make.NOW, timedelta(minutes=1), 9)))
            return send(mail, before_dot)

        def close(self) -> None:
            send.close()

    assert jobs.answer_sign_ups(replace(tools, open_mail=Slow)) == 1
    assert waiting == [0]


# ── links that scanners follow ───────────────────────────────────────────────────────────────────


def paths_of(tools: Tools, tmp_path: Path, client: TestClient) -> list[str]:
    client.post("/subscribe", data=ASKED)
    jobs.answer_sign_ups(tools)
    own = tokens.make(tools.secret, "preferences", "reader")
    out = tokens.make(tools.secret, "unsubscribe", "reader")
    return [
        link(mails(tmp_path)[0]),
        f"/unsubscribe/{out}",
        f"/preferences/{own}",
        f"/preferences/{own}/erase",
        f"/preferences/{own}/data.json",
    ]


def test_6_get_and_head_change_nothing(client: TestClient, tools: Tools, tmp_path: Path) -> None:
    paths = paths_of(tools, tmp_path, client)

    def stored() -> list[object]:
        return [tools.store.data_of(address) for address in (READER, "new@example.org")]

    before = stored()
    for path in paths:
        for query in ("", "?List-Unsubscribe=One-Click"):
            page = client.get(path + query)
            assert page.status_code == 200
            assert page.headers["cache-control"] == "no-store"
            assert page.headers["referrer-policy"] == "no-referrer"
            assert "noindex" in page.text or page.headers["x-robots-tag"] == "noindex"
        assert client.head(path).status_code in (200, 405)
    assert stored() == before


@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["confirm", "unsubscribe", "preferences"])
@pytest.mark.parametrize(
    "token",
    [
        *("x", "a/b", "a%2Fb", "..%2f..%2fetc", "%00", "%ff", "%F0%9F%92%A9", "a" * 1500, ""),
        *("<script>", "reader", "reader.", "reader.AAAAAAAAAAAAAAAAAAAAAAAA", "{{7*7}}", "x/erase"),
    ],
)
def test_7_what_is_no_token_gets_our_page(
    client: TestClient, tools: Tools, purpose: str, token: str
) -> None:
    before = tools.store.subscribers()
    for method in ("GET", "POST"):
        answer = client.request(
            method,
            f"/{purpose}/{token}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 404
        assert "not valid" in answer.text
        assert "<script>" not in answer.text
        assert "49" not in answer.text
    assert tools.store.subscribers() == before


def test_7_an_unknown_token_is_told_nothing(client: TestClient) -> None:
    foreign = b"another secret of the tests"
    for purpose in ("unsubscribe", "preferences", "confirm"):
        names = [tokens.make(foreign, purpose, id) for id in ("reader", "nobody")]
        names.append(tokens.make(foreign, "another purpose", "reader"))
        pages = [client.get(f"/{purpose}/{name}").text.replace(name, "") for name in names]
        assert len(set(pages)) == 1


def test_a_token_opens_only_what_it_is_for(client: TestClient, tools: Tools) -> None:
    out = tokens.make(tools.secret, "unsubscribe", "reader")
    own = tokens.make(tools.secret, "preferences", "reader")
    assert client.get(f"/preferences/{out}").status_code == 404
    assert client.post(f"/unsubscribe/{own}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {
            "content": b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            b"One-Click\r\n--x--\r\n",
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
        {},
    ],
)
def test_5_one_click_from_anywhere_unsubscribes(
    client: TestClient, tools: Tools, body: dict[str, Any]
) -> None:
    path = f"/unsubscribe/{tokens.make(tools.secret, 'unsubscribe', 'reader')}"
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    body = body | {"headers": body.get("headers", {}) | headers}
    answers = []
    for _ in range(2):
        answers.append(client.post(path, **body))
        assert tools.store.subscribers()[0].status == "unsubscribed"
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert "set-cookie" not in answers[0].headers


# ── what a reader chooses ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def own(tools: Tools) -> str:
    return f"/preferences/{tokens.make(tools.secret, 'preferences', 'reader')}"


CHOICE: dict[str, Any] = {
    "cadence": "weekly",
    "weekday": "4",
    "hour": "8",
    "timezone": "Europe/Berlin",
    "pause": "",
    "language": "ko",
    "topics": ["weapons", "talks"],
    "groups": ["seoul"],
    "languages": ["ko", "en"],
}


def test_a_choice_is_kept_and_shown(client: TestClient, tools: Tools, own: str) -> None:
    page = client.post(own, data=CHOICE)
    assert page.status_code == 200
    assert 'lang="ko"' in page.text
    assert 'role="status"' in page.text
    assert tools.store.subscriber("reader") == Subscriber(
        id="reader",
        address=READER,
        consent_source="test",
        language="ko",
        cadence="weekly",
        weekday=4,
        hour=8,
        timezone="Europe/Berlin",
        topics=("talks", "weapons"),
        groups=("seoul",),
        languages=("en", "ko"),
    )
    again = client.get(own).text
    for value in ("Europe/Berlin", "4", "8"):
        assert f'<option value="{value}" selected>' in again
    assert re.findall(r'name="topics" value="([a-z-]+)" checked', again) == ["talks", "weapons"]
    assert "role=" not in again.partition("<main")[2]


def test_all_is_kept_as_all(client: TestClient, tools: Tools, own: str) -> None:
    """A topic that is invented tomorrow comes to who wanted every one of today's."""
    page = client.get(own).text
    everything = {
        name: re.findall(f'name="{name}" value="([a-z-]+)" checked', page)
        for name in ("topics", "groups", "languages")
    }
    assert [len(values) for values in everything.values()] == [10, 9, 5]
    client.post(own, data=CHOICE | everything)
    reader = tools.store.subscriber("reader")
    assert reader is not None
    assert (reader.topics, reader.groups, reader.languages) == ((), (), ())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"weekday": "7"}, "weekday"),
        ({"weekday": "٣"}, "weekday"),
        ({"hour": "-1"}, "hour"),
        ({"hour": "9" * 5000}, "hour"),
        ({"language": "xx"}, "language"),
        ({"cadence": ""}, "cadence"),
        ({"pause": "3"}, "pause"),
        ({"topics": []}, "topics"),
        ({"groups": ["mars"]}, "groups"),
        ({"languages": ["xx"]}, "languages"),
    ],
)
def test_a_choice_that_there_is_not_changes_nothing(
    client: TestClient, tools: Tools, own: str, changes: dict[str, Any], field: str
) -> None:
    before = tools.store.subscribers()
    page = client.post(own, data=CHOICE | changes)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text
    assert f'id="{field}"' in page.text
    assert tools.store.subscribers() == before


def test_a_pause_is_kept_ends_and_is_ended(tools: Tools, own: str, client: TestClient) -> None:
    client.post(own, data=CHOICE | {"pause": "2"})
    reader = tools.store.subscriber("reader")
    assert reader is not None
    assert (reader.status, reader.paused_until) == ("paused", make.NOW + 14 * DAY)
    client.post(own, data=CHOICE | {"pause": "keep", "hour": "9"})
    reader = tools.store.subscriber("reader")
    assert reader is not None
    assert (reader.hour, reader.paused_until) == (9, make.NOW + 14 * DAY)
    assert 'value="keep"' in client.get(own).text
    assert 'value="keep"' not in served(later(tools, 14 * DAY)).get(own).text
    client.post(own, data=CHOICE | {"pause": "open"})
    assert tools.store.subscribers()[0].status == "paused"
    client.post(own, data=CHOICE)
    assert tools.store.subscribers()[0].status == "active"


def test_ones_own_data_can_be_taken_away(client: TestClient, tools: Tools, own: str) -> None:
    client.post(own, data=CHOICE)
    answer = client.get(f"{own}/data.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    data = json.loads(answer.text)
    assert data["subscribers"][0]["address"] == READER
    assert data["subscribers"][0]["topics"] == ["talks", "weapons"]
    assert data["subscribers"][0]["created_at"] == make.NOW.isoformat()


def test_34_erasing_takes_two_steps_and_leaves_nothing(
    client: TestClient, tools: Tools, own: str
) -> None:
    assert f'action="{own}/erase"' in client.get(f"{own}/erase").text
    assert tools.store.subscriber("reader") is not None
    assert client.post(f"{own}/erase", data={}).status_code == 200
    assert tools.store.subscribers() == ()
    assert tools.store.suppression(READER) == "erased"
    for path in ("", "/erase", "/data.json"):
        assert client.get(own + path).status_code == 404
    out = tokens.make(tools.secret, "unsubscribe", "reader")
    assert client.post(f"/unsubscribe/{out}").status_code == 200


def test_who_left_may_look_take_and_erase_but_not_choose(
    client: TestClient, tools: Tools, own: str
) -> None:
    tools.store.remove_subscriber(READER, make.NOW)
    before = tools.store.subscribers()
    for page in (client.get(own), client.post(own, data=CHOICE)):
        assert page.status_code == 200
        assert 'href="/subscribe"' in page.text
        assert f'href="{own}/erase"' in page.text
        assert "<select" not in page.text
    assert tools.store.subscribers() == before
    assert client.get(f"{own}/data.json").status_code == 200


@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator", "erased"])
def test_34_the_form_lifts_only_what_readers_themselves_asked_for(
    client: TestClient, tools: Tools, tmp_path: Path, reason: SuppressionReason
) -> None:
    tools.store.suppress("new@example.org", reason, "", make.NOW)
    client.post("/subscribe", data=ASKED)
    jobs.answer_sign_ups(tools)
    found = mails(tmp_path)
    assert len(found) == (reason == "erased")
    for mail in found:
        client.post(link(mail))
    assert (tools.store.subscriber_at("new@example.org") is not None) == (reason == "erased")


# ── logs ─────────────────────────────────────────────────────────────────────────────────────────


def test_no_log_names_an_address_or_a_token(
    client: TestClient, tools: Tools, tmp_path: Path, own: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    client.post("/subscribe", data=ASKED)
    jobs.answer_sign_ups(tools)
    path = link(mails(tmp_path)[0])
    client.post(path)
    client.post(own, data=CHOICE)
    client.post(f"{own}/erase", data={})
    out = f"/unsubscribe/{tokens.make(tools.secret, 'unsubscribe', 'reader')}"
    client.post(out)
    tools.store.close()
    (tmp_path / "aggregator.db").write_bytes(b"this is no database" * 100)
    for extra in ("-wal", "-shm"):
        (tmp_path / f"aggregator.db{extra}").unlink(missing_ok=True)
    broken = [client.get(path), client.post(path), client.get(own), client.post(out)]
    assert {answer.status_code for answer in broken} == {503}
    ours = [record for record in caplog.records if record.name.startswith("aggregator")]
    told = " ".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert {"sign-up", "confirmed", "preferences", "erased"} <= {r.getMessage() for r in ours}
    assert "page failed" in told
    for secret in (*(each.rpartition("/")[2] for each in (path, own, out)), "new@", "reader@"):
        assert secret not in told
