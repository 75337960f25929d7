"""The gap map in a browser with no network: what a reader sees, clicks, finds and saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from zmd_layout.messages import Message
from zmd_layout.outputs.gap_map import gap_map, save
from zmd_layout.study import Name, Study
from zmd_layout.vocabulary import Lang

sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
from axe_playwright_python.sync_playwright import Axe  # noqa: E402 - after the skip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

NASTY = "坏<script>window.hacked=1</script><img src=x onerror=window.hacked=2>校"
X, Y, SIDE = 455_000.0, 3_660_000.0, 10_000.0
COUNTY_RULE = "senior-new-per-county"
TOWN_RULE = "kindergarten-public-central-per-township"
SCHOOL_RULE = "primary-size-new"


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        yield started
        started.close()


def box(column: float, row: float, side: float = SIDE) -> shapely.Polygon:
    west, south = X + column * SIDE, Y + row * SIDE
    return shapely.box(west, south, west + side, south + side)


UNITS = {
    "411721": ("county", "西平县", box(0, 0)),
    "411722": ("county", "上蔡县", box(1, 0)),
    "411723": ("county", "无图县", None),
    "411721001": ("township", "柏城镇", box(0, 0, SIDE / 2)),
    "411721002": ("township", "盆尧镇", box(0.5, 0, SIDE / 2)),
    "411722001": ("township", "蔡都镇", box(1, 0, SIDE / 2)),
    "S1": ("school", "示例柏城小学", box(0.2, 0.2).centroid),
    "S2": ("school", NASTY, box(0.9, 0.7).centroid),
}


def finding(rule: str, unit_id: str, status: str, **more: Any) -> dict[str, Any]:
    kind, name, geometry = UNITS[unit_id]
    is_short = status == "shortfall"
    return {
        "rule_id": rule, "ruleset": "zhumadian-2022-49", "unit_kind": kind, "unit_id": unit_id,
        "unit_name": name, "status": status, "strength": "duty", "addressee": "county",
        "relation": "at_least", "measured": None if status == "not_assessable" else 0.0,
        "required": 1.0, "gap": 1.0 if is_short else None, "measure_unit": "school",
        "as_of": "2025-12-31", "due_on": "2025-12-31", "due_state": "due_unverified",
        "clause": "驻政〔2022〕49号", "basis": "clause", "sources": "schools 2025",
        "is_synthetic": True, "flags": "near_threshold", "stability": "stable",
        "note_zh": "备注在此", "note_en": "A note", "geometry": geometry,
    } | more  # fmt: skip


def findings() -> gpd.GeoDataFrame:
    rows = [
        finding(COUNTY_RULE, "411721", "shortfall"),
        finding(COUNTY_RULE, "411722", "pass"),
        finding(COUNTY_RULE, "411723", "not_assessable"),
        finding(TOWN_RULE, "411721001", "shortfall"),
        finding(TOWN_RULE, "411721002", "shortfall"),
        finding(TOWN_RULE, "411722001", "not_applicable"),
        finding(SCHOOL_RULE, "S1", "shortfall", strength="in_principle", relation="at_most"),
        finding(SCHOOL_RULE, "S2", "pass", strength="in_principle", relation="at_most"),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)


def suggestions() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["N1"], "rank": [1], "stage": ["kindergarten"], "action": ["new"],
            "name": ["示例备选点"], "closes": [f"{TOWN_RULE}@411721001"], "is_synthetic": [True],
            "solve_status": ["feasible"], "gap_percent": [0.4], "seats": [300.0],
            "opens_in": [2027],
        },
        geometry=[box(0.2, 0.2).centroid],
        crs=4547,
    )  # fmt: skip


def children() -> pd.DataFrame:
    rows = [
        {"unit_id": unit_id, "stage": "primary", "year": year, "children": wanted, "seats": 1000.0}
        for unit_id, wanted in (("411721", 1500.0), ("411722", 900.0))
        for year in (2025, 2030)
    ]
    table = pd.DataFrame(rows)
    table.loc[(table["unit_id"] == "411721") & (table["year"] == 2030), "children"] = 1100.0
    unknown = {"unit_id": "411723", "stage": "primary", "year": 2025, "children": 5.0}
    return pd.concat([table, pd.DataFrame([unknown | {"seats": np.nan}])])


STUDY = Study(
    id="x",
    name=Name(zh="驻马店市", en="Zhumadian"),
    as_of="2025-12-31",
    plan_period=("2021-01-01", "2025-12-31"),
)


class Watched:
    """A page and whatever went wrong or went out while it was open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._watch(request.url))

    def _watch(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.complaints.append(url)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    chart = gap_map(
        findings(), layers={"children": children()}, suggestions=suggestions(), study=STUDY
    )
    save(chart, path)
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    yield from opened(browser, file)


def opened(browser: Browser, file: Path, *, width: int = 1366, height: int = 768) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": height}, offline=True, accept_downloads=True
    )
    watched = Watched(context.new_page())
    watched.page.goto(file.as_uri())
    watched.page.wait_for_selector("body[data-ready=true]")
    yield watched.page
    assert watched.complaints == []
    context.close()


