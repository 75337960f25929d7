"""Whether two names that stand together are names of one school."""

from __future__ import annotations

import re

from zmd_layout.layers.schools.stages import campus_name, core_name

# one spelling of what is written in several ways: 第一高级中学 = 一高, 第3小学 = 三小
_SHORT = (("高级中学", "高"), ("初级中学", "初中"), ("小学", "小"), ("中学", "中"), ("第", ""))
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
_STAGE = re.compile("(?:小|初中|中|高|幼儿园|学校)$")
_CITY_OR_COUNTY = re.compile("(?<=..)[市县](?=.)")  # 上蔡县第一小学 = 上蔡第一小学
_PROVINCE = re.compile("^河南省?(?=.)")
_NUMERAL = "〇一二三四五六七八九十百"
_LEAST_OWN = 2  # characters that tell schools of a place apart, where it is no numeral
_LEAST_PLACE = 2
_HAN = re.compile("[\u4e00-\u9fff]")


def match_name(name: object) -> str:
    """Bring a name to the form in which names of two sources are compared."""
    if not isinstance(name, str):
        return ""
    text = re.sub("([小中])学校$", r"\1学", core_name(name)).translate(_DIGITS)
    for long, short in _SHORT:
        text = text.replace(long, short)
    return text


def is_one_name(first: str, second: str) -> bool:
    """
    Check whether two names may belong to one school, given that both are at one place.

    That is one name however it is spelt (上蔡县第十小学, 上蔡十小); a name with and without its
    place (第一小学, 西平县第一小学); a campus and the school that is named after it
    (第二初级中学盘龙校区, 盘龙中学).

    Parameters
    ----------
    first, second
        Names as they stand; empty is unknown, and no one's name.
    """
    forms = _bare(first), _bare(second)
    if not all(forms):
        return False
    short, long = sorted(forms, key=lambda form: (len(form), form))
    if short == long:
        return True
    place = long.removesuffix(short)
    if place != long and len(place) >= _LEAST_PLACE and place[-1] not in _NUMERAL:
        return _tells_apart(short)
    return _is_campus_of(first, forms[1]) or _is_campus_of(second, forms[0])


def contradict(first: str, second: str) -> bool:
    """
    Check whether two names cannot belong to one school.

    No name contradicts nothing, nor does a name in Chinese one in Latin letters.
    """
    if not first or not second or bool(_HAN.search(first)) != bool(_HAN.search(second)):
        return False
    return not is_one_name(first, second)


def _bare(name: str) -> str:
    return _CITY_OR_COUNTY.sub("", _PROVINCE.sub("", match_name(name)), count=1)


def _tells_apart(form: str) -> bool:
    """Check whether a form identifies a school within its place: 一小, 实验小, but not 小."""
    own = _STAGE.sub("", form)
    return len(own) >= _LEAST_OWN or (bool(own) and own in _NUMERAL)


def _is_campus_of(name: str, form: str) -> bool:
    campus = campus_name(name)
    return len(campus) >= _LEAST_OWN and _STAGE.sub("", form).endswith(campus)
