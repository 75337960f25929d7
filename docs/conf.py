"""How Sphinx builds the docs; nothing is fetched from a network, then or when they are read."""

project = "zmd_layout"
author = "zmd_layout contributors"
extensions = ["myst_parser"]
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
