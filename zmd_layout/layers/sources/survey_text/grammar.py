"""Bytes → lines → plots and points of a survey text, nothing yet placed."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from zmd_layout.errors import LayerError
from zmd_layout.layers.plain import plain
from zmd_layout.messages import Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A city's yearly land supply is some hundred plots of some hundred points; these are far beyond.
MOST_BYTES = 10_000_000
MOST_PLOTS = 5_000
MOST_POINTS = 100_000
MOST_LINES = 150_000
MOST_CHARACTERS_IN_LINE = 2_000
MOST_FAULTS = 20

_MAGIC = {b"AC10": "DWG", b"%PDF": "PDF", b"PK\x03\x04": "ZIP / XLSX", b"\xd0\xcf\x11\xe0": "XLS"}
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SECTION = re.compile(r"[\[【［](.*?)[\]】］]$")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,12})?")
_READ_SECTIONS = ("", "属性描述", "地块坐标")
_POINT_FIELDS = 4
_STANDARD_FIELDS = 8
_GRAPHIC_KINDS = ("点", "线", "面")
_KIND_AT = 4
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Plot:
    """
    A plot as its line has it.

    Parameters
    ----------
    line
        The number of its line, from 1.
    fields
        The fields before the `@`, stripped.
    rows
        The rows of its points in the arrays of the sheet.
    """

    line: int
    fields: tuple[str, ...]
    rows: slice

    def text(self, position: int) -> str | None:
        """Return a field; None where it is missing or empty."""
        return (self.fields[position] or None) if position < len(self.fields) else None

    @property
    def label(self) -> str:
        """The plot as named in messages: name, number or line."""
        return self.text(3) or self.text(2) or f"#{self.line}"

    @property
    def has_usual_layout(self) -> bool:
        """Whether fields 5 to 8 stand where the standard has them."""
        return len(self.fields) == _STANDARD_FIELDS or self.text(4) in _GRAPHIC_KINDS


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    A survey text, read but not placed.

    Parameters
    ----------
    attributes
        The head: key → value, both without blanks, in half-width characters.
    plots
        The plots in the order of the file.
    first, second
        The two coordinates of each point as they stand (X and Y by the standard).
    point_labels, ring_labels
        点号 and 地块圈号 of each point.
    """

    attributes: dict[str, str]
    plots: list[Plot]
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    point_labels: list[str]
    ring_labels: list[str]


