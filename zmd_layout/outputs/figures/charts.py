"""Charts of people: children by age then and later, and children against seats by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from zmd_layout.forecast import Capacity, combine, default_scenario, forecast, single_years
from zmd_layout.layers.holding import stands_alone
from zmd_layout.layers.schema import AGE_COLUMN
from zmd_layout.measures.outlook import STAGES
from zmd_layout.messages import Message, word
from zmd_layout.outputs.figures import INK, QUIET, WARNING, look, put_notes, wrapped
from zmd_layout.vocabulary import Lang, Stage

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

    from zmd_layout.forecast import Scenario
    from zmd_layout.measures.outlook import Outlook

_BLUE, _ORANGE = "#0072b2", "#d55e00"  # Okabe and Ito
_OLDEST_CHILD = 17
_YEARS_LATER = 10
_NOTE_COLUMNS = 150
_CITY = "city"
_OF_TOWNSHIPS = {"forecast.township_shares", "forecast.into_towns"}  # none is drawn


def age_pyramid(
    counties: gpd.GeoDataFrame,
    *,
    base_year: int,
    later_year: int | None = None,
    scenario: Scenario | None = None,
    is_made_up: bool = False,
    lang: Lang | str = Lang.ZH,
) -> Figure:
    """
    Draw children by year of age: those counted on the left, those of a later year on the right.

    Parameters
    ----------
    counties
        Index or column `unit_id`, columns `residents_<from>_<to>`. A unit within another (column
        `within`) is not counted twice.
    base_year
        The year of the count.
    later_year
        The year on the right; by default ten years later.
    scenario
        What is assumed; by default Henan's births and no migration.
    is_made_up
        Whether the ages were made up, which the figure then says.
    lang
        The language.

    Returns
    -------
    Figure
        Bars of those who were not yet born at the count are hatched; whiskers reach from the low to
        the high scenario where these differ. An age that is unknown in one unit is left empty.

    Raises
    ------
    LayerError
        When there are no age groups.
    """
    speech = Lang(lang)
    later_year = base_year + _YEARS_LATER if later_year is None else later_year
    table = _children_by_age(counties, (base_year, later_year), scenario or default_scenario())
    then = table[table["year"] == base_year].set_index("age")
    later = table[table["year"] == later_year].set_index("age")
    with look():
        figure = Figure(figsize=(7.2, 5.4))
        left, right = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.07, right=0.97, top=0.86, bottom=0.17, wspace=0.1)
        figure.suptitle(Message("figures.ages_title").text(speech), y=0.955, fontsize=12)
        left.barh(then.index, then["middle"], color=_BLUE, height=0.8)
        born = later["is_born"].to_numpy(dtype=bool)
        right.barh(later.index[born], later["middle"][born], color=_BLUE, height=0.8)
        unborn = later[~born]
        right.barh(
            unborn.index, unborn["middle"], color="white", edgecolor=_BLUE, hatch="////",
            height=0.8,
        )  # fmt: skip
        ranged = later[later["low"] < later["high"]]
        reach = [ranged["middle"] - ranged["low"], ranged["high"] - ranged["middle"]]
        right.errorbar(ranged["middle"], ranged.index, xerr=reach, fmt="none", ecolor=INK, lw=0.8)
        most = float(table["high"].max())
        for axes, year, is_left in ((left, base_year, True), (right, later_year, False)):
            key = "figures.ages_counted" if is_left else "figures.ages_later"
            axes.set_title(Message(key, year=year).text(speech))
            axes.set_xlim((most * 1.06, 0) if is_left else (0, most * 1.06))
            _in_thousands(axes.xaxis, speech)
            axes.grid(visible=False, axis="y")
        left.set_yticks(range(0, _OLDEST_CHILD + 1, 3))
        left.set_ylabel(Message("figures.age").text(speech))
        note = Message("figures.ages_note", year=base_year).text(speech)
        put_notes(figure, [wrapped(note, width=_NOTE_COLUMNS)], is_made_up=is_made_up, lang=speech)
    return figure


def _children_by_age(
    counties: gpd.GeoDataFrame, years: tuple[int, int], scenario: Scenario
) -> pd.DataFrame:
    frame = counties[stands_alone(counties)]
    if "unit_id" in frame:
        frame = frame.set_index("unit_id")
    ages = [name for name in frame.columns if AGE_COLUMN.fullmatch(str(name))]
    base = single_years(frame[ages])
    table = forecast(base, base_year=years[0], years=years, scenario=scenario, by="age")
    table = combine(table, into=dict.fromkeys(base.index, _CITY))
    return table[table["age"] <= _OLDEST_CHILD]


def demand_curves(
    future: Outlook,
    *,
    unit_id: str | None = None,
    name: str = "",
    as_of_year: int | None = None,
    lang: Lang | str = Lang.ZH,
) -> Figure:
    """
    Draw children by stage and year against the seats that stand then.

    Parameters
    ----------
    future
        Children and seats by unit, stage and year.
    unit_id
        One unit; None adds all up.
    name
        What is drawn, for the title.
    as_of_year
        Marked by a line.
    lang
        The language.

    Returns
    -------
    Figure
        A panel for each stage. The line is solid as long as all those children were born when they
        were counted and dashed after that, where the band reaches from the low to the high case.
        Seats are classes × class size; where they are unknown there is no line.
    """
    speech = Lang(lang)
    children = _of_unit(future.children, unit_id)
    seats = _seats_by_stage(future, unit_id)
    with look():
        figure = Figure(figsize=(7.6, 6.5))
        figure.suptitle(
            Message("figures.demand_title", name=name).text(speech), y=0.955, fontsize=12
        )
        panels = figure.subplots(2, 2, sharex=True)
        figure.subplots_adjust(
            left=0.075, right=0.975, top=0.87, bottom=0.25, wspace=0.16, hspace=0.24
        )
        for axes, stage in zip(panels.flat, STAGES, strict=True):
            rows = children[children["stage"] == stage].sort_values("year")
            _draw_stage(axes, rows, seats.get(stage), speech)
            if as_of_year is not None:
                axes.axvline(as_of_year, color=QUIET, lw=0.8, ls=":")
            axes.set_title(_stage_title(stage, speech), loc="left")
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="lower center", ncols=4, frameon=False, fontsize=8,
            bbox_to_anchor=(0.5, 0.17),
        )  # fmt: skip
        supposed = Message("figures.supposed").text(speech)
        told = [s.text(speech) for s in future.suppositions if s.key not in _OF_TOWNSHIPS]
        notes = [Message("figures.senior_ages").text(speech), supposed + " ".join(told)]
        put_notes(
            figure,
            [wrapped(note, width=_NOTE_COLUMNS) for note in notes],
            is_made_up=future.is_synthetic,
            lang=speech,
        )
    return figure


def demand_curve(
    future: Outlook, stage: Stage, *, unit_id: str | None = None, lang: Lang = Lang.ZH
) -> Axes:
    """
    Draw the panel of one stage alone, in the figure of pyplot's making; see `demand_curves`.

    Parameters
    ----------
    future
        Children and seats by unit, stage and year.
    stage
        The stage.
    unit_id
        One unit; None adds all up.
    lang
        The language.
    """
    from matplotlib import pyplot as plt  # noqa: PLC0415 - notebooks show its figures by themselves

    rows = _of_unit(future.children, unit_id)
    rows = rows[rows["stage"] == stage].sort_values("year")
    with look():
        _, axes = plt.subplots(figsize=(7.6, 4.2))
        _draw_stage(axes, rows, _seats_by_stage(future, unit_id).get(stage), lang)
        axes.set_title(_stage_title(stage, lang), loc="left")
        axes.legend(loc="lower left", frameon=False, fontsize=8)
        if future.is_synthetic:
            axes.set_xlabel(Message("words.synthetic_banner").text(lang), color=WARNING)
    return axes


def _stage_title(stage: Stage, lang: Lang) -> str:
    """Name a stage; the senior one says that its children are not all pupils of such schools."""
    if stage is Stage.SENIOR:
        return Message("figures.senior").text(lang)
    return word(stage, lang)


def _of_unit(children: pd.DataFrame, unit_id: str | None) -> pd.DataFrame:
    if unit_id is not None:
        return children[children["unit_id"] == unit_id]
    return combine(children, into=dict.fromkeys(children["unit_id"].unique(), _CITY))


def _seats_by_stage(future: Outlook, unit_id: str | None) -> dict[Stage, pd.Series[Any]]:
    """Add up seats by year; a year in which one unit's seats are unknown is left out."""
    if future.balance.empty:
        return {}
    table = future.balance[future.balance["capacity"] == Capacity.CLASSES]
    if unit_id is not None:
        table = table[table["unit_id"] == unit_id]
    sums = table.groupby(["stage", "year"])["seats"].agg(lambda seats: seats.sum(skipna=False))
    known = sums.dropna()
    return {Stage(str(stage)): known.loc[stage] for stage in known.index.unique("stage")}


