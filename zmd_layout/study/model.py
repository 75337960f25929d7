"""A study: its layers, rule sets, day and assumptions, frozen and validated."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import (
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)
from pyproj import CRS
from pyproj.exceptions import CRSError

from zmd_layout.study.base import BUILTIN
from zmd_layout.study.frames import PREFIX, Table, plane_of, taken
from zmd_layout.study.layer_source import LayerSource
from zmd_layout.study.people import Forecast, People
from zmd_layout.study.plan import Plan
from zmd_layout.study.schools import Completeness, SchoolMatching
from zmd_layout.study.sensitivity import Sensitivity
from zmd_layout.study.strict import Strict
from zmd_layout.study.travel import Travel
from zmd_layout.study.what_if import WhatIf
from zmd_layout.vocabulary import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

_T = TypeVar("_T")
_MOST_KEPT = 4
LAYER_NAMES = (
    "counties", "townships", "planning_units", "villages", "population", "schools",
    "residential_areas", "roads", "education_land", "land_use", "classes", "projects", "closures",
    "reference_schools", "constraints", "statistics", "census", "births", "grades",
    "school_totals",
)  # fmt: skip


class Name(Strict):
    """A name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, lang: str) -> str:
        """Return the name in `lang`."""
        return str(getattr(self, str(lang)))


_SCENARIO = Name(zh="（情景）", en=" (scenario)")


