"""The review page: what it lets in, what it keeps, and the whole way in a browser."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from plot_files import shapefile_in_zip, write_dxf, write_kml, write_package, write_survey

import zmd_layout
from conftest import square, write_geojson
from zmd_layout.cli import main
from zmd_layout.errors import StudyError
from zmd_layout.workflow import open_desk

pytest.importorskip("fastapi")
docx = pytest.importorskip("docx")
import httpx  # noqa: E402 - after the skip
import uvicorn  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

from zmd_layout.web.app import make_app  # noqa: E402
from zmd_layout.web.connections import ImpatientProtocol  # noqa: E402
from zmd_layout.web.guard import require_token  # noqa: E402
from zmd_layout.web.register import Register  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
def desk(make_study: Callable[..., Path], tmp_path: Path) -> Any:
    school = {"school_id": "9", "name": NASTY, "stages": "primary", "classes": 12, "enrolment": 500}
    point = {"type": "Point", "coordinates": [114.018, 33.012]}
    write_geojson(tmp_path / "schools.geojson", [(school, point)])
    folder = make_study(
        '[layers.schools]\npath = "schools.geojson"\ncoordinates = "wgs84"\nyear = 2025\n'
    )
    return open_desk(zmd_layout.load_study(folder))


@pytest.fixture
def app(desk: Any, tmp_path: Path) -> Any:
    return make_app(desk, Register(tmp_path / "register" / "reviews.sqlite"))


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve a page and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, port=port, log_level="error", ws="none", http=ImpatientProtocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:  # a test that fails must not leave a server that keeps the whole run from ending
        server.should_exit = True
        thread.join(timeout=60)


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    with served(app) as url:
        yield url


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


def test_a_page_that_is_read_in_english_is_answered_in_english(
    client: httpx.Client, tmp_path: Path
) -> None:
    english = {"lang": "en"}
    assert client.get("/api/start", params=english).json()["words"]["web.upload"] == "Upload a file"
    case = client.post("/api/judge", json={"plots": [plot()]}, params=english).json()["cases"][0]
    assert "amend" in case["conclusion"].lower()
    for path, body in (("/api/judge", {"plots": []}), ("/api/judge", {"plots": "x"})):
        error = client.post(path, json=body, params=english).json()["error"]
        assert error.isascii()
    foreign = client.post("/api/judge", params=english, headers={"Origin": "http://evil.example"})
    assert foreign.json()["error"].isascii()
    word_file = client.post("/api/opinion", json={"plots": [plot()]}, params=english).content
    (tmp_path / "o.docx").write_bytes(word_file)
    assert "Review" in docx.Document(tmp_path / "o.docx").paragraphs[0].text


def test_an_error_is_one_sentence_and_no_trace(client: httpx.Client) -> None:
    answer = client.post("/api/judge", json={"plots": [plot(planned_residents="many")]})
    assert answer.status_code == 422
    assert "planned_residents" in answer.json()["error"]
    assert client.post("/api/judge", json={"plots": []}).status_code == 422
    far = {**plot(), "geometry": square(5, 0, 0.005)}
    assert "小世界" in client.post("/api/judge", json={"plots": [far]}).json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/judge", [1]), ("/api/judge", {"plots": "x"}), ("/api/judge", {"plots": [{}]}),
        ("/api/judge", {"plots": [{"geometry": None, "properties": None}]}),
        ("/api/judge", {"plots": [plot(schools="[" * 5000)]}),
        ("/api/judge", {"plots": [plot(planned_residents=1e308, dwellings=-0.5)]}),
        ("/api/opinion", {"plots": [plot()], "overrides": {"1": {"conclusion": "mine"}}}),
        ("/api/opinion", {"plots": [plot()], "overrides": {"1": {"conclusion": "sample"}}}),
        ("/api/opinion", {"plots": [plot()], "overrides": ["agree"]}),
        ("/api/reviews", {"id": "x", "content": {}}), ("/api/reviews", {"content": [1]}),
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused_in_a_sentence(
    client: httpx.Client, path: str, body: Any
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert client.get("/api/reviews").json() == []


def test_half_a_sign_in_a_name_is_kept_as_a_question_mark(client: httpx.Client) -> None:
    data = b'{"content": {"name": "\\ud800"}}'
    kind = {"Content-Type": "application/json"}
    assert client.post("/api/reviews", content=data, headers=kind).status_code == 200
    assert client.get("/api/reviews").json()[0]["name"] == "?"


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


def test_the_command_refuses_a_public_address_without_a_token() -> None:
    result = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0"])  # noqa: S104 - likewise
    assert result.exit_code == 1
    assert "--token" in result.output


def test_a_public_page_answers_nobody_without_its_token(desk: Any, tmp_path: Path) -> None:
    token = "x" * 16
    public = make_app(desk, Register(tmp_path / "r.sqlite"), token=token)
    with served(public) as url, httpx.Client(base_url=url, timeout=30) as visitor:
        assert visitor.get("/api/start").status_code == 401
        assert visitor.get("/", params={"token": "y" * 16}).status_code == 401
        assert visitor.get("/", params={"token": token}).status_code == 200
        assert visitor.get("/api/start").status_code == 200  # the cookie carries it on


def test_an_upload_that_hides_its_size_is_refused(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b"x" * 1024

    assert client.post("/api/plots", content=endless()).status_code == 413


@pytest.mark.parametrize("also", [["../../etc"], ["nowhere"], "national", [7]])
def test_a_page_opens_no_folder_as_a_rule_set(client: httpx.Client, also: Any) -> None:
    answer = client.post("/api/judge", json={"plots": [plot()], "choices": {"also": also}})
    assert answer.status_code == 422
    assert len(answer.json()["error"].splitlines()) == 1


def test_the_officials_own_conclusion_stands_beside_that_of_the_rules(
    client: httpx.Client, tmp_path: Path
) -> None:
    own = {"conclusion": "agree", "reason": "另行协议已落实", "official": "李某"}
    answer = client.post("/api/opinion", json={"plots": [plot()], "overrides": {"1": own}})
    (tmp_path / "o.docx").write_bytes(answer.content)
    text = "\n".join(p.text for p in docx.Document(tmp_path / "o.docx").paragraphs)
    assert "由“修改完善后再行报审”改为“原则同意”" in text
    half = {"plots": [plot()], "overrides": {"1": {**own, "reason": ""}}}
    half = client.post("/api/opinion", json=half)
    assert half.status_code == 422


def accept(dialog: Any) -> None:
    """Go on where a page asks whether to leave what was not saved."""
    dialog.accept()


@pytest.fixture
def page(address: str, browser_path: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1366, "height": 768})
        opened.on("dialog", accept)
        opened.goto(address)
        opened.wait_for_selector("body[data-ready]")
        yield opened
        browser.close()


def write_plot(folder: Path, **more: Any) -> Path:
    path = folder / "plot.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [plot(**more)]}), "utf-8")
    return path


def open_another(page: Any, address: str) -> Any:
    """Open the page a second time, as in another browser."""
    other = page.context.browser.new_context().new_page()
    other.on("dialog", accept)
    other.goto(address)
    other.wait_for_selector("body[data-ready]")
    return other


def wait_for_residents(page: Any, value: str) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(page.locator("#field_planned_residents")).to_have_value(value)


def upload(page: Any, path: Path, coordinates: str = "") -> None:
    """Hand a file in, as a user does, and wait for its verdict."""
    page.evaluate("document.getElementById('verdict').replaceChildren()")
    page.fill("#coordinates", coordinates)
    page.set_input_files("#file", path)
    page.wait_for_selector("#conclusion")


@pytest.mark.network
def test_the_whole_way_from_an_upload_to_the_register(page: Any, tmp_path: Path) -> None:
    upload(page, write_plot(tmp_path))
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
    wait_for_residents(page, "9999")
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
    upload(page, write_plot(tmp_path))
    page.click("#add_schools")
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


@pytest.mark.network
def test_the_page_is_turned_into_english_and_keeps_what_was_filled_in(
    page: Any, tmp_path: Path
) -> None:
    page.fill("#field_developer", "甲公司")
    page.click("#language")
    page.wait_for_selector("text=Upload a file")
    assert page.input_value("#field_developer") == "甲公司"
    upload(page, write_plot(tmp_path))
    page.fill("#field_planned_residents", "9999")
    page.select_option("#own_conclusion", "agree")
    page.check("[name=also][value=henan-2021]")
    page.wait_for_selector("#verdict >> text=not applicable")
    assert "lang=en" in page.url
    page.click("#language")
    page.wait_for_selector("#verdict >> text=不适用")
    assert page.input_value("#field_planned_residents") == "9999"
    assert page.input_value("#own_conclusion") == "agree"
    assert page.is_checked("[name=also][value=henan-2021]")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert (
        page.locator("#fields label").count()
        == page.locator("#fields label >> visible=true").count()
        == 12
    )


@pytest.mark.network
def test_every_format_is_read_from_an_upload(page: Any, tmp_path: Path) -> None:
    files = [
        (write_plot(tmp_path, name="甲"), "甲", ""),
        (write_package(tmp_path / "plot.gpkg"), "春江花园", ""),
        (write_kml(tmp_path / "plot.kml", name="乙"), "乙", ""),
        (shapefile_in_zip(tmp_path, encoding="GB18030", with_cpg=False), "春江花园", ""),
        (write_dxf(tmp_path / "red.dxf"), "red-1", "EPSG:4547"),
        (write_survey(tmp_path / "plot.txt"), "示例地块一", ""),
    ]
    for path, name, coordinates in files:
        upload(page, path, coordinates)
        assert page.input_value("#field_name") == name, path.suffix
        assert page.is_hidden("#error"), path.suffix
    page.fill("#coordinates", "")
    with (tmp_path / "large.zip").open("wb") as large:
        large.truncate((200 << 20) + 1)  # a hole: it takes no room on the disk
    page.set_input_files("#file", tmp_path / "large.zip")
    page.wait_for_selector("#error:has-text('200 MB')")
    page.set_input_files("#file", {"name": "总图.dwg", "mimeType": "x/y", "buffer": b"AC1032"})
    page.wait_for_selector("#error:has-text('勘测定界')")


@pytest.mark.network
def test_a_switch_puts_the_province_beside_and_a_distance_parts_the_neighbours(
    page: Any, tmp_path: Path
) -> None:
    two = [plot(planned_residents=6000), plot(planned_residents=6000, name="东苑")]
    two[1]["geometry"] = square(0.0155, 0.01, 0.005)
    path = tmp_path / "two.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": two}), "utf-8")
    upload(page, path)
    page.wait_for_selector(".table-4 >> text=12000")
    assert page.get_attribute("#merge_distance_m", "placeholder") == "200"
    assert "假设值" in page.inner_text("#merge_basis")
    page.check("[name=also][value=henan-2021]")
    page.wait_for_selector("#verdict >> text=转引，未核原文")
    page.fill("#merge_distance_m", "10")
    page.wait_for_selector(".table-4", state="detached")
    page.click("#add_phases")
    page.fill("#phases [name=delivered_on]", "2026-01-01")
    page.fill("#field_first_phase_on", "")
    page.wait_for_selector(".table-5 >> text=2026年1月1日")


@pytest.mark.network
def test_the_second_of_two_browsers_is_told_and_nothing_is_lost(
    page: Any, address: str, tmp_path: Path
) -> None:
    upload(page, write_plot(tmp_path))
    page.click("#save")
    page.wait_for_selector("#found button")
    other = open_another(page, address)
    other.click("#found button")
    other.wait_for_selector("#conclusion")
    page.fill("#field_planned_residents", "20000")
    page.click("#save")
    page.wait_for_selector("#saved:has-text('#1-2')")
    other.fill("#field_planned_residents", "30000")
    other.click("#save")
    other.wait_for_selector("#error:has-text('没有覆盖')")
    assert other.input_value("#field_planned_residents") == "30000"  # her work is still there
    other.click("#found button")
    wait_for_residents(other, "20000")
    other.click("#versions button:has-text('v1')")
    wait_for_residents(other, "10000")


SECOND = {"geometry": square(0.05, 0.05, 0.005)}


def write_plots(folder: Path, *plots: dict[str, Any], name: str = "plots.geojson") -> Path:
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(plots)}), "utf-8")
    return path


def override(page: Any) -> None:
    page.select_option("#own_conclusion", "refuse")
    page.fill("#own_reason", "另行说明")
    page.fill("#own_official", "李某")


@pytest.mark.network
def test_an_override_belongs_to_one_plot_and_is_not_carried_to_another_project(
    page: Any, tmp_path: Path
) -> None:
    two = write_plots(tmp_path, plot(name="甲"), {**plot(name="乙"), **SECOND})
    upload(page, two)
    override(page)
    page.wait_for_selector("#own:has-text('李某')")
    page.select_option("#chosen select", "1")
    page.wait_for_selector("text=关于乙项目")
    assert page.input_value("#own_reason") == ""
    assert page.locator("#own").count() == 0
    page.select_option("#chosen select", "0")
    page.wait_for_selector("#own:has-text('另行说明')")
    page.click("#save")
    page.wait_for_selector("#found button:has-text('经办人李某：暂不同意')")
    upload(page, write_plot(tmp_path, name="丙"))
    assert page.input_value("#own_conclusion") == ""
    assert page.locator("#own").count() == 0


@pytest.mark.network
def test_a_failed_upload_leaves_nothing_of_the_project_before(page: Any, tmp_path: Path) -> None:
    upload(page, write_plot(tmp_path))
    bad = {"name": "总图.dwg", "mimeType": "x/y", "buffer": b"AC1032"}
    page.set_input_files("#file", bad)
    page.wait_for_selector("#error:has-text('图纸')")
    assert page.locator("#conclusion").count() == 0
    assert page.input_value("#field_name") == ""
    page.fill("#field_name", "x")  # whatever else is done, the error stays until a file is read
    page.wait_for_timeout(600)
    assert page.is_visible("#error")
    upload(page, write_plot(tmp_path))
    assert page.is_hidden("#error")


@pytest.mark.network
def test_unsaved_changes_are_asked_about(page: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.remove_listener("dialog", accept)
    page.on("dialog", answer)
    upload(page, write_plot(tmp_path))
    page.fill("#field_developer", "甲公司")
    page.set_input_files("#file", write_plot(tmp_path, name="别的"))
    page.wait_for_timeout(300)
    assert asked == ["confirm"]
    assert page.input_value("#field_developer") == "甲公司"
    page.click("#save")
    page.wait_for_selector("#saved:has-text('#1-1')")
    page.set_input_files("#file", write_plot(tmp_path, name="别的"))
    page.wait_for_selector("text=关于别的项目")
    assert asked == ["confirm"]
    page.fill("#field_developer", "乙公司")
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(1500)
    assert asked == ["confirm", "beforeunload"]


@pytest.mark.network
@pytest.mark.parametrize("width", [1366, 390])
def test_a_project_goes_through_its_stages_in_one_case(
    page: Any, tmp_path: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    offer = [
        {"stage": "kindergarten", "ownership": "public", "opens_on": "2027-06-30", "classes": 9},
        {"stage": "primary", "opens_on": "2027-06-30", "classes": 24},
    ]
    upload(page, write_plot(tmp_path, schools=offer, review_stage="conditions"))
    page.wait_for_selector("#conclusion.agree")
    page.fill("#saver", "张某")
    page.click("#save")
    page.wait_for_selector("#saved:has-text('#1-1')")
    page.set_input_files("#attach", {"name": "规划条件.pdf", "mimeType": "x/y", "buffer": b"%PDF"})
    page.wait_for_selector("#attached a:has-text('规划条件.pdf')")
    page.click("#next_stage")
    page.wait_for_selector("text=规划方案配套教育设施")
    page.click("#save")
    page.wait_for_selector("#saved:has-text('#1-2')")
    page.click("#next_stage")
    page.wait_for_selector("#conclusion.agree")
    assert page.locator("#approved_schools .item").count() == 2
    page.fill("#schools .item:nth-child(2) [name=classes]", "20")
    page.wait_for_selector("#conclusion.amend")
    page.wait_for_selector(".table-7 >> text=不符合要求")
    page.click("#save")
    page.wait_for_selector("#saved:has-text('#1-3')")
    page.click("#versions .compare >> nth=0")
    page.wait_for_selector("#compared >> text=验收移交")
    page.click("#void")
    page.wait_for_selector("#error:has-text('理由')")
    page.fill("#void_reason", "重复登记")
    page.click("#void")
    page.wait_for_selector("#found .void:has-text('已作废')")
    page.wait_for_selector("#error", state="hidden")
    page.fill("#search", "重复登记")
    page.wait_for_selector("#found li")
    with page.expect_download() as awaited:
        page.click("#export")
    assert awaited.value.suggested_filename == "审查登记簿.xlsx"
    if os.environ.get("ZMD_SCREENSHOTS"):
        page.screenshot(path=tmp_path / f"stages-{width}.png", full_page=True)


@pytest.mark.network
def test_an_entry_without_plots_is_opened(page: Any, client: httpx.Client) -> None:
    client.post("/api/reviews", json={"content": {"name": "空"}})
    page.fill("#search", "空")
    page.click("#found button:has-text('空')")
    page.wait_for_selector("#error:has-text('没有地块')")
