"""The server of the review page: the register's conclusions, and an answer to everything."""
# ruff: noqa: F811 - fixtures of the page's own tests

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sqlite3
from typing import TYPE_CHECKING, Any

import httpx
import openpyxl
import pytest
from test_review_page import app, client, desk, plot, served  # noqa: F401 - fixtures

from conftest import square
from zmd_layout.errors import StudyError
from zmd_layout.web import connections
from zmd_layout.web import register as registers
from zmd_layout.web.app import make_app, safe_name
from zmd_layout.web.guard import require_token
from zmd_layout.web.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OFFER = [
    {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30"},
    {"stage": "primary", "opens_on": "2027-06-30"},
]
OWN = {"conclusion": "agree", "reason": "另行协议已落实", "official": "李某"}


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    with served(app) as url:
        yield url


def save(client: httpx.Client, *plots: Any, **more: Any) -> dict[str, Any]:
    content = {"name": "春江", "plots": list(plots), **more}
    answer = client.post("/api/reviews", json={"content": content, "official": "张某"})
    assert answer.is_success, answer.text
    return dict(answer.json())


def test_the_register_keeps_the_conclusion_of_the_rules_and_not_what_a_page_showed(
    client: httpx.Client,
) -> None:
    save(client, plot(), conclusion="原则同意。")
    (entry,) = client.get("/api/reviews").json()
    assert entry["conclusion"] == "修改完善后再行报审"
    assert [result["kind"] for result in entry["results"]] == ["amend"]
    assert entry["by"] == "张某"


def test_every_plot_of_an_entry_has_its_conclusion_and_its_own_override(
    client: httpx.Client,
) -> None:
    far = {**plot(schools=OFFER, name="乙"), "geometry": square(0.05, 0.05, 0.005)}
    first, second = plot(unit_id="a"), {**far, "properties": {**far["properties"], "unit_id": "b"}}
    save(client, first, second, overrides={"a": OWN, "elsewhere": OWN})
    (entry,) = client.get("/api/reviews").json()
    kinds = {r["unit_id"]: (r["kind"], r["override"]) for r in entry["results"]}
    assert kinds["a"][0] == "amend"
    assert kinds["a"][1]["official"] == "李某"
    assert kinds["a"][1]["at"]
    assert kinds["b"] == ("agree", None)
    assert "经办人李某：原则同意" in entry["conclusion"]
    kept = client.get(f"/api/reviews/{entry['id']}").json()["versions"][0]["content"]
    assert list(kept["overrides"]) == ["a"]


def test_what_cannot_be_judged_is_kept_as_a_draft(client: httpx.Client) -> None:
    save(client, plot(planned_residents="many"))
    save(client)
    empty, wrong = client.get("/api/reviews").json()
    assert wrong["conclusion"].startswith("草稿，未形成结论")
    assert empty["results"] == wrong["results"] == []
    assert client.get(f"/api/reviews/{empty['id']}").json()["versions"][0]["content"]["plots"] == []


@pytest.mark.parametrize("word", ["南阳路", "张某", "12345", "李某 另行", "#1", "修改完善"])
def test_the_register_is_searched_by_any_field(client: httpx.Client, word: str) -> None:
    save(
        client, plot(developer="南阳路公司", planned_residents=12345, unit_id="1"),
        overrides={"1": OWN},
    )  # fmt: skip
    save(client, plot(schools=OFFER, planned_residents=10001), name="别的")
    found = client.get("/api/reviews", params={"q": word}).json()
    assert 1 in [entry["id"] for entry in found]
    if word != "张某":
        assert len(found) == 1


def test_a_case_is_voided_with_a_reason_and_nothing_is_lost(client: httpx.Client) -> None:
    saved = save(client, plot())
    mark = {"action": "voided", "official": "王某", "reason": "重复登记"}
    path = f"/api/reviews/{saved['id']}"
    assert client.post(f"{path}/mark", json={**mark, "reason": ""}).status_code == 422
    assert client.post(f"{path}/mark", json=mark).is_success
    (entry,) = client.get("/api/reviews", params={"q": "重复登记"}).json()
    assert (entry["action"], entry["by"], entry["remark"]) == ("voided", "王某", "重复登记")
    again = {"content": {"plots": []}, "id": saved["id"], "version": 2}
    assert "作废" in client.post("/api/reviews", json=again).json()["error"]
    back = {"action": "reinstated", "official": "王某", "reason": "误作废"}
    assert client.post(f"{path}/mark", json=back).is_success
    assert client.post("/api/reviews", json={**again, "version": 3}).is_success
    actions = [v["action"] for v in client.get(path).json()["versions"]]
    assert actions == ["saved", "reinstated", "voided", "saved"]


def test_the_register_is_exported_with_a_line_for_each_plot(
    client: httpx.Client,
    tmp_path: Path,
) -> None:
    save(client, plot(unit_id="1", name="=1+1"), overrides={"1": OWN})
    (tmp_path / "r.xlsx").write_bytes(client.get("/api/register").content)
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx").active
    assert sheet is not None
    head, line = ([cell.value for cell in row] for row in sheet.rows)
    row = dict(zip(head, line, strict=True))
    assert row["地块"] == "=1+1"
    assert sheet["F2"].data_type == "s"
    assert (row["规则结论"], row["经办人意见"]) == ("修改完善后再行报审。", "原则同意。")
    assert row["经办人"] == "李某"
    assert row["状态"] == "有效"


def test_a_file_is_kept_with_a_case_and_handed_back_as_a_download(
    client: httpx.Client,
) -> None:
    saved = save(client, plot())
    path = f"/api/reviews/{saved['id']}"
    kept = client.post(f"{path}/attachments", files={"file": ("规划条件.pdf", b"%PDF-1")}).json()
    (listed,) = client.get(path).json()["attachments"]
    assert (listed["name"], listed["size"], listed["sha256"]) == ("规划条件.pdf", 6, kept["sha256"])
    back = client.get(f"{path}/attachments/{kept['sha256']}")
    assert back.content == b"%PDF-1"
    assert back.headers["content-disposition"].startswith("attachment")
    nowhere = client.post("/api/reviews/77/attachments", files={"file": ("a", b"a")})
    assert nowhere.status_code == 422


def is_answered(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]
    assert "default-src" in answer.headers["content-security-policy"]


def test_a_number_of_twenty_digits_is_answered(client: httpx.Client) -> None:
    is_answered(client.get("/api/reviews/12345678901234567890"))
    huge = {"content": {}, "id": 12345678901234567890, "version": 1}
    is_answered(client.post("/api/reviews", json=huge))
    is_answered(client.post("/api/reviews", json={"content": {}, "id": 5, "version": 0}))


def test_half_a_sign_anywhere_is_a_question_mark(client: httpx.Client) -> None:
    text = json.dumps({"plots": [plot(name="半\ud800字")]})
    kind = {"Content-Type": "application/json"}
    for path in ("/api/judge", "/api/opinion", "/api/data"):
        assert client.post(path, content=text, headers=kind).status_code == 200
    assert client.get("/api/reviews", params={"q": "a"}).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"dwellings": 1e308, "persons_per_dwelling": 10}, {"planned_residents": 1e308},
     {"planned_residents": 10**30}],
)  # fmt: skip
def test_figures_beyond_all_measure_are_unknown_and_agreed_to_by_nobody(
    client: httpx.Client,
    fields: dict[str, Any],
) -> None:
    bare = plot(**{"planned_residents": None, "schools": OFFER, **fields})
    answer = client.post("/api/judge", json={"plots": [bare]})
    if answer.status_code == 422:
        is_answered(answer)
    else:
        assert answer.json()["cases"][0]["kind"] == "incomplete"
    save(client, bare)


