"""feeds.yaml and environment -> Loaded, and what is said when they are wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML

from aggregator.config import Loaded, add_feeds, document, load, schema, secret_of, shipped
from aggregator.config.feedlist import duration, made_id
from aggregator.errors import ConfigError
from aggregator.render.templates import packaged
from aggregator.rules import Configuration, FeedEntry, Theme

ROOT = Path(__file__).parent.parent
FEED = "feeds:\n  - {url: https://a.example.org/feed.xml, title: A}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wrote(text: str) -> Path:
    path = Path("feeds.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def findings(text: str, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as raised:
        load(wrote(text), environ or {})
    return raised.value.findings


# ── the shipped file ─────────────────────────────────────────────────────────────────────────────


def test_shipped_file_is_usable_and_complete() -> None:
    loaded = load(shipped(), {})
    assert len(loaded.feeds) == 56
    assert loaded.config.model_dump(exclude={"feeds"}) == Configuration().model_dump(
        exclude={"feeds"}
    )
    for feed in loaded.feeds.values():
        assert feed.site, feed.id
        assert feed.publisher, feed.id
        assert re.fullmatch(r"[A-Z]{2}", feed.country), feed.id
        assert feed.perspective != "unclassified", feed.id
        assert feed.language in {"en", "ko", "ja", "zh", "ru"}, feed.id
    titles_only = {feed.id for feed in loaded.feeds.values() if feed.rights == "title"}
    assert titles_only == {"yonhap-nk-zh", "hani-politics", "hani-en", "nknews"}


def test_shipped_file_shows_each_setting_with_its_default_commented_out(here: Path) -> None:
    text = shipped().read_text("utf-8").split("\n# The feeds.")[0]
    live = re.sub(r"^  # (?=[a-z_]+: )", "  ", text, flags=re.M)
    value = YAML(typ="safe", pure=True).load(live)
    told = Configuration.model_validate(value)
    assert told.polling.host_gap == timedelta(seconds=5)
    plain = told.model_copy(update={"polling": told.polling.model_copy(update={"host_gap": None})})
    assert plain == Configuration()
    for name, section in _sections().items():
        assert set(value[name]) == {f.alias or n for n, f in section.model_fields.items()}


def test_shipped_file_fits_its_own_schema() -> None:
    value = YAML(typ="safe", pure=True).load(shipped().read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(value, schema())


# ── schema and documentation ─────────────────────────────────────────────────────────────────────


def test_schema_refuses_unknown_keys_and_writes_durations_as_operators_do() -> None:
    made = schema()
    polling = made["$defs"]["Polling"]["properties"]
    assert polling["every"]["default"] == "1h"
    assert polling["every"]["description"] == "Interval of a feed until its own rhythm is known."
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"polling": {"evry": "1h"}}, made)
    jsonschema.validate({"polling": None, "stories": {"copy": 0.7}}, made)


def test_every_setting_stands_in_the_documentation_with_its_default() -> None:
    text = (ROOT / "docs/configure.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (\S.*?) \| \S", text, flags=re.M))
    sections: dict[str, type[BaseModel]] = {**_sections(), "feeds": FeedEntry}
    expected = {
        f"{name}.{field.alias or key}": _default(field.get_default(), field.is_required())
        for name, section in sections.items()
        for key, field in section.model_fields.items()
    }
    assert told == expected


def _default(value: object, required: bool) -> str:
    match value:
        case _ if required:
            return "required"
        case None:
            return "unset"
        case timedelta():
            return f"`{duration(value)}`"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`[{', '.join(value)}]`"
        case {}:
            return "`{}`"
        case str() if value:
            return f"`{value}`"
        case int() | float():
            return f"`{value}`"
        case _:
            return '`""`'


def _sections() -> dict[str, type[BaseModel]]:
    return {
        name: kind
        for name, field in Configuration.model_fields.items()
        if isinstance(kind := field.annotation, type) and issubclass(kind, BaseModel)
    }


# ── what is said when the file is wrong ──────────────────────────────────────────────────────────


def test_all_findings_come_at_once_in_the_order_of_the_file(here: Path) -> None:
    text = """\
site:
  titel: x
  timezone: Mars
polling:
  evry: 1h
  concurrency: ten
