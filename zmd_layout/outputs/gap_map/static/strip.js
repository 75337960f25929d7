/* Above the map: for each stage, children against seats through the years. A click chooses it. */
(function (zmd) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 220;
  const HEIGHT = 46;
  const LEFT_AND_RIGHT = 3;
  const TOP = 4;
  const LONGEST_BAR = 16;

  /* Children and seats of the whole area by year; what a county lacks is filled by no other. */
  zmd.stageCourse = (model, stage, kind) => {
    const { children: table, units } = model;
    const byYear = new Map();
    for (let row = 0; row < table.rows; row += 1) {
      if (table.stage[row] !== stage || units.kind[table.unit[row]] !== kind) continue;
      const year = table.year[row];
      if (!byYear.has(year)) byYear.set(year, { year, children: 0, seats: 0, lacking: 0, isBorn: true });
      add(byYear.get(year), zmd.people(table, row), table.seats[row]);
      if (zmd.cell(table, "is_born", row) === false) byYear.get(year).isBorn = false;
    }
    return Array.from(byYear.values()).sort((a, b) => a.year - b.year);
  };

  /* One unknown makes the sum unknown. */
  function add(point, children, seats) {
    point.children = children === null || point.children === null ? null : point.children + children;
    point.seats = seats === null || point.seats === null ? null : point.seats + seats;
    const isKnown = point.lacking !== null && children !== null && seats !== null;
    point.lacking = isKnown ? point.lacking + Math.max(0, children - seats) : null;
  }

  /* The stage of most child-years without a seat from a year on, or null where there are none. */
  zmd.shortestStage = (model, kind, from) => {
    const totals = stagesOf(model).map((stage) => {
      const course = zmd.stageCourse(model, stage, kind).filter(({ year }) => year >= from);
      return [stage, zmd.sum(course.map(({ lacking }) => lacking || 0))];
    });
    const [worst] = totals.sort((a, b) => b[1] - a[1]);
    return worst && worst[1] > 0 ? worst[0] : null;
  };

  /* Of those of 15 to 17 years many go to vocational schools: the senior stage leads no headline. */
  function stagesOf({ children }) {
    return zmd.SUMMED_STAGES.filter((stage) => children.stage.includes(stage));
  }

  /* From the year of the assessment on: seats of earlier years are not known. */
  function ahead({ payload }, course) {
    return course.filter(({ year }) => payload.year === null || year >= payload.year);
  }

  zmd.renderStrip = (app) => {
    const box = zmd.byId("zmd-strip");
    const { model } = app;
    const kind = model.children && topKind(model);
    box.hidden = !kind || model.years.length < 2;
    if (box.hidden) return;
    const stages = zmd.STAGES.filter((stage) => model.children.stage.includes(stage));
    const courses = stages.map((stage) => [
      stage,
      ahead(model, zmd.stageCourse(model, stage, kind)),
    ]);
    const drawn = courses.filter(([, course]) => course.length > 1);
    const lacking = drawn
      .filter(([stage]) => zmd.SUMMED_STAGES.includes(stage))
      .flatMap(([, course]) => course.map((point) => point.lacking || 0));
    const most = Math.max(1, ...lacking); // one scale of bars for all charts
    zmd.fill(
      box,
      drawn.map(([stage, course]) => chart(app, stage, course, most)),
    );
  };

  function topKind({ children, units }) {
    const kinds = new Set(children.unit.map((unit) => units.kind[unit]));
    return ["county", "township", "village"].find((kind) => kinds.has(kind));
  }

  function chart(app, stage, course, mostLacking) {
    const { state } = app;
    const isOn = state.view === "seats" && state.stage === stage;
    const button = zmd.el(
      "button",
      { type: "button", class: "strip-chart", "aria-pressed": isOn, "data-key": `strip-${stage}` },
      [head(app, stage), balance(stage, course, state.year), figures(course, state.year), drawing(app, stage, course, mostLacking)],
    );
    button.addEventListener("click", () => app.showStage(isOn ? null : stage));
    return button;
  }

  function head(app, stage) {
    const sign = zmd.smallCanvas((ctx) => zmd.drawStage(ctx, app.model, stage, 13, 9, 6));
    return zmd.el("span", { class: "strip-name" }, [sign, zmd.word("stage", stage)]);
  }

  function pointAt(course, year) {
    return course.find((point) => point.year === year) || course[0];
  }

  function balance(stage, course, year) {
    const { children, seats, lacking } = pointAt(course, year);
    if (!zmd.SUMMED_STAGES.includes(stage)) {
      return zmd.el("span", { class: "strip-open" }, zmd.text("strip_listed"));
    }
    if (lacking === null) {
      return zmd.el("span", { class: "strip-open" }, zmd.text("strip_open"));
    }
    if (lacking > 0) {
      const text = zmd.text("strip_short", { count: zmd.number(zmd.about(lacking)) });
      return zmd.el("strong", { class: "strip-short" }, text);
    }
    const text = zmd.text("strip_free", { count: zmd.number(zmd.about(seats - children)) });
    return zmd.el("span", { class: "strip-free" }, text);
  }

  function figures(course, year) {
    const point = pointAt(course, year);
    const values = {
      year: point.year,
      children: zmd.number(point.children),
      seats: zmd.number(point.seats),
    };
    return zmd.el("span", { class: "strip-figures" }, zmd.text("strip_figures", values));
  }

  function svg(tag, attributes) {
    const element = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach((name) => element.setAttribute(name, attributes[name]));
    return element;
  }

  function drawing(app, stage, course, mostLacking) {
    const most = Math.max(1, ...course.map(({ children, seats }) => Math.max(children, seats)));
    const first = course[0].year;
    const span = course[course.length - 1].year - first;
    const x = (year) => LEFT_AND_RIGHT + ((WIDTH - 2 * LEFT_AND_RIGHT) * (year - first)) / span;
    const y = (value) => TOP + (HEIGHT - TOP - 1) * (1 - value / most);
    const line = (key, name, color) => {
      const known = course.filter((point) => point[key] !== null);
      const d = known.map((point, i) => `${i ? "L" : "M"}${x(point.year).toFixed(1)} ${y(point[key]).toFixed(1)}`);
      return svg("path", { d: d.join(""), class: name, style: color ? `stroke:${color}` : "" });
    };
    const { year } = pointAt(course, app.state.year);
    const isShort = ({ lacking }) => lacking > 0 && zmd.SUMMED_STAGES.includes(stage);
    const color = app.model.payload.stages[stage].color;
    const figure = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": true });
    [
      ...course.filter(isShort).map((point) => shortBar(x(point.year), point.lacking / mostLacking)),
      svg("line", { x1: x(year), x2: x(year), y1: TOP, y2: HEIGHT - 1, class: "strip-now" }),
      line("seats", "strip-seats", null),
      line("children", "strip-children", color),
    ].forEach((part) => figure.appendChild(part));
    return figure;
  }

  /* A bar in each year in which a county lacks seats. */
  function shortBar(x, share) {
    const height = Math.max(1.5, LONGEST_BAR * share);
    return svg("rect", { x: x - 3, y: HEIGHT - 1 - height, width: 6, height, class: "strip-bar" });
  }
})((window.zmd));