@pytest.fixture
def phone(browser: Browser, file: Path) -> Iterator[Page]:
    yield from opened(browser, file, width=390, height=844)


def choose_rule(page: Page, title: str) -> None:
    page.get_by_role("radio", name=title).check()


def click_unit(page: Page, unit_id: str) -> None:
    """Click on the middle of a unit on the map."""
    place = page.evaluate(
        """(id) => {
            const { map, model } = zmd.app;
            const unit = model.units.id.indexOf(id);
            const at = map.latLngToContainerPoint(
                map.unproject(L.point(model.units.wx[unit], model.units.wy[unit]), 0));
            const frame = map.getContainer().getBoundingClientRect();
            return [frame.left + at.x, frame.top + at.y];
        }""",
        unit_id,
    )
    page.mouse.click(*place)


def test_the_first_sight_tells_where_children_have_no_seat(page: Page) -> None:
    assert "约缺 500 个学位" in page.inner_text("#zmd-story")
    assert "西平县（500）" in page.inner_text("#zmd-story")
    assert "1 个单元资料不足" in page.inner_text("#zmd-story")


def test_without_children_the_first_sight_tells_where_duties_are_not_met(
    browser: Browser, tmp_path: Path
) -> None:
    save(gap_map(findings()), tmp_path / "duty.html")
    for page in opened(browser, tmp_path / "duty.html"):
        assert "共有 3 处缺口，最多的是西平县（3）" in page.inner_text("#zmd-story")


def test_where_nothing_can_be_judged_the_first_sight_tells_what_is_owed(
    browser: Browser, tmp_path: Path
) -> None:
    rows = [finding(COUNTY_RULE, u, "not_assessable") for u in ("411721", "411722")]
    save(gap_map(gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)), tmp_path / "owed.html")
    for page in opened(browser, tmp_path / "owed.html"):
        assert "2 个县区共应有 2 所" in page.inner_text("#zmd-story")


def test_a_rule_brings_its_own_legend_and_list(page: Page) -> None:
    choose_rule(page, "公办中心幼儿园")
    assert "公办中心幼儿园" in page.inner_text("#zmd-legend-title")
    legend = page.inner_text("#zmd-legend-body")
    assert "缺口" in legend
    assert "不适用" in legend
    assert "符合" not in legend
    names = page.locator("#zmd-list tbody th").all_inner_texts()
    assert [name.splitlines()[0] for name in names] == ["柏城镇", "盆尧镇", "蔡都镇"]


def test_rules_are_filtered_by_their_text(page: Page) -> None:
    page.fill("#zmd-rule-filter", "60万人口")
    assert page.locator("#zmd-views input[type=radio]").count() == 4  # and the three overviews
    page.fill("#zmd-rule-filter", "没有这样的条款")
    assert page.is_visible("#zmd-views-empty")


