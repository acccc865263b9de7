"use strict";
(() => {
  const state = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
  const remember = () => history.replaceState(null, "", state.size ? `#?${state}` : location.pathname + location.search);
  const filters = [...document.querySelectorAll("[data-filter]")];
  const bar = document.querySelector(".filters");
  bar.hidden = filters.length === 0;

  function apply() {
    const wanted = Object.fromEntries(filters.map((select) => [select.dataset.filter, select.value]));
    let shown = 0;
    for (const board of document.querySelectorAll("[data-board]")) {
      let left = 0;
      for (const row of board.querySelectorAll("tbody tr")) {
        const own = !row.classList.contains("reference");
        const fits = (name) => !wanted[name] || !own || row.dataset[name] === wanted[name];
        row.hidden = !(fits("hardware") && fits("weights"));
        left += own && !row.hidden ? 1 : 0;
      }
      board.hidden = left === 0 || Boolean(wanted.task && board.dataset.task && board.dataset.task !== wanted.task);
      shown += board.hidden ? 0 : left;
    }
    bar.querySelector(".count").textContent = `${shown} rows`;
  }
  for (const select of filters) {
    const value = state.get(select.dataset.filter);
    if ([...select.options].some((option) => option.value === value)) select.value = value;
    select.addEventListener("change", () => {
      if (select.value) state.set(select.dataset.filter, select.value); else state.delete(select.dataset.filter);
      remember();
      apply();
    });
  }

  const number = (row, column) => {
    const cell = row.children[column]?.querySelector("data");
    return cell ? Number(cell.value) : null;
  };
  for (const heading of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const table = heading.closest("table");
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [left, right] = [number(a, heading.cellIndex), number(b, heading.cellIndex)];
        if (left === null || right === null) return (left === null) - (right === null);
        return down ? right - left : left - right;
      });
      table.tBodies[0].append(...rows);
    });
  }
  apply();
})();