@pytest.mark.parametrize(
    "name", ["..", ".", "春" * 300 + ".geojson", "a\x00b.geojson", "/", "con?*"]
)
def test_a_file_of_any_name_is_read_or_refused(client: httpx.Client, name: str) -> None:
    data = json.dumps({"type": "FeatureCollection", "features": [plot()]}).encode()
    answer = client.post("/api/plots", files={"file": (name, data)})
    assert answer.status_code in {200, 422}
    assert "content-security-policy" in answer.headers
    assert safe_name(name)
    assert len(safe_name(name).encode()) < 255


def test_a_fault_that_nobody_foresaw_has_the_headers(
    desk: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Register, "search", fail)
    with served(make_app(desk, Register(tmp_path / "r.sqlite"))) as url:
        answer = httpx.get(f"{url}api/reviews")
    assert answer.status_code == 500
    assert "default-src" in answer.headers["content-security-policy"]
    assert "Traceback" not in answer.text


def test_a_full_disk_is_a_sentence(
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(registers, "_insert", full)
    answer = client.post("/api/reviews", json={"content": {"name": "甲"}})
    assert answer.status_code == 507
    assert "磁盘" in answer.json()["error"]


def test_a_token_that_no_address_can_carry_is_refused() -> None:
    with pytest.raises(StudyError, match="英文字母"):
        require_token("127.0.0.1", "口令" * 10)


def test_guesses_of_the_token_are_limited(desk: Any, tmp_path: Path) -> None:
    token = "x" * 16
    public = make_app(desk, Register(tmp_path / "r.sqlite"), token=token)
    with served(public) as url, httpx.Client(base_url=url) as guesser:
        codes = [guesser.get("/", params={"token": f"y{n}"}).status_code for n in range(12)]
        assert codes[0] == 401
        assert codes[-1] == 429
        assert guesser.get("/", params={"token": token}).status_code == 429


def test_an_entry_beyond_the_limit_is_refused(address: str) -> None:
    ask = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=30)
    ask.putrequest("POST", "/api/reviews")
    ask.putheader("Origin", address.rstrip("/"))
    ask.putheader("Content-Length", str(150 << 20))
    ask.endheaders()
    assert ask.getresponse().status == 413
    ask.close()


