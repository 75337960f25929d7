"""
The stages of a school: from its code, else from its name; what is ambiguous stays so.

The order of decisions is that of the standards: noise, institutions that are no schools, special
schools, and then *the word that ends last* (中学附属小学 is a primary school). The words and codes
stand in `school_names.toml`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from zmd_layout.layers.plain import plain
from zmd_layout.messages import Message
from zmd_layout.vocabulary import SchoolStatus, Settlement, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BRACKET = re.compile(r"\(([^()]*)\)")
_BRACKETS = str.maketrans("[]【】〔〕{}〈〉", "()()()()()")
_ORDINAL = "[一二三四五六七八九十百0-9]+"
_ATTACHED = "附"
_DEPARTMENT = "部"  # 小学部 ends with its stage, too
_LONGEST_CAMPUS = 6  # characters of its name
_ISCED = {"0": Stage.KINDERGARTEN, "1": Stage.PRIMARY, "2": Stage.JUNIOR, "3": Stage.SENIOR}


@dataclass(frozen=True, slots=True)
class StageReading:
    """
    What a code or a name says about a school.

    Attributes
    ----------
    reason
        What decided.
    stages
        The stages that it surely has; empty where unknown, ambiguous, or no school.
    candidates
        Where it is ambiguous: every stage that it may have.
    likely
        Of the candidates those that are usual; a hint for whoever checks, never counted.
    is_school
        False for noise, training, attached classes, universities.
    is_teaching_point
        Whether it is a teaching point (教学点) or an attached class (附设班) of these stages: no
        school, but with pupils and seats.
    is_to_check
        Whether a person has to look at it.
    """

    reason: Message
    stages: tuple[Stage, ...] = ()
    candidates: tuple[Stage, ...] = ()
    likely: tuple[Stage, ...] = ()
    is_school: bool = True
    is_teaching_point: bool = False
    is_to_check: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Whether several stages are possible and none is sure."""
        return bool(self.candidates)

    @property
    def is_open(self) -> bool:
        """Whether it may be a school of any stage, which a person has to find out."""
        return self.is_to_check and (self.is_school or self.reason.key == "stages.by_hand")


def read_stages(
    *, code: str | None = None, name: str | None = None, settlement: Settlement | str | None = None
) -> StageReading:
    """
    Report the stages of a school by its code, or, without a usable one, by its name.

    Parameters
    ----------
    code
        办学类型, three digits or its words (九年一贯制学校). None or empty: unknown.
    name
        The name.
    settlement
        A hint: in the countryside an unnamed middle school is usually a junior one.

    Returns
    -------
    StageReading
        By code where it is known; marked to be checked where the name surely says otherwise.
    """
    by_name = stages_of_name(name, settlement=settlement) if name else None
    by_code = stages_of_code(code) if code else None
    if by_code is None:
        return by_name or StageReading(Message("stages.nothing_known"), is_to_check=True)
    contradicts = by_name is not None and by_name.stages and by_name.stages != by_code.stages
    if contradicts and by_code.is_school:
        reason = Message("stages.code_against_name", code=code, name=name)
        return replace(by_code, reason=reason, is_to_check=True)
    return by_code


def stages_of_code(code: str) -> StageReading | None:
    """Read 办学类型 (code or words); None for a code that is not in the list."""
    text = plain(code).casefold()
    words = _words()
    digits = words["code_of_word"].get(text, text)
    if digits.startswith(tuple(words["code_prefixes"]["not_a_school"])) and digits.isdigit():
        return StageReading(Message("stages.code_no_school", code=code), is_school=False)
    entry = words["codes"].get(digits)
    if entry is None:
        return None
    is_school = entry.get("is_school", True)
    key = "stages.by_code" if is_school else "stages.code_no_school"
    return StageReading(
        Message(key, code=code),
        stages=_stages(entry),
        is_school=is_school,
        is_teaching_point=entry.get("is_teaching_point", False),
    )


def stages_of_words(text: str) -> StageReading | None:
    """Read a column of stages (小学、初中; 九年一贯制; our words); None where a word is unknown."""
    parts = [part for part in re.split(r"[;；,，、/+和及]", plain(text).casefold()) if part]
    stages: set[Stage] = set()
    for part in parts:
        by_code = stages_of_code(part)
        if part in set(Stage):
            stages.add(Stage(part))
        elif by_code is not None and by_code.stages:
            stages.update(by_code.stages)
        else:
            return None
    if not stages:
        return None
    return StageReading(
        Message("stages.by_words", words=text),
        stages=tuple(stage for stage in Stage if stage in stages),
        is_teaching_point="教学点" in text,
    )