digest:
  schedule: 7 am
  stories: 0
  stories: 5
feeds:
  - url: https://a.example.org/feed/
    title: 38
  - url: http://A.example.org/feed
    title: A
    perspective: rok-wir
  - title: B
  - hello
"""
    cron = "expected a cron line of five fields (minute hour day month weekday)"
    zone = 'expected a time zone such as "Asia/Seoul" or "UTC"'
    word = 'expected another word (did you mean "rok-wire"?)'
    assert findings(text) == (
        'feeds.yaml:2: site.titel: unknown key (did you mean "title"?)',
        f'feeds.yaml:3: site.timezone: {zone}, got "Mars"',
        'feeds.yaml:5: polling.evry: unknown key (did you mean "every"?)',
        'feeds.yaml:6: polling.concurrency: expected a whole number, got "ten"',
        f'feeds.yaml:8: digest.schedule: {cron} such as "0 7 * * mon", got "7 am"',
        "feeds.yaml:9: digest.stories: expected at least 1, got 0",
        "feeds.yaml:10: digest.stories: doubled key, it stands in line 9 already",
        "feeds.yaml:13: feeds[0].title: expected a text, got 38 (put it in quotes)",
        "feeds.yaml:14: feeds[1].url: doubled, the same feed stands in line 12",
        f'feeds.yaml:16: feeds[1].perspective: {word}, got "rok-wir"',
        "feeds.yaml:17: feeds[2].url: missing, every feed needs it",
        'feeds.yaml:18: feeds[3]: expected "key: value" lines, got "hello"',
    )


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("feeds: [\n", "feeds.yaml:2: not valid YAML: "),
        ("site:\n\ttitle: x\n", "feeds.yaml:2: not valid YAML: "),
        ("site: {title: x}\na: b: c\n", "feeds.yaml:2: not valid YAML: "),
        ("site: \x01\n", "feeds.yaml:1: not valid YAML: the character #x0001 is not allowed"),
        ("&a [*a]\n", "feeds.yaml:1: [0]: refers to itself"),
        ("feeds: " + "[" * 1000, "feeds.yaml: not valid YAML: nested too deeply"),
        ("- a\n", 'feeds.yaml:1: expected "key: value" lines'),
        ("polling: {deadline: !env X}\n", "feeds.yaml:1: polling.deadline: not a plain value"),
        ("polling: {deadline: soon}\n", "feeds.yaml:1: polling.deadline: expected a duration such"),
        (
            "polling: {max_entries: 1.5}\n",
            "feeds.yaml:1: polling.max_entries: expected a whole num",
        ),
        (
            "digest: {enabled: perhaps}\n",
            "feeds.yaml:1: digest.enabled: expected true or false, go",
        ),
        ("stories: {join: 2}\n", "feeds.yaml:1: stories.join: expected less than 1, got 2"),
        ("stories: {window: 20d}\n", "feeds.yaml:1: stories.window: longer than stories.longest"),
        ("polling: {fastest: 2d}\n", "feeds.yaml:1: polling.fastest: longer than polling.slowest"),
        (
            "mail: {tls: maybe}\n",
            "feeds.yaml:1: mail.tls: expected one of require, if-offered, off",
        ),
        ("tags: {files: [mine.toml]}\n", "feeds.yaml:1: tags.files[0]: no such file: mine.toml"),
        ("tags: {files: mine.toml}\n", "feeds.yaml:1: tags.files: expected a list, each line"),
        ("site: {title: ''}\n", "feeds.yaml:1: site.title: expected a text that is not empty, got"),
        (
            "site: {url: example.org}\n",
            'feeds.yaml:1: site.url: expected a URL that starts with "ht',
        ),
        ("site: {hub: hub.example.org}\n", "feeds.yaml:1: site.hub: expected a URL that starts wi"),
        ("site: {hub: 'https://a>b/'}\n", "feeds.yaml:1: site.hub: expected a URL that starts wi"),
        ("site: {hub: 'https://허브.kr/'}\n", "feeds.yaml:1: site.hub: expected a URL that start"),
        ("site: {hub: 7}\n", "feeds.yaml:1: site.hub: expected a URL that starts wi"),
        (
            "bounces: {address: a-rather-long-name-x@example.org}\n",
            "feeds.yaml:1: bounces.address: expected an address such as bounces@example.org, with",
        ),
        ("bounces: {address: bounces}\n", "feeds.yaml:1: bounces.address: expected an address suc"),
        ("bounces: {mailbox: pop3://a}\n", "feeds.yaml:1: bounces.mailbox: expected an address th"),
        ("bounces: {hook_token: short}\n", "feeds.yaml:1: bounces.hook_token: needs at least 16 c"),
        ("sites: {}\n", 'feeds.yaml:1: sites: unknown key (did you mean "site"?)'),
        (
            "feeds:\n- {url: http://a.example.org/, title: A, id: A b}\n",
            "feeds.yaml:2: feeds[0].id: expected a short name of a-z, 0-9 and -",
        ),
        (
            "feeds:\n- {url: http://a, title: A, id: x}\n- {url: http://b, title: A, id: x}",
            "feeds.yaml:3: feeds[1].id: doubled, the same id stands in line 2",
        ),
        ("", "feeds.yaml: the file is empty"),
        ("# only words\n", "feeds.yaml: the file is empty"),
    ],
)
def test_finding(here: Path, text: str, finding: str) -> None:
    assert findings(text)[0].startswith(finding)


def test_a_hub_is_an_address_or_nothing(here: Path) -> None:
    for hub in ("", "https://hub.example.org/?tenant=a&b=%20", "http://127.0.0.1:8080"):
        value = {"site": {"hub": hub}, "feeds": [{"url": "https://a.example.org/", "title": "A"}]}
        jsonschema.validate(value, schema())
        assert load(wrote(json.dumps(value)), {}).config.site.hub == hub


def test_missing_file_and_other_encodings(here: Path) -> None:
    with pytest.raises(ConfigError, match=r"^nowhere\.yaml: no such file$"):
        load(Path("nowhere.yaml"), {})
    Path("feeds.yaml").write_bytes("site:\n  title: 외교\n".encode("euc-kr"))
    with pytest.raises(ConfigError, match=r"^feeds\.yaml:2: not UTF-8"):
        load(None, {})
    with pytest.raises(ConfigError, match=r"cannot be read"):
        load(here, {})


def test_passwords_never_stand_in_a_message(here: Path) -> None:
    text = """\
