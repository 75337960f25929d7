"""Where a layer of a study comes from, and how its file is to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from zmd_layout.study.strict import Strict
from zmd_layout.vocabulary import Base, Implausible, Stage


def _synthetic(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    return tuple(value) if isinstance(value, list) else value


class Covers(Strict):
    """
    What a list is complete for.

    Attributes
    ----------
    stages
        The stages of which it has every school; empty: those that it has rows of.
    units
        Counties or townships, by id, of which it has every school; empty: those with rows.
    """

    stages: tuple[Stage, ...] = ()
    units: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.stages or self.units):
            raise ValueError("covers names neither stages nor units")
        return self


class Acceptance(Strict):
    """
    What is held implausible and is right in this layer.

    Attributes
    ----------
    what
        As the message names it.
    reason
        Why it is right; kept in `run.json`.
    """

    what: Implausible
    reason: str = Field(min_length=1)


class LayerSource(Strict):
    """
    Where a layer comes from and how it is to be read.

    Attributes
    ----------
    path
        The file, relative to the study file; `file.zip` and archives work as GDAL reads them. Of a
        layer in several files (`path = ["a.csv", "b.xlsx"]`) the first.
    also
        The other files; the study file does not name them apart.
    coordinates
        wgs84, cgcs2000, gcj02, bd09, an EPSG code, or `none` for a table without positions.
    layer, sheet
        The layer of a GeoPackage or archive; the sheet of a workbook, or several. By default the
        only layer that can be meant, and all visible sheets with the same heads.
    columns
        ours = theirs; usual names are found by themselves.
    values
        Per column, theirs = ours.
    year
        The year of the data.
    blank_means
        Whether an empty cell is unknown or, as in printed statistics, zero.
    synthetic
        true where all of it was made up, or the names of the made-up columns.
    covers
        For which stages and units the list is complete; by default for those that it has rows of,
        and for none where it comes from OSM.
    is_complete
        Before 0.2; true is the default of a table, false covers nothing.
    clip
        Whether the file covers more ground than the study, of which only what lies near is read.
    accept
        What would be held implausible, and so unknown, and is right.
    base
        The built-in study that the file belongs to; by default the file is the study's own.
    """

    path: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    coordinates: str | None = None
    layer: str | None = None
    sheet: str | tuple[str, ...] | None = None
    encoding: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    year: int | None = Field(default=None, ge=1900, le=2200)
    blank_means: Literal["unknown", "zero"] = "unknown"
    synthetic: Annotated[bool | tuple[str, ...], BeforeValidator(_synthetic)] = False
    covers: Covers | None = None
    is_complete: bool | None = None
    clip: bool = False
    accept: tuple[Acceptance, ...] = ()
    base: Base | None = None

    # of a layer in several files: whether this is one of them
    _is_part: bool = PrivateAttr(default=False)

    @model_validator(mode="before")
    @classmethod
    def _of_several_files(cls, given: Any) -> Any:  # noqa: ANN401 - raw TOML
        paths = given.get("path") if isinstance(given, dict) else None
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            return given
        if len({*paths}) < len(paths):
            raise ValueError("path names a file twice")
        first, *others = paths or [""]
        return {**given, "path": first, "also": tuple(others)}

    @field_validator("sheet", mode="before")
    @classmethod
    def _may_be_a_list(cls, value: Any) -> Any:  # noqa: ANN401 - raw TOML
        return tuple(value) if isinstance(value, list) else value

    @property
    def sheets(self) -> tuple[str, ...] | None:
        """The sheets that are named; None: none is."""
        return (self.sheet,) if isinstance(self.sheet, str) else self.sheet

    @property
    def paths(self) -> tuple[str, ...]:
        """All files of the layer."""
        return (self.path, *self.also)

    @property
    def parts(self) -> tuple[LayerSource, ...]:
        """The layer's files as sources of their own."""
        parts = tuple(self.model_copy(update={"path": path, "also": ()}) for path in self.paths)
        for part in parts:
            part._is_part = len(parts) > 1  # noqa: SLF001 - of this class
        return parts

    def row_id(self, number: int) -> str:
        """Return the id of a row that has none: its number, in its file where there are several."""
        return f"{Path(self.path).name}!{number}" if self._is_part else str(number)