class Study(Strict):
    """
    What is assessed, on which day, against which rules, with which data.

    Attributes
    ----------
    id
        Names the output folder.
    crs
        The plane in which everything is measured, a projected CRS in metres.
    as_of
        The day of the assessment.
    plan_period
        First and last day of the plan.
    city
        The code of the city that the study belongs to: a plan's own targets judge only their city.
    rulesets
        Names of built-in sets, or folders of own rules.
    base
        The built-in study whose layers it takes where it has none of its own.
    layers, own_layers
        The layers of the design, and further ones that own rules count.
    matching, completeness
        How schools of two sources come together, and how many must be known.
    people, forecast
        How the census comes to its places, and what is supposed of the years to come.
    travel
        How people travel, and what counts as a road.
    sensitivity
        How wrong the data may be.
    what_if
        What is tried: other numbers of rules, schools closed or opened.
    folder
        What relative paths are relative to.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    name: Name
    crs: str = "EPSG:4547"
    as_of: dt.date
    plan_period: tuple[dt.date, dt.date] | None = None
    city: str | None = Field(default=None, pattern=r"^\d{6}$")
    rulesets: tuple[str, ...] = Field(default=("zhumadian-2022-49",), min_length=1)
    include_draft: bool = False
    base: Base | None = None
    layers: dict[str, LayerSource] = Field(default_factory=dict)
    own_layers: dict[str, LayerSource] = Field(default_factory=dict)
    matching: SchoolMatching = SchoolMatching()
    completeness: Completeness = Completeness()
    people: People = People()
    travel: Travel = Travel()
    forecast: Forecast = Forecast()
    sensitivity: Sensitivity = Sensitivity()
    plan: Plan = Plan()
    what_if: WhatIf = WhatIf()
    folder: Path = Path()
    _tables: dict[str, Table] = PrivateAttr(default_factory=dict)
    _kept: dict[object, Any] = PrivateAttr(default_factory=dict)

    @field_validator("crs")
    @classmethod
    def _is_a_plane_in_metres(cls, value: str) -> str:
        try:
            crs = CRS.from_user_input(value)
        except CRSError as error:
            raise ValueError(f"{value} is not a coordinate system") from error
        metres = crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info)
        if not metres or crs.to_epsg() == 3857:  # noqa: PLR2004 - Web Mercator, which stretches lengths by 1.19 here
            raise ValueError(f"{value} is not a plane in true metres; use for instance EPSG:4547")
        return value

    @field_validator("plan_period")
    @classmethod
    def _period_runs_forward(
        cls, value: tuple[dt.date, dt.date] | None
    ) -> tuple[dt.date, dt.date] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError("the plan period ends before it begins")
        return value

    @field_validator("matching")
    @classmethod
    def _decisions_are_about_two_sources(
        cls, value: SchoolMatching, info: ValidationInfo
    ) -> SchoolMatching:
        if value.decisions is not None and "reference_schools" not in info.data.get("layers", {}):
            raise ValueError(
                "decisions are about a second source; give it as [layers.reference_schools]"
            )
        return value

    @field_validator("layers")
    @classmethod
    def _layers_are_known(cls, value: dict[str, LayerSource]) -> dict[str, LayerSource]:
        for name in value:
            if name not in LAYER_NAMES:
                near = difflib.get_close_matches(name, LAYER_NAMES, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                known = ", ".join(LAYER_NAMES)
                raise ValueError(
                    f"{name!r} is no layer{hint} Layers are {known}; "
                    "layers of your own go under [own_layers.NAME]"
                )
        return value

    @staticmethod
    def from_frames(  # noqa: PLR0913 - a door: all by name
        *,
        as_of: dt.date | str,
        rulesets: Sequence[str] | None = None,
        coordinates: Mapping[str, str] | None = None,
        columns: Mapping[str, Mapping[str, str]] | None = None,
        years: Mapping[str, int] | None = None,
        crs: str | None = None,
        name: str | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        own_layers: Mapping[str, pd.DataFrame] | None = None,
        **layers: pd.DataFrame,
    ) -> Study:
        """
        Make a study of tables in memory; they are read and checked as files are.

        Parameters
        ----------
        as_of
            The day of the assessment, as a date or as text.
        rulesets
            Names of built-in sets, or folders of own rules; by default the plan of Zhumadian.
        coordinates
            Layer → what its coordinates are, where its CRS does not say it: `gcj02`, `bd09`,
            `wgs84`, `cgcs2000` or an EPSG code. Degrees of which only the CRS says what they are
            carry the flag `datum_unverified`, for tables in GCJ-02 are often labelled EPSG:4326.
        columns
            Layer → ours = theirs; usual names are found by themselves.
        years
            Layer → the year of its data.
        crs
            The plane in which everything is measured. By default that of the first table in a
            plane, else the zone of CGCS2000 in which the first table lies.
        name
            What the study is called in maps and reports.
        options
            Further keys of a study file: those of a layer under its name (`covers`, `values`,
            `blank_means`, `synthetic`, `accept`), those of `[study]` under `study`, and other
            tables (`forecast`, `travel`, `people`) under theirs.
        own_layers
            Further layers that own rules count.
        **layers
            `counties`, `townships`, `villages`, `population`, `schools`, `roads` and the other
            layers of a study file: GeoDataFrames, or DataFrames for layers without positions.

        Returns
        -------
        study
            The study. Units and schools are known by their ids, or by the index of the table where
            no column has ids.

        Raises
        ------
        ArgumentError, StudyError
            If a table is none or has no CRS, or the options are not those of a study.

        Examples
        --------
        >>> study = zmd_layout.Study.from_frames(
        ...     counties=counties, schools=schools, population=population, as_of="2025-12-31"
        ... )
        >>> study.crs, sorted(study.layers)
        ('EPSG:4547', ['counties', 'population', 'schools'])
        """
        options = dict(options or {})
        own_names = set(own_layers or {})
        tables = taken({**layers, **(own_layers or {})}, coordinates or {})
        sources = {
            layer: {
                "path": PREFIX + layer,
                "coordinates": tables[layer].coordinates,
                "columns": dict((columns or {}).get(layer, {})),
                "year": (years or {}).get(layer),
                **options.pop(layer, {}),
            }
            for layer in tables
        }
        plane = crs or plane_of(tables)
        head = {
            "id": "frames",
            "name": {"zh": name or "表格数据", "en": name or "Tables"},
            "as_of": str(as_of),
            **({} if rulesets is None else {"rulesets": tuple(rulesets)}),
            **({} if plane is None else {"crs": plane}),
            **options.pop("study", {}),
        }
        own = {layer: source for layer, source in sources.items() if layer in own_names}
        known = {layer: source for layer, source in sources.items() if layer not in own_names}
        raw = {"study": head, "layers": known, "own_layers": own, **options}
        # reading makes studies, so it stands above them
        from zmd_layout.study.file import parse_study  # noqa: PLC0415

        study = parse_study(raw, folder=Path(), file=Path("Study.from_frames"))
        study._tables = tables  # noqa: SLF001 - its own
        return study

    def table_of(self, source: LayerSource) -> Table | None:
        """Return the table that was handed in for a layer; None where a file is to be read."""
        if not source.path.startswith(PREFIX):
            return None
        return self._tables.get(source.path.removeprefix(PREFIX))

    @property
    def is_of_tables(self) -> bool:
        """Whether it was made of tables in memory, and no study file describes it."""
        return bool(self._tables)

    def opened_tables(self) -> list[tuple[LayerSource, Table]]:
        """Return the tables of schools that a scenario opens, in their order."""
        names = [f"opened-{number}" for number in range(self.what_if.opened)]
        tables = [(PREFIX + name, self._tables[name]) for name in names if name in self._tables]
        return [(LayerSource(path=p, coordinates=t.coordinates), t) for p, t in tables]

    def keep(self, key: object, make: Callable[[], _T]) -> _T:
        """Return what `make()` gave for a key; what is not of the last few keys is let go."""
        if key not in self._kept:
            made = make()
            for old in [*self._kept][: max(len(self._kept) - _MOST_KEPT + 1, 0)]:
                del self._kept[old]
            self._kept[key] = made
        kept: _T = self._kept[key]
        return kept

    def with_number(self, rule: str, name: str, value: float) -> Study:
        """
        Return a scenario in which a number of a rule is another one.

        Parameters
        ----------
        rule
            The id of the rule.
        name
            The number, as under `parameters` of the rule.
        value
            The other number, for all days; findings that rest on it say `assumption`.

        Raises
        ------
        ArgumentError
            When it is used, if a rule of the study has no such id or number.

        Examples
        --------
        >>> rule = "indicator-primary-per-10000-residents"
        >>> tried = study.with_number(rule, "residents_per_school", 8000)
        >>> float(tried.what_if.numbers[rule]["residents_per_school"])
        8000.0
        """
        numbers = self.what_if.numbers
        changed = {**numbers, rule: {**numbers.get(rule, {}), name: value}}
        return self._supposing(numbers=changed)

    def close(self, school_ids: str | Iterable[str]) -> Study:
        """
        Return a scenario in which schools are closed.

        Parameters
        ----------
        school_ids
            The schools, by `school_id`: one, or several. The tool never proposes a closure.

        Raises
        ------
        LayerError
            When it is used, if there is no such school.

        Examples
        --------
        >>> study.close(["SL411725000006"]).what_if.closed
        ('SL411725000006',)
        """
        ids = [school_ids] if isinstance(school_ids, str) else [str(one) for one in school_ids]
        return self._supposing(closed=tuple(dict.fromkeys([*self.what_if.closed, *ids])))

    def open(self, schools: pd.DataFrame, *, coordinates: str | None = None) -> Study:
        """
        Return a scenario in which further schools are open; results say that these are made up.

        Parameters
        ----------
        schools
            Points with `stages`, and `seats` and other columns of the layer `schools` where they
            are known; `school_id` or the index names them.
        coordinates
            What the coordinates are, where the CRS of the table does not say it.

        Raises
        ------
        ArgumentError
            If it is no table, or has no CRS.

        Examples
        --------
        >>> new = schools.head(1).assign(school_id="new-1", name="New", stages="primary")
        >>> study.open(new[["school_id", "name", "stages", "geometry"]]).what_if.opened
        1
        """
        name = f"opened-{self.what_if.opened}"
        tables = taken({name: schools}, {} if coordinates is None else {name: coordinates})
        study = self._supposing(opened=self.what_if.opened + 1)
        study._tables = {**self._tables, **tables}  # noqa: SLF001 - its own kind
        return study

    def births(self, factor: float) -> Study:
        """
        Return a scenario in which births that nobody has counted yet are so many times as many.

        Parameters
        ----------
        factor
            0.8 is a fifth fewer; an assumption.

        Raises
        ------
        pydantic.ValidationError
            If it is not above 0.

        Examples
        --------
        >>> study.births(0.8).forecast.births_factor
        0.8
        """
        both = self.forecast.births_factor * factor
        forecast = Forecast.model_validate(self.forecast.model_dump() | {"births_factor": both})
        return self._changed(forecast=forecast)

    def _supposing(self, **changes: Any) -> Study:  # noqa: ANN401 - keys of `[what_if]`
        what_if = WhatIf.model_validate(self.what_if.model_dump() | changes)
        return self._changed(what_if=what_if)

    def _changed(self, **changes: Any) -> Study:  # noqa: ANN401 - keys of a study
        name = self.name
        if not name.en.endswith(_SCENARIO.en):
            name = Name(zh=name.zh + _SCENARIO.zh, en=name.en + _SCENARIO.en)
        study = self.model_copy(update={**changes, "name": name})
        study._kept = {}  # noqa: SLF001 - its own kind
        return study

    def with_plan(self, **changes: Any) -> Study:  # noqa: ANN401 - keys of `[plan]`
        """
        Return the study with some keys of `[plan]` changed; of a table, only those that are given.

        Raises
        ------
        pydantic.ValidationError
            For a key or a value that `[plan]` does not take.
        """
        values = self.plan.model_dump()
        for name, value in changes.items():
            kept = values.get(name)
            if isinstance(value, dict) and isinstance(kept, dict):
                values[name] = kept | value
            else:
                values[name] = value
        return self.model_copy(update={"plan": Plan.model_validate(values)})

    def path_of(self, source: LayerSource) -> Path:
        """Resolve the path of a layer, of several its first, against its study or its base."""
        folder = self.folder if source.base is None else BUILTIN / source.base
        return (folder / source.path).resolve()

    def paths_of(self, source: LayerSource) -> tuple[Path, ...]:
        """Resolve the paths of all files of a layer."""
        return tuple(self.path_of(part) for part in source.parts)
