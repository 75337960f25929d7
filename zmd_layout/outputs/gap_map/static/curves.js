/* Children of a unit through the years against its seats: born solid, not yet born dashed. */
(function (zmd) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 156;
  const HEIGHT = 92;
  const FRAME = { left: 4, right: 4, top: 8, bottom: 16 };

  function svg(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach((name) => element.setAttribute(name, attributes[name]));
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* The years of a unit and stage: [{year, middle, low, high, isBorn, seats}], in order. */
  zmd.courseOf = (table, unit, stage) => {
    const course = [];
    for (let row = 0; row < table.rows; row += 1) {
      if (table.unit[row] !== unit || table.stage[row] !== stage) continue;
      course.push({
        year: table.year[row],
        middle: zmd.people(table, row),
        low: zmd.cell(table, "low", row),
        high: zmd.cell(table, "high", row),
        isBorn: zmd.cell(table, "is_born", row) !== false,
        seats: table.seats[row],
      });
    }
    return course.sort((a, b) => a.year - b.year);
  };

  function scalesOf(course) {
    const people = [].concat(...course.map(({ middle, high, seats }) => [middle, high, seats]));
    const most = Math.max(1, ...people);
    const first = course[0].year;
    const span = Math.max(1, course[course.length - 1].year - first);
    const width = WIDTH - FRAME.left - FRAME.right;
    const height = HEIGHT - FRAME.top - FRAME.bottom;
    return {
      x: (year) => FRAME.left + (width * (year - first)) / span,
      y: (value) => FRAME.top + height * (1 - value / most),
    };
  }

  function path(points, { x, y }) {
    const known = points.filter(([, value]) => value !== null);
    return known
      .map(([year, value], i) => `${i ? "L" : "M"}${x(year).toFixed(1)} ${y(value).toFixed(1)}`)
      .join("");
  }

  function middles(course) {
    return course.map(({ year, middle }) => [year, middle]);
  }

  /* The band between low and high: of the born as of the unborn, for cohorts change, too. */
  function band(course, scales) {
    const known = course.filter(({ low, high }) => low !== null && high !== null);
    if (known.length < 2) return null;
    const there = known.map(({ year, high }) => [year, high]);
    const back = known.map(({ year, low }) => [year, low]).reverse();
    return svg("path", { d: `${path(there.concat(back), scales)}Z`, class: "curve-band" });
  }

  function drawing(course, year) {
    const scales = scalesOf(course);
    const born = course.filter((point) => point.isBorn);
    const open = course.slice(Math.max(0, born.length - 1));
    const seats = course.map((point) => [point.year, point.seats]);
    const line = (points, name) => svg("path", { d: path(points, scales), class: name });
    const foot = { y: HEIGHT - 3, class: "curve-year" };
    const [first] = course;
    const last = course[course.length - 1];
    const now = { x1: scales.x(year), x2: scales.x(year), y1: FRAME.top, y2: scales.y(0) };
    const base = { x1: FRAME.left, x2: WIDTH - FRAME.right, y1: scales.y(0), y2: scales.y(0) };
    return [
      svg("line", { ...base, class: "curve-base" }),
      band(course, scales),
      svg("line", { ...now, class: "curve-now" }),
      line(seats, "curve-seats"),
      line(middles(born), "curve-born"),
      line(middles(open), "curve-unborn"),
      svg("text", { ...foot, x: FRAME.left }, first.year),
      svg("text", { ...foot, x: WIDTH - FRAME.right, "text-anchor": "end" }, last.year),
    ].filter(Boolean);
  }

  /* What the drawing says, for those who cannot see it. */
  function spoken(course, stage) {
    const ends = [course[0], course[course.length - 1]].map(({ year, middle }) =>
      zmd.text("curve_point", { year, children: zmd.number(middle) }),
    );
    const seats = zmd.number(course[0].seats);
    return zmd.text("curve_spoken", { stage, from: ends[0], to: ends[1], seats });
  }

  function curve(course, stage, year) {
    const name = zmd.word("stage", stage);
    const figure = svg("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": spoken(course, name),
    });
    drawing(course, year).forEach((part) => figure.appendChild(part));
    return zmd.el("figure", {}, [zmd.el("figcaption", {}, name), figure]);
  }

  function key(name, text) {
    const sample = svg("svg", { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": true });
    sample.appendChild(svg("path", { d: "M0 4L26 4", class: name }));
    return zmd.el("span", {}, [sample, zmd.text(text)]);
  }

  /* A drawing for each stage of a unit, or null where it has fewer than two years. */
  zmd.curves = (app, unit) => {
    const { model, state } = app;
    if (!model.children || model.years.length < 2) return null;
    const courses = zmd.STAGES.map((stage) => [stage, zmd.courseOf(model.children, unit, stage)]);
    const drawn = courses.filter(([, course]) => course.length > 1);
    if (drawn.length === 0) return null;
    return zmd.el("section", { class: "curves" }, [
      zmd.el(
        "div",
        { class: "curves-grid" },
        drawn.map(([stage, course]) => curve(course, stage, state.year)),
      ),
      zmd.el("p", { class: "note curves-keys" }, [
        key("curve-born", "curve_born"),
        key("curve-unborn", "curve_unborn"),
        key("curve-seats", "curve_seats"),
      ]),
    ]);
  };
})((window.zmd));
