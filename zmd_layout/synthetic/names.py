"""Names of what is made; every one begins with 示例."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MADE = "示例"
_DIGITS = "零一二三四五六七八九"
_TEN = 10
_FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_PLACES = "庄楼寨店湾营坡岗桥堂集台"


def numeral(number: int) -> str:
    """Write 1 to 99 in Chinese, as in 第十二小学."""
    tens, ones = divmod(number, _TEN)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def village_names(count: int, *, is_urban: bool, chance: np.random.Generator) -> list[str]:
    """Name the villages (or, in a subdistrict, communities) of one township, all different."""
    drawn = chance.permutation(len(_FAMILIES) * len(_PLACES))[:count]
    suffix = "社区" if is_urban else "村"
    return [
        f"{MADE}{_FAMILIES[n // len(_PLACES)]}{_PLACES[n % len(_PLACES)]}{suffix}" for n in drawn
    ]


def school_name(place: str, number: int, suffix: str, *, is_central: bool) -> str:
    """Name a school after its township or county: 示例水屯镇中心小学, 示例水屯镇第二小学."""
    root = place.removeprefix(MADE)
    if is_central:
        return f"{MADE}{root}{'' if number == 1 else '第' + numeral(number)}中心{suffix}"
    return f"{MADE}{root}第{numeral(number)}{suffix}"
