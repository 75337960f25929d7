"""
The made city: what cannot be had as open data, made from one seed on the real counties and census.

Nothing in it is true of Zhumadian but the counties, their 2020 census by age, and the townships'
names and codes; `build` marks in `study.toml` which columns are made, and made names begin with
示例. `make_city` gives the layers in memory, `build` writes a study folder, `build_by_county` one
for each county, and `cache_key` names a city for a cache.
"""

from zmd_layout.synthetic.by_county import build_by_county
from zmd_layout.synthetic.city import DEFAULT_SEED, make_city
from zmd_layout.synthetic.study_folder import build, cache_key

__all__ = ["DEFAULT_SEED", "build", "build_by_county", "cache_key", "make_city"]