def stages_of_name(name: str, *, settlement: Settlement | str | None = None) -> StageReading:
    """Read a name; the decisions are tried in the order of the standards."""
    text = core_name(name)
    words = _words()
    last = _last_word(text)
    for table, reading in _EXCLUDING:
        if _has(text, words[table]) and not _is_outlived(table, text, last):
            return reading
    found = last.table
    if text.endswith(tuple(words["any_school"]["over_all"])):
        found = "any_school"
    if not found and text.endswith(tuple(words["any_school"]["at_end"])):
        found = "any_school"
    if not found:
        return StageReading(Message("stages.name_says_nothing"), is_school=False, is_to_check=True)
    return _reading(found, settlement)


def status_of_name(name: str) -> SchoolStatus | None:
    """
    Read a remark on whether a school operates: 柳镇小学(已撤销), Liu School (historical).

    Returns
    -------
    status
        None: the name has no such remark.
    """
    text = _spelt(name)
    former = tuple(_words()["preparation"]["former"])
    inside = [part for part in _BRACKET.findall(text) if not part.startswith(former)]
    outside = _BRACKET.sub("", text)
    remark = "".join(inside) + outside[_last_word(outside).end :]
    for status, table in _words()["status"].items():
        if any(word in remark for word in table):
            return SchoolStatus(status)
    return None


# 1. to 3. of the standards: a word of these decides wherever it stands
_EXCLUDING = (
    ("noise", StageReading(Message("stages.noise"), is_school=False)),
    ("not_a_school", StageReading(Message("stages.not_a_school"), is_school=False)),
    ("attached", StageReading(Message("stages.attached"), is_school=False, is_to_check=True)),
    ("special", StageReading(Message("stages.by_name"), stages=(Stage.SPECIAL,))),
    ("reform", StageReading(Message("stages.reform"))),
)


def stages_of_isced(level: str) -> tuple[Stage, ...]:
    """
    Read the OSM tag `isced:level` (`1`, `0;1`, `1-2`); empty where it is none of 0 to 3.

    Only the lower levels are stages of the plan: a level of 4 and more adds none.
    """
    stages: set[Stage] = set()
    for part in re.split(r"[;,]", level):
        span = re.fullmatch(r"\s*([0-8])\s*(?:-\s*([0-8])\s*)?", part)
        if span is not None:
            first, last = int(span[1]), int(span[2] or span[1])
            stages |= {_ISCED[str(n)] for n in range(first, last + 1) if str(n) in _ISCED}
    return tuple(stage for stage in Stage if stage in stages)


def stages_of_span(first: float, last: float, *, by: str) -> tuple[Stage, ...]:
    """
    Report the stages of which a school has at least half the years.

    Parameters
    ----------
    first, last
        Its first and last grade (`by` grades, 0 for a class before the first) or age (`by` ages).
    by
        grades or ages: the table of `school_names.toml` with the years of each stage.
    """
    found = []
    for stage, (start, end) in _words()["years"][by].items():
        shared = min(last, end) - max(first, start) + 1
        if 2 * shared >= end - start + 1:
            found.append(Stage(stage))
    return tuple(found)


def stages_of_grades(grades: str) -> tuple[Stage, ...]:
    """Read the OSM tag `grades` (`1-6`, `K-5`, `7;8;9`); empty where it is anything else."""
    text = plain(grades).casefold()
    if not re.fullmatch(r"(k|\d{1,2})([;,-](k|\d{1,2}))*", text):
        return ()
    years = [0 if part == "k" else int(part) for part in re.split(r"[;,-]", text)]
    return stages_of_span(min(years), max(years), by="grades")


def _reading(table: str, settlement: Settlement | str | None) -> StageReading:
    """Report what the table of the word that decided means."""
    entry = _words()["any_school"] if table == "any_school" else _words()["words"][table]
    stages, candidates = _stages(entry), _stages(entry, "candidates")
    likely = _stages(entry, "likely")
    if settlement == Settlement.RURAL:
        likely = _stages(entry, "likely_rural") or likely
    return StageReading(
        Message("stages.ambiguous" if candidates else f"stages.{_REASONS.get(table, 'by_name')}"),
        stages=stages,
        candidates=candidates,
        likely=likely,
        is_school=bool(stages or candidates),
        is_teaching_point=entry.get("is_teaching_point", False),
        is_to_check=entry.get("to_check", False),
    )


