"""How Sphinx builds the docs; nothing is fetched from a network, then or when they are read."""

import sys
from pathlib import Path

project = "zmd_layout"
author = "zmd_layout contributors"
sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "search_pairs"]
autodoc_typehints = "none"
language = "zh_CN"
html_theme = "alabaster"
html_theme_options = {
    "description": "学校布局规划核查 / school layout against the rules of a plan",
    "font_family": '"Noto Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif',
    "head_font_family": '"Noto Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif',
    "page_width": "1100px",
    "show_powered_by": "false",
    "github_button": "false",
}
html_show_sourcelink = False
html_show_copyright = False
html_search_language = "zh"
suppress_warnings = ["myst.header"]
# types in docstrings are words for people; names without a page of their own have no target
nitpick_ignore_regex = [("py:.*", ".*")]
