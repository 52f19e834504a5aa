"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.setAttribute("aria-label", "Switch between light and dark");
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  dark.addEventListener("change", name);
  name();

  for (const board of document.querySelectorAll(".board")) {
    const top = board.previousElementSibling;
    const readout = top.querySelector(".readout");
    const canvas = board.querySelector(".canvas");
    const cursor = board.querySelector(".cursor");
    const plot = board.querySelector(".ticks .plot");
    const length = Number(board.dataset.length);
    const table = board.closest("section").querySelector(".data table");
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
    const rows = [...table.tBodies[0].rows];
    const times = rows.map((row) => Number(row.dataset.t));
    let current = -1;

    const hint = "Point at the charts, or focus them and use the arrow keys, to read the figures.";
    readout.textContent = rows.length ? hint : "";

    const show = (index, share) => {
      current = Math.max(0, Math.min(rows.length - 1, index));
      const row = rows[current];
      if (!row) return;
      const cells = [...row.cells].map((cell, i) => (i ? heads[i].toLowerCase() + " " : "") + cell.textContent);
      readout.textContent = "At " + cells.join(" · ");
      const box = plot.getBoundingClientRect();
      const left = box.left - canvas.getBoundingClientRect().left;
      cursor.style.left = left + (share ?? times[current] / length) * box.width + "px";
      cursor.hidden = false;
    };
    board.addEventListener("pointermove", (event) => {
      const lane = event.target.closest("li[aria-label]");
      const box = plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      if (share < 0 || share > 1) return;
      const at = share * length;
      const found = times.findIndex((time) => time >= at);
      show(found < 0 ? rows.length - 1 : found, share);
      if (lane) readout.textContent = lane.getAttribute("aria-label");
    });
    board.addEventListener("pointerleave", () => { cursor.hidden = true; });
    board.addEventListener("keydown", (event) => {
      const lane = event.target.closest("li[aria-label]");
      if (lane) return walk(event, lane);
      if (event.target !== board) return;
      const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      show(current + by);
    });

    const walk = (event, lane) => {
      const lanes = [...board.querySelectorAll("li[aria-label]")].filter((each) => each.getClientRects().length);
      const here = lanes.indexOf(lane);
      const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: lanes.length - 1 }[event.key];
      const next = lanes[to];
      if (!next) return;
      event.preventDefault();
      lane.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    board.addEventListener("focusin", (event) => {
      const lane = event.target.closest("li[aria-label]");
      if (lane) readout.textContent = lane.getAttribute("aria-label");
    });

    const zoom = top.querySelector(".zoom");
    zoom.hidden = false;
    zoom.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const middle = (board.scrollLeft + board.clientWidth / 2) / board.scrollWidth;
      board.style.setProperty("--zoom", button.dataset.zoom);
      board.scrollLeft = middle * board.scrollWidth - board.clientWidth / 2;
      cursor.hidden = true;
      for (const each of zoom.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
    });
  }
  addEventListener("beforeprint", () => {
    for (const more of document.querySelectorAll(".lanes details")) more.open = true;
  });
})();