def test_a_unit_is_found_by_initials_and_opens_with_its_verdicts(page: Page) -> None:
    page.fill("#zmd-search", "xpx")
    page.press("#zmd-search", "Enter")
    panel = page.inner_text("#zmd-unit")
    for text in ("西平县", "不符合要求，应当整改", "60万人口以下的县新建不少于1所", "应当性要求",
                 "缺 1 所", "已到期", "2025-12-31", "演示数据", "备注在此"):  # fmt: skip
        assert text in panel, text


def test_a_click_on_the_map_opens_the_unit(page: Page) -> None:
    choose_rule(page, "新建标准化普通高中")
    click_unit(page, "411722")
    assert page.inner_text("#zmd-unit-name") == "上蔡县"
    page.get_by_role("button", name="返回清单").click()
    assert page.is_visible("#zmd-list")


def test_a_name_with_a_script_is_only_a_name(page: Page) -> None:
    page.fill("#zmd-search", "坏")
    page.press("#zmd-search", "Enter")
    assert page.inner_text("#zmd-unit-name") == NASTY
    assert page.evaluate("window.hacked") is None


def test_a_suggested_place_is_found_by_its_name_and_told_with_its_years(
    browser: Browser, tmp_path: Path
) -> None:
    sites = suggestions().assign(until_year=2031, use_2027=0.914, use_2032=0.6)
    save(gap_map(findings(), suggestions=sites, study=STUDY), tmp_path / "site.html")
    for page in opened(browser, tmp_path / "site.html"):
        page.fill("#zmd-search", "备选点")
        assert "选址建议 · 幼儿园" in page.inner_text("#zmd-search-found")
        page.press("#zmd-search", "Enter")
        panel = page.inner_text("#zmd-unit")
        assert "示例备选点" in panel
        assert "2031" in panel
        assert "2027年91%、2032年60%" in panel


def test_a_list_is_sorted_from_its_heads_and_the_unknown_stays_last(page: Page) -> None:
    use = page.get_by_role("button", name="使用率")
    use.click()
    page.wait_for_selector("th[aria-sort=descending]")
    descending = page.locator("#zmd-list table:first-child tbody th").all_inner_texts()
    page.get_by_role("button", name="使用率").click()
    ascending = page.locator("#zmd-list table:first-child tbody th").all_inner_texts()
    assert [name.splitlines()[0] for name in descending] == ["西平县", "上蔡县", "无图县"]
    assert [name.splitlines()[0] for name in ascending] == ["上蔡县", "西平县", "无图县"]


def test_the_year_is_switched_with_the_keyboard_and_keeps_the_focus(page: Page) -> None:
    page.focus("#zmd-year")
    page.keyboard.press("ArrowRight")
    assert "2030年" in page.inner_text("#zmd-story")
    assert "约缺 100 个学位" in page.inner_text("#zmd-story")
    assert page.evaluate("document.activeElement.id") == "zmd-year"
    assert page.inner_text(".switch output") == "2030"


def test_a_unit_is_opened_and_left_with_the_keyboard_alone(page: Page) -> None:
    page.locator("#zmd-list tbody button").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "zmd-unit-name"
    page.locator("#zmd-unit .back").focus()
    page.keyboard.press("Enter")
    assert page.is_visible("#zmd-list")


def test_the_suggested_seats_count_from_the_year_in_which_they_open(
    browser: Browser, tmp_path: Path
) -> None:
    rows = [
        {"unit_id": "411721", "stage": "kindergarten", "year": year, "children": 1500.0,
         "seats": 1000.0}
        for year in (2025, 2030)
    ]  # fmt: skip
    layers = {"children": pd.DataFrame(rows)}
    chart = gap_map(findings(), layers=layers, suggestions=suggestions(), study=STUDY)
    save(chart, tmp_path / "after.html")
    for page in opened(browser, tmp_path / "after.html"):
        page.get_by_role("button", name="采纳建议后").click()
        # the first year in which it matters
        assert page.inner_text(".switch output") == "2030"
        assert "模拟采纳全部备选位置后" in page.inner_text("#zmd-story")
        assert "约缺 200 个学位" in page.inner_text("#zmd-story")
        page.focus("#zmd-year")
        page.keyboard.press("ArrowLeft")
        assert "约缺 500 个学位" in page.inner_text("#zmd-story")
        assert "最早 2027 年投用" in page.inner_text("#zmd-legend-body")


