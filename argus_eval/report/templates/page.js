"use strict";
(() => {
  const PAGE_ROWS = 30;
  const element = (tag, properties = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "class") node.className = value;
      else if (name in node) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const bdi = (text) => element("bdi", {}, text ?? "");
  const seconds = (value) => {
    const [scaled, unit] = Math.abs(value) >= 1 ? [value, "s"] : Math.abs(value) >= 1e-3 || value === 0 ? [value * 1e3, "ms"] : [value * 1e6, "µs"];
    const size = Math.abs(scaled);
    return `${scaled.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)} ${unit}`;
  };

  // The state of the page lives in the address, so that a link reopens what was looked at.
  const state = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
  const remember = (name, value) => {
    if (value === "" || value === null) state.delete(name); else state.set(name, value);
    const text = state.toString();
    history.replaceState(null, "", text ? `#?${text}` : location.pathname + location.search);
  };

  class Run {
    constructor(article) {
      this.article = article;
      this.number = article.dataset.run;
      this.data = JSON.parse(document.getElementById(`r${this.number}-data`).textContent);
      this.key = (name) => `${name}${this.number === "0" ? "" : this.number}`;
      this.startChart();
      this.startGrowth();
      this.startMatrix();
      this.startFindings();
      this.startGallery();
    }

    startChart() {
      const figure = this.article.querySelector('[data-chart="pareto"]');
      if (!figure || !this.data.pareto) return;
      const choices = this.article.querySelector(".choices");
      choices.hidden = false;
      for (const select of choices.querySelectorAll("select")) {
        const name = this.key(select.dataset.axis);
        if ([...select.options].some((option) => option.value === state.get(name))) select.value = state.get(name);
        select.addEventListener("change", () => { remember(name, select.selectedIndex === 0 ? "" : select.value); this.drawChart(figure); });
      }
      this.drawChart(figure);
    }

    drawChart(figure) {
      const { spec, choices } = this.data.pareto;
      const chosen = (axis) => Number(this.article.querySelector(`select[data-axis="${axis}"]`)?.value ?? 0);
      const x = choices.x[chosen("x")], y = choices.y[chosen("y")];
      const beaten = choices.dominators[`${chosen("x")}|${chosen("y")}`];
      const rows = [];
      choices.arms.forEach((arm, index) => {
        const xv = x.values[index], yv = y ? y.values[index] : null;
        if (!xv || (y && !yv)) return;
        const row = { arm: arm.label, x: xv[0], xlo: xv[1], xhi: xv[2], parameters: arm.parameters || 0, size: arm.size, baseline: arm.baseline, colour: arm.colour, shape: arm.shape };
        if (y) {
          const by = beaten[index];
          Object.assign(row, { y: yv[0], ylo: yv[1], yhi: yv[2], frontier: by === null, standing: by === null ? "on the frontier" : `beaten by ${choices.arms[by].label}` });
          const px = arm.parent === null ? null : x.values[arm.parent], py = arm.parent === null ? null : y.values[arm.parent];
          const crowded = choices.arms.length > choices.crowd;
          const share = chosen("x") === 0 ? choices.membership[chosen("y")]?.[index] : undefined;
          row.membership = typeof share === "number" ? `on the frontier in ${Math.round(share * 100)} % of resamples` : "not resampled";
          row.words = `${row.arm}, ${row.standing}`;
          row.name = !crowded || by === null || arm.baseline ? arm.label : "";
          if (px && py && !crowded) Object.assign(row, { px: px[0], py: py[0] });
        }
        rows.push(row);
      });
      const canvas = figure.querySelector(".canvas");
      const drawn = structuredClone(spec);
      drawn.data.values = rows;
      for (const layer of drawn.layer) if (layer.name?.startsWith("published")) layer.data.values = choices.published[chosen("y")] ?? [];
      if (!y) drawn.height = 34 * rows.length;
      retitle(drawn, x, y, rows);
      if (figure.clientWidth < 600) narrow(drawn);
      embed(canvas, drawn, (datum) => this.showArm(datum.arm));
    }

    // A click on a point leads to that arm's samples.
    showArm(label) {
      const arm = this.data.arms.indexOf(label);
      if (arm < 0 || !this.filters || !this.data.rows.some((row) => row[1] === arm)) return;
      this.filterBy({ arm: String(arm) });
    }

    filterBy(wanted) {
      for (const select of this.filters) {
        const value = wanted[select.dataset.filter] ?? "";
        if ([...select.options].some((option) => option.value === value)) { select.value = value; remember(this.key(select.dataset.filter), value); }
      }
      this.listFindings();
      document.getElementById(`r${this.number}-samples`).scrollIntoView();
    }

    startGrowth() {
      const figure = this.article.querySelector('[data-chart="growth"]');
      if (figure && this.data.growth) embed(figure.querySelector(".canvas"), this.data.growth);
    }

    startMatrix() {
      for (const cell of this.article.querySelectorAll(".matrix td[data-task]")) {
        const figure = cell.querySelector(".fig");
        if (!figure || !this.data.samples.some((sample) => sample.task === cell.dataset.task)) continue;
        const button = element("button", { type: "button", class: "open", title: "Show these samples" });
        figure.replaceWith(button);
        button.append(figure);
        button.addEventListener("click", () => this.filterBy({ task: cell.dataset.task, arm: cell.dataset.arm }));
      }
    }

    startFindings() {
      this.table = this.article.querySelector(".findings-table");
      if (!this.table) return;
      this.filters = [...this.article.querySelectorAll("[data-filter]")];
      this.article.querySelector(".filters").hidden = false;
      for (const select of this.filters) {
        const name = this.key(select.dataset.filter);
        if ([...select.options].some((option) => option.value === state.get(name))) select.value = state.get(name);
        select.addEventListener("change", () => { remember(name, select.value); this.listFindings(); });
      }
      for (const heading of this.table.querySelectorAll("th[data-sort]")) {
        const button = element("button", { type: "button", class: "sort" }, heading.textContent);
        button.addEventListener("click", () => {
          const by = heading.dataset.sort;
          const [before, direction] = (state.get(this.key("sort")) || "").split(".");
          remember(this.key("sort"), `${by}.${before === by && direction === "up" ? "down" : "up"}`);
          this.listFindings();
        });
        heading.replaceChildren(button);
      }
      this.more = this.article.querySelector(".more");
      this.more.querySelector("button").addEventListener("click", () => { this.limit *= 3; this.fillTable(); });
      this.listFindings();
      const open = Number(state.get(this.key("sample")) ?? NaN);
      if (Number.isInteger(open) && this.data.samples[open]) drawer.show(this, open);
    }

    listFindings() {
      const wanted = Object.fromEntries(this.filters.map((select) => [select.dataset.filter, select.value]));
      const { samples, rows, kinds } = this.data;
      this.shown = rows.filter(([sample, arm, kind]) =>
        (!wanted.kind || kind === wanted.kind) && (!wanted.task || samples[sample].task === wanted.task) && (!wanted.arm || arm === Number(wanted.arm)));
      const [by, direction] = (state.get(this.key("sort")) || "").split(".");
      const value = {
        sample: (row) => `${samples[row[0]].task} ${samples[row[0]].key}`,
        kind: (row) => kinds.indexOf(row[2]),
        arm: (row) => row[1],
        score: (row) => (row[4] ?? -1) - (row[3] ?? row[4] ?? 0),
      }[by];
      if (value) {
        const sign = direction === "down" ? -1 : 1;
        this.shown.sort((a, b) => { const [left, right] = [value(a), value(b)]; return sign * (typeof left === "string" ? left.localeCompare(right, "en", { numeric: true }) : left - right); });
      }
      for (const heading of this.table.querySelectorAll("th[data-sort]")) {
        if (heading.dataset.sort === by) heading.setAttribute("aria-sort", direction === "down" ? "descending" : "ascending");
        else heading.removeAttribute("aria-sort");
      }
      this.limit = PAGE_ROWS;
      this.fillTable();
    }

    fillTable() {
      const body = this.table.tBodies[0];
      body.replaceChildren(...this.shown.slice(0, this.limit).map((row) => this.findingRow(row)));
      this.article.querySelector(".count").textContent = `${this.shown.length} of ${this.data.rows.length}`;
      this.more.hidden = this.shown.length <= this.limit;
    }

    findingRow(row) {
      const [index, arm, kind, before, score, slowness] = row;
      const sample = this.data.samples[index];
      const open = element("button", { type: "button", class: "open" }, bdi(`${sample.task} ${sample.key}`));
      const said = (who) => {
        const answer = sample.answers.find((item) => item.arms.includes(who));
        return answer ? clip(answer.error ?? answer.text.t) : "";
      };
      const node = element("tr", { "data-row": index },
        element("th", { scope: "row" }, open),
        element("td", {}, element("span", { class: `kind ${kind}` }, kind.replace("-", " "))),
        element("td", {}, bdi(this.data.arms[arm])),
        element("td", { class: "num" }, scoreWords(before, score, slowness)),
        element("td", { class: "said" }, bdi(clip(sample.target?.t ?? ""))),
        element("td", { class: "said" }, bdi(this.data.parents[arm] === null ? "" : said(this.data.parents[arm]))),
        element("td", { class: "said" }, bdi(said(arm))));
      node.addEventListener("click", () => drawer.show(this, index));
      return node;
    }

    startGallery() {
      for (const card of this.article.querySelectorAll(".card[data-sample]")) {
        card.classList.add("live");
        card.addEventListener("click", () => drawer.show(this, Number(card.dataset.sample)));
      }
    }
  }

  const embed = (canvas, spec, chosen) => {
    const options = { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true } };
    window.vegaEmbed(canvas, spec, options)
      .then(({ view }) => { if (chosen) view.addEventListener("click", (_, item) => { if (item?.datum?.arm && item.mark.marktype !== "rect") chosen(item.datum); }); })
      .catch((problem) => console.error(problem));
  };
  const clip = (text) => (text.length > 90 ? `${text.slice(0, 90)}…` : text);
  const scoreWords = (before, score, slowness) => {
    if (slowness !== null) return `${slowness}× its median`;
    const words = (value) => (value === null ? "–" : String(value));
    return before === null ? words(score) : `${words(before)} → ${words(score)}`;
  };

  // The specification carries the default axes; another choice changes titles and the extent of x.
  function retitle(spec, x, y, rows) {
    spec.layer = spec.layer.filter((layer) => !layer.name?.startsWith("published") || layer.data.values.length);
    if (!rows.some((row) => "px" in row)) spec.layer = spec.layer.filter((layer) => layer.name !== "parents");
    const low = Math.min(...rows.map((row) => row.xlo)), high = Math.max(...rows.map((row) => row.xhi));
    const pad = Math.max((high / low) ** 0.08, 1.06);
    for (const layer of spec.layer) {
      const { x: ex, y: ey } = layer.encoding;
      if (ex) { ex.title = x.title; ex.scale.domain = [low / pad, high * pad]; }
      if (ey && y) ey.title = y.title;
      for (const item of layer.encoding.tooltip ?? []) {
        if (item.field === "x") item.title = x.title.replace(" (log scale)", "");
        if (item.field === "y" && y) item.title = y.name;
      }
      if (layer.name === "acceptable") layer.encoding.x2 = { value: x.lower ? 0 : "width" };
      if (layer.name === "stair") layer.data.values = staircase(rows, x.lower, [low / pad, high * pad]);
    }
  }
  function staircase(rows, lower, domain) {
    const front = rows.filter((row) => row.frontier).sort((a, b) => (lower ? a.x - b.x : b.x - a.x));
    if (!front.length) return [];
    let height = Math.min(...rows.map((row) => row.ylo));
    const corners = [];
    for (const row of front) { corners.push([row.x, height], [row.x, row.y]); height = row.y; }
    corners.push([lower ? domain[1] : domain[0], height]);
    return corners.map(([sx, sy], order) => ({ sx, sy, order }));
  }
  function narrow(spec) {
    spec.layer = spec.layer.filter((layer) => layer.mark.type !== "text" || spec.data.values.filter((row) => row.name).length <= 4);
    for (const layer of spec.layer) if (layer.encoding.y?.axis) { layer.encoding.y.axis.labelLimit = 110; layer.encoding.y.axis.titleLimit = 260; }
  }

  const drawer = {
    box: document.querySelector(".drawer"),
    show(run, index) {
      this.run = run;
      this.index = index;
      const sample = run.data.samples[index];
      this.box.querySelector("h2").replaceChildren(bdi(`${sample.task} · ${sample.key}`));
      this.box.querySelector(".drawer-place").textContent = `${this.order().indexOf(index) + 1} of ${this.order().length}`;
      this.box.querySelector(".drawer-body").replaceChildren(...sampleDetails(run, sample));
      if (!this.box.open) this.box.showModal();
      this.box.scrollTop = 0;
      remember(run.key("sample"), String(index));
    },
    order() { return [...new Set((this.run.shown ?? this.run.data.rows).map((row) => row[0]).concat(this.index))]; },
    step(by) {
      const order = this.order();
      const next = order[order.indexOf(this.index) + by];
      if (next !== undefined) this.show(this.run, next);
    },
    start() {
      for (const button of this.box.querySelectorAll("[data-step]")) button.addEventListener("click", () => this.step(Number(button.dataset.step)));
      this.box.querySelector("[data-close]").addEventListener("click", () => this.box.close());
      this.box.addEventListener("click", (event) => { if (event.target === this.box) this.box.close(); });
      this.box.addEventListener("close", () => remember(this.run.key("sample"), ""));
      this.box.addEventListener("keydown", (event) => {
        const by = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[event.key];
        if (by && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); this.step(by); }
      });
    },
  };

  function sampleDetails(run, sample) {
    const nodes = [];
    if (sample.picture !== undefined && sample.picture !== null && sample.size) nodes.push(drawPicture(run, sample));
    else nodes.push(element("p", { class: "nopicture" }, "no picture embedded"));
    nodes.push(element("p", { class: "legend" }, "reference boxes solid · predicted boxes dashed"));
    if (sample.prompt) nodes.push(element("h3", {}, "Prompt"), ...cutText(sample.prompt));
    if (sample.target?.t) nodes.push(element("h3", {}, "Reference"), ...cutText(sample.target));
    nodes.push(element("h3", {}, "Answers"));
    if (!sample.answers.length) nodes.push(element("p", { class: "absent" }, "No answer: accuracy was not measured."));
    sample.answers.forEach((answer, place) => nodes.push(answerDetails(run, answer, place)));
    if (sample.times) nodes.push(element("h3", {}, "Slowest measured request"), timesTable(run, sample.times));
    if (run.data.command) nodes.push(element("h3", {}, "To run it again"), element("pre", {}, bdi(again(run.data.command, sample))));
    return nodes;
  }

  // The run's own command with the last word on tasks and samples: the same question to the same arms.
  function again(command, sample) {
    const quote = (text) => (/^[\w.:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const passes = /--(accuracy|efficiency)-only/.test(command) ? "" : " --accuracy-only";
    return `${command}${passes} --tasks ${quote(sample.task.replace(/\[synthetic\]$/, ""))} --sample ${quote(sample.key)}`;
  }

  function cutText(text) {
    const nodes = [element("pre", {}, bdi(text.t || "(empty)"))];
    if (text.n) nodes.push(element("p", { class: "note" }, `cut: ${text.n} bytes in all; the rest is in records.jsonl`));
    return nodes;
  }

  function answerDetails(run, answer, place) {
    const names = answer.arms.map((index) => run.data.arms[index]);
    const node = element("div", { class: "answer" }, element("p", { class: "who" }, answer.boxes?.length ? swatch(place) : null, bdi(names.join(", "))));
    if (answer.error) node.append(element("p", { class: "broken" }, bdi(answer.error)));
    else node.append(...cutText(answer.text));
    const facts = [];
    if (answer.unparsed) facts.push(`not parsed: ${answer.unparsed}`);
    if (answer.parsed) facts.push(`read as: ${answer.parsed.t}`);
    for (const repair of answer.repairs ?? []) facts.push(`repaired: ${repair}`);
    for (const [name, value] of Object.entries(answer.scores ?? {})) facts.push(`${name} ${value === null ? "not scored" : value}`);
    if (facts.length) node.append(element("p", { class: "note" }, bdi(facts.join(" · "))));
    return node;
  }

  function timesTable(run, times) {
    const table = element("table", { class: "grid" });
    table.append(element("thead", {}, element("tr", {}, ...["Arm", "TTFT", "Visual tokens", "Stages"].map((name) => element("th", { scope: "col" }, name)))));
    const body = element("tbody");
    for (const [index, entry] of Object.entries(times)) {
      const stages = Object.entries(entry.stages).map(([name, value]) => `${name.replaceAll("_", " ")} ${seconds(value)}`).join(" · ");
      body.append(element("tr", {}, element("th", { scope: "row" }, bdi(run.data.arms[index])), element("td", {}, seconds(entry.ttft)), element("td", {}, String(entry.tokens ?? "–")), element("td", { class: "note" }, stages || "not measured")));
    }
    table.append(body);
    return table;
  }

  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  function swatch(place) {
    const svg = make("svg", { class: "key", viewBox: "0 0 14 14", "aria-hidden": "true" });
    svg.append(make("rect", { class: `box predicted p${place % 4}`, x: 1, y: 1, width: 12, height: 12 }));
    return svg;
  }

  function drawPicture(run, sample) {
    const [width, height] = sample.size;
    const svg = make("svg", { class: "picture", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Image with reference and predicted boxes" });
    svg.append(make("image", { href: run.data.pictures[sample.picture], width, height, preserveAspectRatio: "none" }));
    const rectangle = ([x1, y1, x2, y2, label], kind) => {
      const place = { x: Math.min(x1, x2) * width, y: Math.min(y1, y2) * height, width: Math.abs(x2 - x1) * width, height: Math.abs(y2 - y1) * height };
      const box = make("rect", { class: kind, ...place });
      if (label) { const title = make("title", {}); title.textContent = label; box.append(title); }
      svg.append(box);
    };
    const predicted = sample.answers.flatMap((answer, place) => (answer.boxes ?? []).map((box) => [box, `box predicted p${place % 4}`]));
    const boxes = [...(sample.boxes ?? []).map((box) => [box, "box target"]), ...predicted];
    for (const [box] of boxes) rectangle(box, "box-halo");
    for (const [box, kind] of boxes) rectangle(box, kind);
    return svg;
  }

  drawer.start();
  for (const article of document.querySelectorAll("article.run")) new Run(article);
})();
