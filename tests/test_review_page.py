"""The review page: what it lets in, what it keeps, and the whole way in a browser."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.errors import StudyError
from zmd_layout.workflow import open_desk

pytest.importorskip("fastapi")
docx = pytest.importorskip("docx")
import httpx  # noqa: E402 - after the skip
import uvicorn  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

from zmd_layout.web.app import make_app  # noqa: E402
from zmd_layout.web.guard import require_token  # noqa: E402
from zmd_layout.web.register import ConflictError, Register  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
NASTY = "坏<script>window.hacked=1</script><img src=x onerror=window.hacked=2>"


def plot(**more: Any) -> dict[str, Any]:
    fields = {
        "name": "春江花园", "planned_residents": 10000, "settlement": "urban",
        "review_stage": "scheme", "conditions_on": "2024-03-01", "kindergarten_defect": "none",
        "first_phase_on": "2027-06-30",
        **more,
    }  # fmt: skip
    return {"type": "Feature", "properties": fields, "geometry": square(0.01, 0.01, 0.005)}


@pytest.fixture
def app(make_study: Callable[..., Path], tmp_path: Path) -> Any:
    school = {"school_id": "9", "name": NASTY, "stages": "primary", "classes": 12, "enrolment": 500}
    point = {"type": "Point", "coordinates": [114.018, 33.012]}
    write_geojson(tmp_path / "schools.geojson", [(school, point)])
    folder = make_study(
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    )
    desk = open_desk(zmd_layout.load_study(folder))
    return make_app(desk, Register(tmp_path / "register" / "reviews.sqlite"))


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=address, headers={"Origin": address.rstrip("/")}, timeout=30
    ) as made:
        yield made


def test_a_changed_number_changes_the_verdict(client: httpx.Client) -> None:
    short = client.post("/api/judge", json={"plots": [plot()]}).json()["cases"][0]
    offer = [
        {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30"},
        {"stage": "primary", "opens_on": "2027-06-30"},
    ]
    enough = client.post("/api/judge", json={"plots": [plot(schools=offer)]}).json()["cases"][0]
    small = client.post("/api/judge", json={"plots": [plot(planned_residents=9999)]}).json()
    rows = [r[8] for r in small["cases"][0]["tables"]["1"]["rows"] if r[1] == "小学"]
    assert (short["kind"], enough["kind"]) == ("amend", "agree")
    assert "不适用" in rows


def test_an_error_is_one_sentence_and_no_trace(client: httpx.Client) -> None:
    answer = client.post("/api/judge", json={"plots": [plot(planned_residents="many")]})
    assert answer.status_code == 422
    assert "planned_residents" in answer.json()["error"]
    assert client.post("/api/judge", json={"plots": []}).status_code == 422
    far = {**plot(), "geometry": square(5, 0, 0.005)}
    assert "小世界" in client.post("/api/judge", json={"plots": [far]}).json()["error"]


def test_an_upload_is_read_whatever_its_name_says(client: httpx.Client) -> None:
    data = json.dumps({"type": "FeatureCollection", "features": [plot()]}).encode()
    answer = client.post("/api/plots", files={"file": ("../../春江.geojson", data)})
    assert answer.json()["plots"][0]["properties"]["planned_residents"] == 10000


def test_another_site_can_ask_nothing(address: str) -> None:
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert httpx.post(f"{address}api/judge", json={}, headers=headers).status_code == 403
    rebound = httpx.get(f"{address}api/reviews", headers={"Host": "evil.example"})
    assert rebound.status_code == 403


def test_every_answer_carries_the_policy(client: httpx.Client) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy


def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(address: str) -> None:
    host = address.removeprefix("http://").rstrip("/")
    ask = http.client.HTTPConnection(host, timeout=30)
    ask.putrequest("POST", "/api/plots")
    ask.putheader("Origin", address.rstrip("/"))
    ask.putheader("Content-Length", str(1 << 30))
    ask.endheaders()
    assert ask.getresponse().status == 413
    ask.close()


def test_a_public_address_needs_a_token() -> None:
    require_token("127.0.0.1", None)
    require_token("0.0.0.0", "x" * 16)  # noqa: S104 - what is refused without a token
    for host, token in (("0.0.0.0", None), ("192.168.1.5", "short")):  # noqa: S104 - likewise
        with pytest.raises(StudyError, match="token"):
            require_token(host, token)


def test_two_who_save_the_same_review_do_not_overwrite_each_other(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    first = register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    assert first == {"id": 1, "version": 1}
    register.save({"name": "甲", "by": "a"}, saved_at="2026-01-02", review_id=1, version=1)
    with pytest.raises(ConflictError, match="第2版"):
        register.save({"name": "甲", "by": "b"}, saved_at="2026-01-03", review_id=1, version=1)
    kept = register.history(1)
    assert [entry["version"] for entry in kept] == [2, 1]
    assert kept[0]["content"]["by"] == "a"


def test_a_save_that_is_broken_off_leaves_the_last_version(tmp_path: Path) -> None:
    register = Register(tmp_path / "r.sqlite")
    register.save({"name": "甲"}, saved_at="2026-01-01", review_id=None, version=0)
    base = sqlite3.connect(tmp_path / "r.sqlite")
    base.execute("INSERT INTO versions VALUES (1, 2, '2026', 'half', '', '{}')")
    base.close()  # as a killed process: the transaction was never committed
    assert [entry["name"] for entry in register.search()] == ["甲"]
    assert register.search("甲%") == []


def test_the_officials_own_conclusion_stands_beside_that_of_the_rules(
    client: httpx.Client, tmp_path: Path
) -> None:
    own = {"conclusion": "agree", "reason": "另行协议已落实", "official": "李某"}
    answer = client.post("/api/opinion", json={"plots": [plot()], "override": own})
    (tmp_path / "o.docx").write_bytes(answer.content)
    text = "\n".join(p.text for p in docx.Document(tmp_path / "o.docx").paragraphs)
    assert "由“修改完善后再行报审”改为“原则同意”" in text
    half = client.post("/api/opinion", json={"plots": [plot()], "override": {**own, "reason": ""}})
    assert half.status_code == 422


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None and os.environ.get("ZMD_REQUIRE_BROWSER") == "1":
        pytest.fail(f"ZMD_REQUIRE_BROWSER=1, but none of {', '.join(BROWSERS)} is on the path")
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1366, "height": 768})
        opened.goto(address)
        opened.wait_for_selector("body[data-ready]")
        yield opened
        browser.close()


@pytest.mark.network
def test_the_whole_way_from_an_upload_to_the_register(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "plot.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [plot()]}), "utf-8")
    page.set_input_files("#file", path)
    page.wait_for_selector("#conclusion.amend")
    page.fill("#field_dwellings", "-1")
    page.wait_for_selector("#error:not([hidden])")
    page.fill("#field_dwellings", "")
    page.fill("#field_planned_residents", "9999")
    page.wait_for_selector("text=不适用")
    page.wait_for_selector("#error", state="hidden")
    with page.expect_download() as awaited:
        page.click("#opinion")
    awaited.value.save_as(tmp_path / "opinion.docx")
    document = docx.Document(tmp_path / "opinion.docx")
    assert document.paragraphs[0].text == "关于春江花园项目规划方案\n配套教育设施的审查意见"
    assert len(document.tables) >= 2
    page.click("#save")
    page.wait_for_selector("#found button")
    page.reload()
    page.fill("#search", "春江")
    page.click("#found button")
    page.wait_for_function("document.getElementById('field_planned_residents').value === '9999'")
    assert page.evaluate("window.hacked") is None
    if os.environ.get("ZMD_SCREENSHOTS"):
        page.screenshot(path=tmp_path / "desk.png", full_page=True)
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=tmp_path / "phone.png", full_page=True)


@pytest.mark.network
@pytest.mark.parametrize("width", [1366, 390])
def test_an_accessibility_checker_finds_no_serious_fault(
    page: Any, tmp_path: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    path = tmp_path / "plot.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [plot()]}), "utf-8")
    page.set_input_files("#file", path)
    page.wait_for_selector("#conclusion.amend")
    page.click("#add")
    violations = Axe().run(page).response["violations"]
    faults = [
        (v["id"], node["target"])
        for v in violations
        if v["impact"] in {"serious", "critical"}
        for node in v["nodes"]
    ]
    assert faults == []


@pytest.mark.network
def test_a_plot_is_drawn_by_clicks(page: Any) -> None:
    page.click("#draw")
    box = page.locator("#map").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for dx, dy in ((-9, 9), (9, 9), (9, 25)):
        page.mouse.click(middle[0] + dx, middle[1] + dy)
        page.wait_for_timeout(50)
    page.click("#finish")
    page.wait_for_selector("#conclusion")
    page.fill("#field_name", "手绘")
    page.wait_for_selector("text=关于手绘项目")