def test_the_map_opens_on_the_stage_that_lacks_seats_longest_and_a_chart_chooses_another(
    browser: Browser, tmp_path: Path
) -> None:
    rows = [
        {"unit_id": "411721", "stage": stage, "year": year, "children": wanted, "seats": 1000.0}
        for stage, course in {
            "kindergarten": [1900, 900, 900, 900], "primary": [700] * 4,
            "junior": [1400, 1300, 1300, 900], "senior": [9000] * 4,
        }.items()
        for year, wanted in enumerate(map(float, course), start=2025)
    ]  # fmt: skip
    layers = {"children": pd.DataFrame(rows)}
    save(gap_map(findings(), layers=layers, study=STUDY), tmp_path / "strip.html")
    for page in opened(browser, tmp_path / "strip.html"):
        story = page.locator("#zmd-story")
        assert "2025年，初中约缺 400 个学位" in story.inner_text()
        assert "缺学位到2027年止，2028年起不缺" in story.inner_text()
        charts = page.locator(".strip-chart")
        texts = [" ".join(text.split()) for text in charts.all_inner_texts()]
        assert [text.partition(" 2025年")[0] for text in texts] == [
            "幼儿园 缺 900", "小学 余 300", "初中 缺 400", "普通高中 列示，不判定（含中职生源）"
        ]  # fmt: skip
        assert charts.nth(2).get_attribute("aria-pressed") == "true"
        charts.nth(1).click()
        assert "小学未发现学位缺口" in story.inner_text()


def test_a_ratio_has_one_class_in_every_stage_and_year_and_a_bound_is_of_the_lower(
    browser: Browser, tmp_path: Path
) -> None:
    wanted = {"411721": 1050.0, "411722": 1051.0}
    rows = [
        {"unit_id": unit_id, "stage": "primary", "year": year, "children": 10 * children,
         "seats": 10_000.0}
        for unit_id, children in wanted.items()
        for year in (2025, 2030)
    ]  # fmt: skip
    save(
        gap_map(findings(), layers={"children": pd.DataFrame(rows)}, study=STUDY),
        tmp_path / "classes.html",
    )
    for page in opened(browser, tmp_path / "classes.html"):
        legend = page.inner_text("#zmd-legend-body")
        assert "明显不足（105%—115%）" in legend
        assert "不足（100%—105%）" in legend


def test_where_no_seats_are_known_nothing_is_said_of_missing_ones(
    browser: Browser, tmp_path: Path
) -> None:
    layers = {"children": children().assign(seats=np.nan)}
    save(gap_map(findings(), layers=layers, study=STUDY), tmp_path / "unknown.html")
    for page in opened(browser, tmp_path / "unknown.html"):
        assert "共有 3 处缺口" in page.inner_text("#zmd-story")
        page.get_by_role("radio", name="哪里的孩子没有学位").check()
        assert "未发现" not in page.inner_text("#zmd-story")
        assert "无法判定是否缺学位" in page.inner_text("#zmd-story")
        assert "1,500" in page.inner_text("#zmd-list")


def test_seats_of_the_senior_stage_are_never_added_to_the_others(
    browser: Browser, tmp_path: Path
) -> None:
    table = children()
    senior = table[table["unit_id"] == "411721"].assign(stage="senior", children=9000.0)
    layers = {"children": pd.concat([table, senior])}
    save(gap_map(findings(), layers=layers, study=STUDY), tmp_path / "senior.html")
    for page in opened(browser, tmp_path / "senior.html"):
        assert "约缺 500 个学位" in page.inner_text("#zmd-story")
        page.get_by_label("学段").select_option("senior")
        assert "约缺 8,000 个学位" in page.inner_text("#zmd-story")
        assert "含就读中等职业学校的" in page.inner_text("#zmd-legend-body")