def decode(data: bytes, *, name: str) -> str:
    """
    Decode a survey text: a byte order mark decides, else UTF-8, else GB18030.

    Parameters
    ----------
    data
        The bytes of the file.
    name
        What the file is called in errors.

    Raises
    ------
    LayerError
        The file is too large, of another format, or no text.
    """
    if len(data) > MOST_BYTES:
        limit = MOST_BYTES // 1_000_000
        raise LayerError(
            Message("survey.too_large", name=name, found=len(data) // 1_000_000, limit=limit)
        )
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise LayerError(Message("survey.other_format", name=name, kind=kind))
    marked = [encoding for bom, encoding in _BOMS.items() if data.startswith(bom)]
    for encoding in marked or ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise LayerError(Message("survey.not_text", name=name))


def parse(text: str, *, name: str) -> Sheet:
    """
    Read the lines of a survey text.

    Parameters
    ----------
    text
        The file.
    name
        What the file is called in errors.

    Returns
    -------
    Sheet
        With at least one plot, each with at least one point.

    Raises
    ------
    LayerError
        There is no plot, a line is neither plot nor point, a plot has no point, or there are too
        many of them.
    """
    if text.count("\n") + text.count("\r") > 2 * MOST_LINES:
        raise LayerError(Message("survey.too_many_lines", name=name, limit=MOST_LINES))
    reader = _Reader(name)
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        reader.read(number, line.strip())
    return reader.sheet()


def number_or_none(text: str | None) -> float | None:
    """Read a plain decimal number, full-width digits included; None for anything else."""
    # blanks within a number are not closed up: they may stand for a lost digit
    written = unicodedata.normalize("NFKC", text or "").strip()
    return float(written) if _NUMBER.fullmatch(written) else None


def shown(text: str) -> str:
    """Cut a piece of the file to a length that a message can hold."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


@dataclass(slots=True)
class _Reader:
    """What has been read so far."""

    name: str
    section: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    heads: list[tuple[int, tuple[str, ...], int]] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    point_labels: list[str] = field(default_factory=list)
    ring_labels: list[str] = field(default_factory=list)
    faults: list[Message] = field(default_factory=list)
    faults_count: int = 0

    def read(self, number: int, line: str) -> None:
        """Take one line, stripped, with its number."""
        if len(line) > MOST_CHARACTERS_IN_LINE:
            self._fault_of_line(number, line)
            return
        section = _SECTION.match(line)
        if section is not None:
            self.section = section[1].strip()
        elif not line or self.section not in _READ_SECTIONS:
            return
        elif line.rstrip(",，\t ").endswith(("@", "＠")):
            self._read_plot(number, line)
        elif not self.heads and re.search("[=＝]", line):
            key, value = re.split("[=＝]", line, maxsplit=1)
            self.attributes[plain(key)] = plain(value)
        else:
            self._read_point(number, line)

    def sheet(self) -> Sheet:
        """Close the file."""
        if not self.heads:
            key = "survey.no_plot" if self.attributes else "survey.no_survey_text"
            raise LayerError(Message(key, name=self.name))
        ends = [start for _, _, start in self.heads[1:]] + [len(self.first)]
        plots = [
            Plot(line, fields, slice(start, end))
            for (line, fields, start), end in zip(self.heads, ends, strict=True)
        ]
        for plot in plots:
            if plot.rows.start == plot.rows.stop:
                self._fault(Message("survey.no_points", plot=plot.label, line=plot.line))
        if self.faults_count > len(self.faults):
            rest = self.faults_count - len(self.faults)
            self.faults.append(Message("survey.more_faults", name=self.name, count=rest))
        if self.faults:
            raise LayerError(*self.faults)
        return Sheet(
            attributes=self.attributes,
            plots=plots,
            first=np.array(self.first, dtype=np.float64),
            second=np.array(self.second, dtype=np.float64),
            point_labels=self.point_labels,
            ring_labels=self.ring_labels,
        )

    def _read_plot(self, number: int, line: str) -> None:
        head = line.rstrip(",，\t ")[:-1].rstrip()
        last_is_empty = head.endswith((",", "，"))
        fields = [_without_controls(text) for text in _split(head[:-1] if last_is_empty else head)]
        if fields[_KIND_AT - 1 : _KIND_AT] and fields[_KIND_AT - 1] in _GRAPHIC_KINDS:
            fields.insert(0, "")  # the number of points is left out, so that all stand one ahead
        self.heads.append((number, tuple(fields), len(self.first)))
        if len(self.heads) > MOST_PLOTS:
            raise LayerError(Message("survey.too_many_plots", name=self.name, limit=MOST_PLOTS))

    def _read_point(self, number: int, line: str) -> None:
        fields = _split(line)
        x, y = (number_or_none(text) for text in [*fields, "", "", "", ""][2:_POINT_FIELDS])
        if not self.heads or x is None or y is None:
            self._fault_of_line(number, line)
            return
        self.first.append(x)
        self.second.append(y)
        self.point_labels.append(shown(_without_controls(fields[0])))
        self.ring_labels.append(plain(fields[1]))
        if len(self.first) > MOST_POINTS:
            raise LayerError(Message("survey.too_many_points", name=self.name, limit=MOST_POINTS))

    def _fault_of_line(self, number: int, line: str) -> None:
        found = _without_controls(shown(line))
        self._fault(Message("survey.bad_line", name=self.name, line=number, found=found))

    def _fault(self, fault: Message) -> None:
        self.faults_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def _split(line: str) -> list[str]:
    """Split at commas; a line without one at tabs, else at full-width commas, else at blanks."""
    separator = next((sign for sign in (",", "\t", "，") if sign in line), None)
    return [text.strip() for text in line.split(separator)]


def _without_controls(text: str) -> str:
    """Drop control characters, which neither a spreadsheet nor a Word file can hold."""
    if text.isprintable():
        return text
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cc")