mail: smtp://me:hunter2@mail.example.org
storage:
  database_url: {a: hunter2}
  "postgresql://me:hunter2@db": 1
site:
  url: ftp://me:hunter2@example.org/x?key=hunter2
  hub: https://me:hunter2@example.org/
feeds:
  - {url: "gopher://me:hunter2@example.org/", title: A, id: A b}
  - {url: "https://me:hunter2@example.org/", title: B}
  - {url: "http://me:hunter2@example.org", title: C}
"""
    environ = {
        "AGGREGATOR_SMTP_URL": "hunter2",
        "AGGREGATOR_DATABASE_URL": "mysql://me:hunter2@db",
        "AGGREGATOR_SECRET": "hunter2",
        "AGGREGATOR_BOUNCES_URL": "hunter2",
        "AGGREGATOR_HOOK_TOKEN": "hunter2",
        "AGGREGATOR_SITE_URL": "hunter2",
    }
    said = findings(text, environ)
    assert len(said) == 15
    assert "hunter2" not in "\n".join(said)


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "mail: hunter2",
        "mail: {url: [hunter2]}",
        "bounces: {mailbox: [hunter2]}",
        "storage: hunter2",
    ],
)
def test_passwords_in_the_wrong_place_are_not_repeated_either(here: Path, text: str) -> None:
    assert "hunter2" not in "".join(findings(text))


def test_passwords_never_stand_in_what_is_printed_of_the_result(here: Path) -> None:
    loaded = load(wrote(FEED), {"AGGREGATOR_SMTP_URL": "smtp://me:hunter2@mail.example.org"})
    assert loaded.config.mail.url.get_secret_value().endswith("@mail.example.org")
    assert "hunter2" not in repr(loaded)


@given(st.text(max_size=200))
def test_any_text_gives_a_document_and_never_an_exception(text: str) -> None:
    read = document.read(text)
    assert all(fault.line >= 0 and fault.what for fault in read.faults)


_KEYS = st.sampled_from(["site", "polling", "every", "feeds", "url", "title", "id", "mail", "x"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_value_is_loaded_or_explained(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
) -> None:
    path = tmp_path_factory.mktemp("any") / "feeds.yaml"
    with path.open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(value, out)
    said: tuple[str, ...] = ()
    try:
        assert isinstance(load(path, {}), Loaded)
    except ConfigError as error:
        said = error.findings
    assert all(line.startswith(str(path)) for line in said)


# ── where things come from ───────────────────────────────────────────────────────────────────────


def test_headings_whose_lines_are_commented_out_mean_the_defaults(here: Path) -> None:
    loaded = load(wrote(f"polling:\n  # every: 1h\ndigest:\n{FEED}"), {})
    assert loaded.config.polling == Configuration().polling


def test_the_file_is_searched_in_order(here: Path) -> None:
    assert load(None, {}).path == shipped()
    wrote(FEED)
    assert load(None, {}).path == Path("feeds.yaml")
    named = here / "named.yaml"
    named.write_text(FEED.replace("title: A", "title: B"))
    assert load(None, {"AGGREGATOR_CONFIG": str(named)}).path == named
    assert load(Path("feeds.yaml"), {"AGGREGATOR_CONFIG": str(named)}).path == Path("feeds.yaml")


def test_environment_wins_over_the_file(here: Path) -> None:
    path = wrote(f"site: {{url: https://old.example.org/}}\nmail: {{url: 'file:out'}}\n{FEED}")
    assert load(path, {}).config.site.url == "https://old.example.org"
    loaded = load(
        path,
        {
            "AGGREGATOR_SITE_URL": "https://new.example.org/",
            "AGGREGATOR_SMTP_URL": "smtps://mail.example.org",
            "AGGREGATOR_DATABASE_URL": "postgresql://db.example.org/news",
            "AGGREGATOR_DATA": "elsewhere",
            "AGGREGATOR_SECRET": "0123456789abcdef",
        },
    )
    assert loaded.config.site.url == "https://new.example.org"
    assert loaded.config.mail.url.get_secret_value() == "smtps://mail.example.org"
    assert (
        loaded.config.storage.database_url.get_secret_value() == "postgresql://db.example.org/news"
    )
    assert loaded.data == Path("elsewhere")
    assert secret_of(loaded) == b"0123456789abcdef"
    assert load(path, {"AGGREGATOR_DATA": "elsewhere"}, data=Path("third")).data == Path("third")
    assert load(path, {"AGGREGATOR_SMTP_URL": "", "AGGREGATOR_DATA": ""}).data == Path("data")


def test_secrets_come_from_files_too(here: Path) -> None:
    path = wrote(FEED)
    held = here / "held"
    held.write_text("smtp://mail.example.org\n")
    loaded = load(path, {"AGGREGATOR_SMTP_URL_FILE": str(held)})
    assert loaded.config.mail.url.get_secret_value() == "smtp://mail.example.org"
    empty = here / "empty"
    empty.touch()
    said = findings(
        FEED,
        {
            "AGGREGATOR_SMTP_URL": "smtp://mail.example.org",
            "AGGREGATOR_SMTP_URL_FILE": str(held),
            "AGGREGATOR_SECRET_FILE": "/nowhere/secret",
            "AGGREGATOR_DATABASE_URL_FILE": str(empty),
        },
    )
    assert said == (
        f"AGGREGATOR_DATABASE_URL_FILE: {empty} is empty",
        "AGGREGATOR_SMTP_URL and AGGREGATOR_SMTP_URL_FILE are both set: keep one of them",
        "AGGREGATOR_SECRET_FILE: /nowhere/secret cannot be read: No such file or directory",
    )


def test_secret_is_made_once_for_the_owner_alone(here: Path) -> None:
    loaded = load(wrote(FEED), {}, data=here / "new" / "data")
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secret_of(loaded), range(16)))
    assert len(made) == 1
    assert len(made.pop()) == 64
    assert [p.name for p in loaded.data.iterdir()] == ["secret"]
    assert stat.S_IMODE((loaded.data / "secret").stat().st_mode) == 0o600


def test_secret_that_cannot_be_kept_is_explained(here: Path) -> None:
    loaded = load(wrote(FEED), {}, data=here / "feeds.yaml")
    with pytest.raises(ConfigError, match=r"feeds\.yaml/secret: the secret cannot be kept there"):
        secret_of(loaded)
    short = load(Path("feeds.yaml"), {}, data=here)
    (here / "secret").write_text("abc")
    with pytest.raises(ConfigError, match="fewer than 16"):
        secret_of(short)


def test_tag_files_are_found_beside_the_configuration(here: Path) -> None:
    folder = here / "etc"
    folder.mkdir()
    (folder / "mine.toml").touch()
    (folder / "feeds.yaml").write_text(f"tags: {{files: [mine.toml]}}\n{FEED}")
    assert load(folder / "feeds.yaml", {}).config.tags.files == (str(folder / "mine.toml"),)


# ── ids and disabled feeds ───────────────────────────────────────────────────────────────────────


def test_ids_are_made_from_the_address() -> None:
    assert made_id("https://www.example.org/world/rss.xml") == "example-org-world-rss"
    assert made_id("http://EXAMPLE.org/world/rss.xml") == made_id("https://example.org/world/rss/")
    one, other = (made_id(f"https://example.org/rss.do?id={n}") for n in (1, 2))
    assert one != other
    assert re.fullmatch(r"example-org-rss-do-[0-9a-f]{6}", one)
    assert made_id("https://뉴스.example.org/" + "long/" * 40).startswith("example-org-long-long")


def test_two_made_ids_that_collide_stay_apart_and_given_ones_come_first(here: Path) -> None:
    text = """\