def test_children_not_yet_born_are_dashed_and_rounded(browser: Browser, tmp_path: Path) -> None:
    rows = [
        {"unit_id": "411721", "stage": "primary", "year": year, "children": 61_234.0,
         "low": 50_000.0, "high": 70_000.0, "seats": 60_000.0, "is_born": year < 2030}
        for year in (2025, 2026, 2030, 2031)
    ]  # fmt: skip
    layers = {"children": pd.DataFrame(rows)}
    save(gap_map(findings(), layers=layers, study=STUDY), tmp_path / "born.html")
    for page in opened(browser, tmp_path / "born.html"):
        page.evaluate("zmd.app.select(0)")
        assert "61,230" in page.inner_text("#zmd-unit table.small")
        name = page.locator(".curves-grid svg").get_attribute("aria-label")
        assert name == "小学：2025年 61,230 人，2031年 61,000 人；现有学位 60,000"
        dashes = page.evaluate(
            "Object.fromEntries(['born', 'unborn'].map((name) => [name, getComputedStyle("
            "document.querySelector(`.curves-grid .curve-${name}`)).strokeDasharray]))"
        )
        assert dashes["born"] == "none"
        assert dashes["unborn"] != "none"
        assert page.locator(".curve-band").count() == 1
        page.evaluate("zmd.app.set({ year: 2031, selected: null })")
        assert "未出生人口的情景" in page.inner_text("#zmd-legend-body")


def test_the_suggestions_close_their_gaps_and_the_page_calls_it_a_simulation(page: Page) -> None:
    choose_rule(page, "公办中心幼儿园")
    page.get_by_role("button", name="采纳建议后").click()
    assert "模拟" in page.inner_text("#zmd-legend-body")
    assert page.evaluate("zmd.app.picture.styles.shortfall.count") == 1
    assert page.evaluate("zmd.app.picture.styles.pass.count") == 1


def test_a_unit_that_is_not_drawn_is_counted_and_listed(page: Page) -> None:
    choose_rule(page, "新建标准化普通高中")
    assert "1 个单元没有图形资料" in page.inner_text("#zmd-legend-body")
    assert "未上图" in page.inner_text("#zmd-list")


def test_the_warning_stands_in_both_languages(page: Page) -> None:
    assert page.is_visible("#zmd-warnings >> text=演示数据")
    page.click("#zmd-lang")
    assert page.is_visible("#zmd-warnings >> text=Demonstration data")
    assert page.get_attribute("html", "lang") == "en"
    assert page.inner_text("#zmd-title") == "Gaps in school layout, Zhumadian"
    chinese = page.evaluate(
        "Array.from(document.querySelectorAll('[data-text]'))"
        ".filter(e => e.id !== 'zmd-lang' && /[\\u4e00-\\u9fff]/.test(e.textContent)).length"
    )
    assert chinese == 0