_REASONS = {"by_hand": "by_hand", "higher": "higher"}


class _Word(NamedTuple):
    """A word of a stage in a name; by default none."""

    end: int = 0
    length: int = 0
    table: str = ""


def _last_word(text: str) -> _Word:
    """Find the word that ends last; of two words that end together the longer counts."""
    best = _Word()
    for table, entry in _words()["words"].items():
        for word in entry.get("anywhere", ()):
            at = text.rfind(word)
            if at >= 0:
                best = max(best, _Word(at + len(word), len(word), table))
        for word in entry.get("at_end", ()):
            if text.endswith(word):
                best = max(best, _Word(len(text), len(word), table))
        ordinal = entry.get("ordinal")
        if ordinal and re.search(f"{_ORDINAL}{ordinal}$", text):
            best = max(best, _Word(len(text), 1, table))
    return best


def _is_outlived(table: str, text: str, last: _Word) -> bool:
    """
    Check whether a stage follows a word that would otherwise decide.

    A school that ends the name is no thing near a school (体育馆路小学), and one that is attached
    to an institution for adults is a school (教师进修学校附属小学).
    """
    if table not in {"noise", "not_a_school"} or last.end < len(text) - len(_DEPARTMENT):
        return False
    ends = [text.rfind(word) + len(word) for word in _words()[table]["anywhere"] if word in text]
    between = text[max(ends, default=len(text)) : last.end]
    return bool(between) and (table == "noise" or _ATTACHED in between)


def core_name(name: str) -> str:
    """
    Bring a name to the form in which words are looked for and names are compared.

    NFKC, lower case, no blanks, without campus (东校区), former name and remarks in brackets.
    """
    words = _words()["preparation"]
    text = _BRACKET.sub(lambda found: _inside(found[1]), _spelt(name))
    text = _masked_form().sub("〇", text)
    text = _without_end(text, words["bodies"])
    return _without_campus(text).rstrip("-—·")


def _spelt(name: str) -> str:
    return plain(name).casefold().translate(_BRACKETS)


def _without_end(text: str, endings: Iterable[str]) -> str:
    """Take one ending off a text that is longer."""
    ending = next((e for e in endings if text.endswith(e) and len(text) > len(e)), "")
    return text.removesuffix(ending)


def campus_name(name: str) -> str:
    """Read the name of a campus: 盘龙 of 第二初级中学盘龙校区; empty where it has none."""
    text = _BRACKET.sub(lambda found: found[1], _spelt(name))
    shorter = _without_end(text, _words()["preparation"]["campus"])
    if shorter == text:
        return ""
    return shorter.removeprefix(_without_campus(text)).strip("-—·")


def _without_campus(text: str) -> str:
    """Take the campus off the end of a name: 一高西校区, 一高师范校区, 实验小学北区."""
    words = _words()["preparation"]
    shorter = _without_end(text, words["campus"])
    if shorter == text:
        shorter = _without_end(text, words["campus_after_stage"])
        return shorter if _ends_with_stage(shorter) else text
    # the name of the campus: the shortest of two characters and more that leaves a stage
    for length in (0, *range(2, _LONGEST_CAMPUS + 1)):
        rest = shorter[: len(shorter) - length].rstrip("-—·")
        if _ends_with_stage(rest):
            return rest
    return shorter


def _ends_with_stage(text: str) -> bool:
    return bool(text) and _last_word(text).end == len(text)


@cache
def _masked_form() -> re.Pattern[str]:
    words = _words()["preparation"]
    before = "|".join(["^", *(f"(?<={word})" for word in words["before_masked"])])
    return re.compile(f"(?:{before})(?:{'|'.join(words['masked'])})")


def _inside(bracket: str) -> str:
    """Keep what stands in brackets if it says something of the school as it is now."""
    words = _words()
    if bracket.startswith(tuple(words["preparation"]["former"])):
        return ""
    return bracket if _has(bracket, words["noise"]) or _last_word(bracket).table else ""


def _has(text: str, table: Mapping[str, Any]) -> bool:
    return any(word in text for word in table["anywhere"]) or text.endswith(tuple(table["at_end"]))


def _stages(entry: Mapping[str, Any], key: str = "stages") -> tuple[Stage, ...]:
    return tuple(Stage(stage) for stage in entry.get(key, ()))


@cache
def _words() -> dict[str, Any]:
    source = files("zmd_layout.layers") / "school_names.toml"
    return tomllib.loads(source.read_text("utf-8"))
