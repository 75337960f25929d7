"""
Check school layout against planning rules, draw the gaps, suggest sites.

`load_study` opens a study (without a path the built-in city), `Study.from_frames` makes one of
GeoDataFrames. `check` gives its findings, `run` also sites, forecast and map, and writes them where
`out` is given; `site` suggests places alone, `closing` tells what closing schools would mean,
`review` holds new residential areas against the rules, `gap_map` draws a table of findings. Tables
are GeoDataFrames in the study's plane, in which NaN means unknown and never zero; errors are
`errors.ZmdLayoutError` with a text for the user, in the language of `lang` or of the environment
variable `ZMD_LANG`.

The modules behind these names are loaded when a name is first asked for: help must not wait for
maps, nor a check for siting. `__init__.pyi` names them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