def test_the_view_is_saved_as_a_picture(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        page.click("#zmd-png")
    download.value.save_as(tmp_path / "view.png")
    data = (tmp_path / "view.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20]) > 1500
    assert download.value.suggested_filename.startswith("驻马店市学校布局缺口图")


def test_legend_entries_hide_what_they_name(page: Page) -> None:
    choose_rule(page, "新建标准化普通高中")
    before = page.evaluate("zmd.app.layer.hits.length")
    page.locator("#zmd-legend-body button", has_text="缺口").click()
    assert page.evaluate("zmd.app.layer.hits.length") == before - 1
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "false"


def test_a_phone_shows_map_rules_and_list_one_at_a_time(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.is_visible("#zmd-headline")
    assert not phone.is_visible("#zmd-list")
    phone.get_by_role("button", name="清单与详情").click()
    assert phone.is_visible("#zmd-list")
    phone.get_by_role("button", name="条款", exact=True).click()
    assert phone.is_visible("#zmd-rule-filter")


def test_paper_gets_the_sheet_in_place_of_the_live_map(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.getElementById('zmd-sheet').width") > 1500
    assert page.is_visible("#zmd-sheet")
    assert not page.is_visible("main.map")


def test_a_damaged_file_says_so(browser: Browser, file: Path, tmp_path: Path) -> None:
    html = file.read_text("utf-8")
    start = html.index('id="zmd-data">') + len('id="zmd-data">')
    broken = tmp_path / "broken.html"
    broken.write_text(html[: start + 400] + html[html.index("<", start) :], "utf-8")
    page = browser.new_context(offline=True).new_page()
    page.goto(broken.as_uri())
    page.wait_for_selector("#zmd-failure:not([hidden])")
    assert "重新复制文件" in page.inner_text("#zmd-failure")
    page.context.close()


@pytest.mark.parametrize("step", ["0", "zmd.app.select(0)", "zmd.app.selectSite(0)"])
def test_an_accessibility_checker_finds_no_serious_fault(page: Page, step: str) -> None:
    page.evaluate(step)
    page.wait_for_timeout(800)
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations if v["impact"] in {"serious", "critical"}] == []


def test_new_areas_alone_open_with_the_rule_that_most_of_them_miss(
    browser: Browser, tmp_path: Path
) -> None:
    area = {"unit_kind": "residential_area", "unit_id": "Z1", "unit_name": "某小区"}
    rows = [
        finding("junior-per-new-residential-area", "S1", "pass") | area,
        finding("primary-per-new-residential-area", "S1", "shortfall") | area,
    ]
    save(gap_map(gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)), tmp_path / "review.html")
    for page in opened(browser, tmp_path / "review.html"):
        assert "新建城镇住宅区配建小学" in page.inner_text("#zmd-legend-title")
        assert "某小区：缺口 缺 1 所" in page.inner_text("#zmd-story")


def test_units_without_a_shape_are_summed_up_by_county_on_the_map(
    browser: Browser, tmp_path: Path
) -> None:
    towns = [finding(TOWN_RULE, u, "not_assessable", geometry=None)
             for u in ("411721001", "411721002", "411722001")]  # fmt: skip
    rows = [finding(COUNTY_RULE, "411721", "pass"), finding(COUNTY_RULE, "411722", "pass"), *towns]
    save(gap_map(gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)), tmp_path / "towns.html")
    for page in opened(browser, tmp_path / "towns.html"):
        choose_rule(page, "公办中心幼儿园")
        labels = page.evaluate("zmd.app.picture.items.map((item) => item.label).sort()")
        assert labels == ["应有 1 所", "应有 2 所"]
        assert "按所在县区汇总" in page.inner_text("#zmd-legend-body")
        click_unit(page, "411721")
        assert page.inner_text("#zmd-unit-name") == "西平县"


def test_city_wide_shortfalls_are_not_lost_in_the_overview(
    browser: Browser, tmp_path: Path
) -> None:
    city = {"unit_kind": "city", "unit_id": "411700", "unit_name": "某市", "geometry": None}
    rows = [finding(COUNTY_RULE, "411721", "shortfall"),
            finding("some-city-rule", "411722", "shortfall") | city]  # fmt: skip
    save(gap_map(gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)), tmp_path / "city.html")
    for page in opened(browser, tmp_path / "city.html"):
        assert "共有 1 处缺口" in page.inner_text("#zmd-story")
        assert "还有 1 处" in page.inner_text("#zmd-story")


def known_schools() -> gpd.GeoDataFrame:
    rows = [
        ("county", "411721", "primary", 40, 0, 96, 40 / 96, True),
        ("county", "411721", "junior", 31, 0, 31, 1.0, False),
        ("county", "411722", "primary", 90, 0, 92, 90 / 92, False),
        ("county", "411722", "senior", 1, 0, 0, float("nan"), False),
    ]
    columns = ["unit_kind", "unit_id", "stage", "known", "possible", "expected", "share",
               "is_short"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).assign(least_share=0.95)
    return gpd.GeoDataFrame(table, geometry=[box(0, 0)] * len(table), crs=4547)


