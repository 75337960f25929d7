/* The choice of what is shown: overview or rule, and the switches over the map. */
(function (zmd) {
  "use strict";

  const OF_THE_DATA = ["completeness", "stability"]; // overviews that no suggestion changes

  zmd.renderViews = (app) => {
    const wanted = zmd.byId("zmd-rule-filter").value.trim().toLowerCase();
    const rules = ruleGroups(app, wanted);
    zmd.fill(zmd.byId("zmd-views"), [overviews(app), ...rules]);
    zmd.byId("zmd-views-empty").hidden = rules.length > 0 || wanted === "";
  };

  function overviews(app) {
    const views = app.model.children ? ["seats"] : [];
    if (zmd.areaKinds(app.model).length) views.push("duty");
    if (app.model.completeness) views.push("completeness");
    if (zmd.stabilityKinds(app.model).length) views.push("stability");
    if (views.length === 0) return null;
    const choices = views.map((view) => choice(app, view, zmd.text(`view_${view}`), []));
    return group(zmd.text("group_overview"), choices);
  }

  function ruleGroups(app, wanted) {
    const byStage = new Map();
    app.model.rules.forEach((rule, number) => {
      if (wanted && !searchText(rule).includes(wanted)) return;
      const stage = zmd.STAGES.includes(rule.stage) ? rule.stage : "several";
      byStage.set(stage, (byStage.get(stage) || []).concat(number));
    });
    return zmd.STAGES.concat("several")
      .filter((stage) => byStage.has(stage))
      .map((stage) => {
        const title = stage === "several" ? zmd.text("group_several") : zmd.word("stage", stage);
        return group(
          title,
          byStage.get(stage).map((number) => ruleChoice(app, number)),
        );
      });
  }

  function searchText(rule) {
    const clauses = (rule.clauses || []).map((clause) => clause.text);
    const texts = [rule.id, rule.key || "", rule.title.zh, rule.title.en, ...clauses];
    return texts.join("\n").toLowerCase();
  }

  function group(title, choices) {
    return zmd.el("fieldset", { class: "group" }, [zmd.el("legend", {}, title), ...choices]);
  }

  function choice(app, view, title, badges) {
    const key = `view-${view}`;
    const input = zmd.el("input", { type: "radio", name: "zmd-view", "data-key": key });
    input.checked = app.state.view === view;
    input.addEventListener("change", () => app.show(view));
    const text = zmd.el("span", { class: "choice-title" }, title);
    return zmd.el("label", { class: "choice" }, [input, text, ...badges]);
  }

  function ruleChoice(app, number) {
    const rows = app.model.byRule[number];
    const counts = zmd.countBy(rows, (row) => zmd.markOf(app.model, row, app.state.after));
    return choice(app, number, app.model.rules[number].title[zmd.lang()], badges(app, counts));
  }

  /* The gravest mark and how often, or that nothing can be said; the rest is in the legend. */
  function badges(app, counts) {
    const mark = ["shortfall", "reason"].find((name) => counts[name]);
    if (mark) return [badge(app, mark, counts[mark])];
    const isUnknown = counts.not_assessable && !counts.pass && !counts.reported;
    return isUnknown ? [badge(app, "not_assessable", null)] : [];
  }

  function badge(app, mark, count) {
    const word = zmd.text(`mark_${mark}`);
    return zmd.el("span", { class: `badge badge-${mark}`, title: word }, [
      zmd.swatch(app.model.payload.styles[mark], false),
      count === null ? null : zmd.number(count),
      zmd.el("span", { class: "unseen" }, word),
    ]);
  }

  /* ---- switches ---- */

  zmd.renderSwitches = (app) => {
    const slider = zmd.byId("zmd-year");
    if (slider && slider === document.activeElement) {
      showYear(app, slider); // it is in the reader's hand and must not be replaced
      return;
    }
    const isSeats = app.state.view === "seats";
    zmd.fill(zmd.byId("zmd-switches"), [
      kindSwitch(app),
      isSeats ? stageSwitch(app) : null,
      isSeats ? yearSwitch(app) : null,
      zmd.hasAfter(app) ? afterSwitch(app) : null,
    ]);
  };

  /* Whether the suggestions change what is shown: verdicts that they close, or seats. */
  zmd.hasAfter = ({ model, state }) => {
    if (OF_THE_DATA.includes(state.view)) return false;
    return state.view === "seats"
      ? Boolean(model.sites) && model.sites.within[state.kind] !== undefined
      : model.closedRows.size > 0;
  };

  function kindSwitch(app) {
    const kinds = app.kinds();
    if (kinds.length < 2) return null;
    const entries = kinds.map((kind) => ({
      key: `kind-${kind}`,
      text: zmd.word("unitkind", kind),
      isOn: kind === app.state.kind,
      act: () => app.set({ kind }),
    }));
    return segments(zmd.text("switch_kind"), entries);
  }

  function stageSwitch(app) {
    const stages = zmd.STAGES.filter((stage) => app.model.children.stage.includes(stage));
    if (zmd.SUMMED_STAGES.some((stage) => stages.includes(stage))) stages.unshift(null);
    const options = stages.map((stage) => {
      const text = stage === null ? zmd.text("summed_stages") : zmd.word("stage", stage);
      const option = zmd.el("option", { value: stage || "" }, text);
      option.selected = stage === app.state.stage;
      return option;
    });
    const select = zmd.el("select", { "data-key": "stage" }, options);
    select.addEventListener("change", () => app.set({ stage: select.value || null }));
    return switchOf("switch_stage", [select]);
  }

  function yearSwitch(app) {
    const years = app.model.years;
    if (years.length < 2) return null;
    const range = { type: "range", id: "zmd-year", min: 0, max: years.length - 1, step: 1 };
    const slider = zmd.el("input", { ...range, "data-key": "year" });
    slider.value = years.indexOf(app.state.year);
    slider.addEventListener("input", () => app.set({ year: years[Number(slider.value)] }));
    const element = switchOf("switch_year", [slider, zmd.el("output", { for: "zmd-year" }, "")]);
    showYear(app, slider);
    return element;
  }

  function showYear(app, slider) {
    slider.setAttribute("aria-valuetext", app.state.year);
    slider.nextSibling.textContent = app.state.year;
  }

  function switchOf(key, controls) {
    const title = zmd.el("span", { class: "switch-title" }, zmd.text(key));
    return zmd.el("label", { class: "switch" }, [title, ...controls]);
  }

  function afterSwitch(app) {
    const entries = [false, true].map((after) => ({
      key: `after-${after}`,
      text: zmd.text(after ? "after" : "before"),
      isOn: app.state.after === after,
      act: () => app.set(after ? { after, year: firstYearWithEffect(app) } : { after }),
    }));
    return segments(zmd.text("switch_after"), entries);
  }

  /* The year in view, or the first after it in which a suggestion adds seats to what is shown. */
  function firstYearWithEffect({ model, state }) {
    if (state.view !== "seats") return state.year;
    const lacking = (year, after) =>
      zmd.sum(zmd.seatBalance(model, { ...state, year, after }).map((entry) => entry.lacking));
    const changes = (year) => lacking(year, true) !== lacking(year, false);
    const found = model.years.find((year) => year >= state.year && changes(year));
    return found === undefined ? state.year : found;
  }

  function segments(title, entries) {
    const buttons = entries.map((entry) => {
      const attributes = { type: "button", "aria-pressed": entry.isOn, "data-key": entry.key };
      const button = zmd.el("button", attributes, entry.text);
      button.addEventListener("click", entry.act);
      return button;
    });
    return zmd.el("div", { class: "segments", role: "group", "aria-label": title }, buttons);
  }
})((window.zmd));