@pytest.fixture
def slow_connections(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int, float], tuple[str, list[socket.socket]]]]:
    """Return a function that opens connections which never end their head, each for so long."""
    with contextlib.ExitStack() as stack:

        def make(count: int, seconds: float) -> tuple[str, list[socket.socket]]:
            monkeypatch.setattr(connections, "HEAD_SECONDS", seconds)
            url = stack.enter_context(served(make_app(desk, Register(tmp_path / "r.sqlite"))))
            host, port = url.removeprefix("http://").rstrip("/").split(":")
            opened = [
                stack.enter_context(socket.create_connection((host, int(port)), timeout=60))
                for _ in range(count)
            ]
            for each in opened:
                each.sendall(b"GET / HTTP/1.1\r\nHost: ")
            return url, opened

        yield make


def test_slow_connections_stop_nobody(
    slow_connections: Callable[[int, float], tuple[str, list[socket.socket]]],
) -> None:
    url, _ = slow_connections(200, 300.0)
    # an answer that waited for them would come after its time
    assert httpx.get(f"{url}api/reviews", timeout=100).is_success


def test_slow_connections_are_closed(
    slow_connections: Callable[[int, float], tuple[str, list[socket.socket]]],
) -> None:
    _, opened = slow_connections(20, 1.0)
    for each in opened:
        with contextlib.suppress(ConnectionResetError):
            assert each.recv(1) == b""


def test_a_plot_without_an_outline_is_judged_by_its_figures(client: httpx.Client) -> None:
    bare = {**plot(), "geometry": None}
    case = client.post("/api/judge", json={"plots": [bare]}).json()["cases"][0]
    assert case["kind"] == "amend"
    save(client, bare)
    assert client.get("/api/reviews").json()[0]["results"][0]["kind"] == "amend"