feeds:
  - {url: https://example.org/a-b, title: One}
  - {url: https://example.org/a/b, title: Two}
  - {url: https://example.org/c, title: Three, id: example-org-a-b}
  - {url: https://example.org/d, title: Four, enabled: false, every: 2h}
"""
    loaded = load(wrote(text), {})
    ids = list(loaded.feeds)
    assert ids[2] == "example-org-a-b"
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"example-org-a-b-[0-9a-f]{6}", name) for name in ids[:2])
    assert [entry.id for entry in loaded.config.feeds] == [*ids, "example-org-d"]


# ── adding feeds ─────────────────────────────────────────────────────────────────────────────────

NEW = FeedEntry.model_validate(
    {
        "url": "https://new.example.org/rss?a=1",
        "title": 'New: "wire" # 1',
        "language": "ko",
        "tags": ["dmz"],
        "every": "90m",
    }
)


@pytest.mark.parametrize(
    "text",
    [
        shipped().read_text("utf-8"),
        FEED,
        FEED.rstrip(),
        "",
        "# mine\nsite: {title: Mine}\n",
        "feeds:\n# none yet\nsite:\n  title: Mine\n",
        "feeds: []  # none yet\nsite: {title: Mine}\n",
        "feeds:\n- url: https://a.org/\n  title: >-\n    A\n    B\n# end\nsite: {title: Mine}\n",
        "feeds:\r\n  - url: https://a.example.org/\r\n    title: A # one\r\n\r\n# end\r\n",
    ],
)
def test_added_feeds_leave_everything_else_as_it_was(here: Path, text: str) -> None:
    path = here / "feeds.yaml"
    path.write_bytes(text.encode())
    before = load(path, {}).config.feeds if text else ()
    (added,) = add_feeds(path, [NEW, NEW])
    after = load(path, {}).config
    assert after.feeds == (*before, added)
    assert added == NEW.model_copy(update={"id": added.id})
    assert add_feeds(path, [NEW.model_copy(update={"url": NEW.url.replace("https", "http")})]) == ()
    kept = iter(path.read_bytes().decode().splitlines(keepends=True))
    end = "" if text.endswith("\n") or not text else "\n"
    former = f"{text}{end}".replace("feeds: []", "feeds: ").splitlines(keepends=True)
    assert all(line in kept for line in former)  # in this order
    if "title: Mine" in text:
        assert after.site.title == "Mine"


def test_added_feeds_do_not_take_an_id_that_is_there(here: Path) -> None:
    path = wrote("feeds:\n  - {url: https://x.example.org/, title: X, id: new}\n")
    wanted = [
        FeedEntry.model_validate({"url": f"https://{n}.example.org/", "title": n, "id": "new"})
        for n in ("a", "b")
    ]
    names = [entry.id for entry in add_feeds(path, wanted)]
    assert len({"new", *names}) == 3
    assert list(load(path, {}).feeds) == ["new", *names]


def test_a_file_that_alone_is_writable_is_written_in_place(here: Path) -> None:
    path = wrote(FEED)
    before = path.stat()
    with pytest.MonkeyPatch.context() as patch:
        # what a file mounted into a container answers (EBUSY); a real mount needs root
        patch.setattr(os, "replace", _busy)
        add_feeds(path, [NEW])
    assert path.stat().st_ino == before.st_ino
    assert len(load(path, {}).feeds) == 2
    assert os.listdir() == ["feeds.yaml"]


def _busy(*_: object) -> None:
    raise OSError(errno.EBUSY, "Device or resource busy")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("feeds: [{url: https://a.example.org/, title: A}]\n", "give each feed lines of its own"),
        ("feeds: [\n", "not valid YAML"),
        ("- a\n", "by hand"),
    ],
)
def test_a_file_that_cannot_take_feeds_is_left_alone(here: Path, text: str, why: str) -> None:
    path = wrote(text)
    with pytest.raises(ConfigError, match=why):
        add_feeds(path, [NEW])
    assert path.read_text() == text
    assert os.listdir() == ["feeds.yaml"]


def test_a_comment_inside_the_last_feed_stays_with_it(here: Path) -> None:
    path = wrote("feeds:\n- url: https://a.example.org/\n  title: A\n  # every: 1h\n\n# the end\n")
    add_feeds(path, [NEW])
    assert path.read_text().index("# every") < path.read_text().index("New:")


def test_a_feed_is_written_right_after_the_last_one_with_the_line_ends_of_the_file(
    here: Path,
) -> None:
    text = "feeds:\n- url: https://a.org/\n  title: >-\n    A\n    B\n# end\nsite: {title: Mine}\n"
    plain = FeedEntry.model_validate({"url": "https://b.org/x", "title": "B"})
    rows = "\n- id: b-org-x\n  title: B\n  url: https://b.org/x\n"
    for end in ("\n", "\r\n"):
        path = here / "feeds.yaml"
        path.write_bytes(text.replace("\n", end).encode())
        add_feeds(path, [plain])
        expected = text.replace("# end", f"{rows}# end").replace("\n", end)
        assert path.read_bytes().decode() == expected


# ── theme.yaml ───────────────────────────────────────────────────────────────────────────────────


def themed(folder: Path, text: str) -> Loaded:
    (folder / "theme.yaml").write_text(text, "utf-8")
    (folder / "feeds.yaml").write_text("feeds: [{title: One, url: http://example.org/}]\n", "utf-8")
    return load(folder / "feeds.yaml", {})


def test_a_theme_beside_feeds_yaml_names_the_digest_and_its_sender(tmp_path: Path) -> None:
    loaded = themed(
        tmp_path,
        "name: Peninsula Weekly\nsender: desk@example.org\nlight: {accent: '#6B1D1D'}\n",
    )
    assert loaded.config.site.title == "Peninsula Weekly"
    assert loaded.config.mail.sender == "desk@example.org"
    assert loaded.theme.light.accent == "#6b1d1d"
    assert loaded.theme.dark == Theme().dark


def test_faults_of_a_theme_name_file_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        themed(tmp_path, 'light:\n  muted: "#eeeeee"\nfont: comic\nlogos: 1\n')
    findings = caught.value.findings
    assert all(f.startswith(f"{tmp_path / 'theme.yaml'}:") for f in findings)
    assert any(":1: light: muted on sheet has a contrast of" in f for f in findings)
    assert any(":3: font: " in f for f in findings)
    assert any(':4: logos: unknown key (did you mean "logo"?)' in f for f in findings)


def test_the_shipped_theme_file_is_what_holds_without_one() -> None:
    shipped = (packaged() / "theme.yaml").read_text("utf-8")
    assert Theme.model_validate(YAML(typ="safe").load(shipped)) == Theme()