def test_the_map_draws_how_complete_the_list_of_schools_is(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "map.html"
    save(gap_map(findings(), layers={"completeness": known_schools()}, study=STUDY), path)
    for page in opened(browser, path):
        page.get_by_role("radio", name="学校名单全不全").check()
        story = page.locator("#zmd-page").inner_text()
        assert "1 个单元的已知学校不足应有的 95%：西平县（小学 41%）" in story
        styles = page.evaluate(
            "zmd.app.picture.items.map((i) => [zmd.app.model.units.id[i.unit], i.style, i.label])"
        )
        assert sorted(styles) == [["411721", "few", "41%"], ["411722", "enough", "97%"]]
        assert "不足一半" in page.locator("#zmd-legend-body").inner_text()
        page.locator("#zmd-lang").click()
        assert "none is called missing" in page.locator("#zmd-legend-body").inner_text()


def fragile_findings() -> gpd.GeoDataFrame:
    turns = Message("stability.turned_by", names=[Message("stability.people_fewer", percent=2)])
    told = {f"note_{lang}": f"N. {turns.text(lang)}" for lang in Lang} | {"stability": "fragile"}
    rows = [
        finding(COUNTY_RULE, "411721", "pass", **told),
        finding(COUNTY_RULE, "411722", "pass"),
        finding(COUNTY_RULE, "411723", "not_assessable", stability=""),
        finding(TOWN_RULE, "411721001", "shortfall", **told),
        finding(TOWN_RULE, "411722001", "shortfall"),
        finding(SCHOOL_RULE, "S1", "pass", **told),
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4547)


STYLES = """zmd.app.picture.items.map(
    (i) => [zmd.app.model.units.id[i.unit], i.style.replace(/[0-9]/, ""), i.label])"""


def test_the_map_counts_the_fragile_verdicts_and_leads_to_each(
    browser: Browser, tmp_path: Path
) -> None:
    save(gap_map(fragile_findings(), study=STUDY), tmp_path / "fragile.html")
    for page in opened(browser, tmp_path / "fragile.html"):
        page.get_by_role("radio", name="哪里的结论不稳").check()
        story = page.inner_text("#zmd-story")
        assert "检验了 5 条结论，3 条敏感" in story
        assert "最多的是西平县（3）" in story
        assert sorted(page.evaluate(STYLES)) == [
            ["411721", "step", "3"], ["411722", "stable", ""], ["411723", "nothing", ""],
        ]  # fmt: skip
        assert "全部稳健" in page.inner_text("#zmd-legend-body")
        listed = page.locator("table.inner tbody tr").all_inner_texts()
        assert len(listed) == 3
        assert all("人口少 2%" in line for line in listed)
        page.get_by_role("button", name="乡镇（街道）").click()
        assert "不落在单个乡镇（街道）内的有 2 条" in page.inner_text("#zmd-story")
        page.get_by_role("button", name="县区", exact=True).click()
        page.locator("#zmd-list table").first.get_by_role("button", name="西平县").click()
        inside = page.locator("#zmd-unit section").first
        assert "辖区内单元的敏感结论（2 条）" in inside.inner_text()
        inside.get_by_role("button", name="示例柏城小学").click()
        assert page.inner_text("#zmd-unit-name") == "示例柏城小学"
        assert "敏感" in page.locator("#zmd-unit details[open]").inner_text()


def test_findings_that_nobody_varied_have_no_view_of_stability(
    browser: Browser, tmp_path: Path
) -> None:
    save(gap_map(findings().assign(stability=""), study=STUDY), tmp_path / "plain.html")
    for page in opened(browser, tmp_path / "plain.html"):
        assert page.get_by_role("radio", name="哪里缺得最多").count() == 1
        assert page.get_by_role("radio", name="哪里的结论不稳").count() == 0


def test_a_view_of_the_data_is_of_today_and_not_after_the_suggestions(page: Page) -> None:
    page.get_by_role("radio", name="哪里缺得最多").check()
    page.get_by_role("button", name="采纳建议后").click()
    page.get_by_role("radio", name="哪里的结论不稳").check()
    assert page.get_by_role("button", name="采纳建议后").count() == 0
    assert page.evaluate("zmd.app.state.after") is False