def _draw_stage(axes: Axes, rows: pd.DataFrame, seats: pd.Series[Any] | None, lang: Lang) -> None:
    born = rows[rows["is_born"]]
    # the dashed line begins where the solid one ends
    open_ = rows[rows["year"] >= (born["year"].max() if len(born) else rows["year"].min())]
    axes.plot(
        born["year"], born["middle"], color=_BLUE, lw=1.8, label=Message("figures.born").text(lang)
    )
    axes.plot(
        open_["year"], open_["middle"], color=_BLUE, lw=1.5, ls=(0, (4, 2)),
        label=Message("figures.unborn").text(lang),
    )  # fmt: skip
    axes.fill_between(
        rows["year"], rows["low"], rows["high"], color=_BLUE, alpha=0.16, lw=0,
        label=Message("figures.band").text(lang),
    )  # fmt: skip
    axes.step(
        [] if seats is None else seats.index, [] if seats is None else seats.to_numpy(),
        where="mid", color=_ORANGE, lw=1.3, ls="-.", label=Message("figures.seats").text(lang),
    )  # fmt: skip
    if seats is None:
        axes.text(
            0.98, 0.96, Message("figures.seats_unknown").text(lang), color=WARNING, fontsize=7.5,
            transform=axes.transAxes, ha="right", va="top",
        )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    _in_thousands(axes.yaxis, lang)


def _in_thousands(axis: Any, lang: Lang) -> None:  # noqa: ANN401 - matplotlib's axis
    """Count in 万 in Chinese and in thousands in English."""
    one = 10_000 if lang is Lang.ZH else 1_000
    unit = Message("figures.ten_thousands").text(lang)
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value / one:g}{unit}" if value else "0")
    )
