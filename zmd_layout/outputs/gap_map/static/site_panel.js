/* The panel of a suggested site: what it would do, and how sure that is. */
(function (zmd) {
  "use strict";

  zmd.siteName = (model, site) =>
    zmd.cell(model.sites, "name", site) || String(zmd.cell(model.sites, "id", site));

  zmd.sitePanel = (app, site) => {
    const { model } = app;
    const cell = (name) => zmd.cell(model.sites, name, site);
    return [
      ...zmd.panelTitle(zmd.siteName(model, site), zmd.text("site_about")),
      zmd.fields([
        ["rank", zmd.optionalNumber(cell("rank"))],
        ["stage", zmd.optionalWord("stage", cell("stage"))],
        ["action", zmd.optionalWord("action", cell("action"))],
        ["seats", zmd.optionalNumber(cell("seats"))],
        ["classes", zmd.optionalNumber(cell("classes"))],
        ["opens_in", cell("opens_in")],
        ["until_year", cell("until_year")],
        ["use", useOf(cell)],
        ["children_served", zmd.optionalNumber(cell("children_served"))],
        ["residents_served", zmd.optionalNumber(cell("residents_served"))],
        ["distance", distanceOf(cell)],
        ["proof", proofOf(cell)],
        ["flags", zmd.flagsOf(cell("flags"))],
        ["note", cell(`note_${zmd.lang()}`)],
      ]),
      zmd.unitLinks(app, zmd.text("closes_title"), closedLinks(model, site)),
      zmd.caution(zmd.text("catchment_caution")),
      zmd.syntheticNote(cell("is_synthetic")),
    ];
  };

  /* Use of the seats through the years, in the middle case. */
  function useOf(cell) {
    const known = ["2027", "2032", "2035"].filter((year) => cell(`use_${year}`) !== null);
    const texts = known.map((year) => {
      const percent = zmd.number(Math.round(100 * cell(`use_${year}`)));
      return zmd.text("use_in", { year, percent });
    });
    return texts.join(zmd.text("list_comma"));
  }

  function distanceOf(cell) {
    const before = cell("mean_distance_before_m");
    const after = cell("mean_distance_after_m");
    if (before === null || after === null) return null;
    const metres = (value) => zmd.number(Math.round(value));
    return zmd.text("distance_change", { before: metres(before), after: metres(after) });
  }

  function proofOf(cell) {
    if (cell("solve_status") === "optimal") return zmd.text("proof_optimal");
    const percent = cell("gap_percent");
    return percent === null ? null : zmd.text("proof_gap", { percent: zmd.number(percent) });
  }

  function closedLinks(model, site) {
    return model.sites.closes[site].map(([rule, unit]) => {
      const title = model.rules[rule].title[zmd.lang()];
      return [unit, zmd.text("closes_item", { unit: zmd.unitName(model, unit), rule: title })];
    });
  }
})((window.zmd));
