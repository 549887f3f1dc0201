// Keys for people who live in the lists: j/k move, o opens, x selects; any element may name its own key in data-key.
"use strict";

let prefix = "";
let prefixTimer = 0;

const typing = (node) => node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")];
const rowLink = (row) => row.querySelector("[data-row-link], a[href]");

// Where one stands: the row with the focus, else the one that is open beside the list.
const hereAmong = (all) => {
  const focused = all.findIndex((row) => row.contains(document.activeElement));
  return focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute("aria-current"));
};

const moveBy = (step) => {
  const all = rows();
  if (!all.length) return;
  const here = hereAmong(all);
  const next = all[Math.min(all.length - 1, Math.max(0, here + step))];
  rowLink(next)?.focus();
  next.scrollIntoView({ block: "nearest" });
};

const selectHere = () => {
  const all = rows();
  all[hereAmong(all)]?.querySelector("input[type=checkbox]")?.click();
};

const press = (key) => {
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
  // A sheet that opened is filled in at once.
  const sheet = target.matches("summary") && target.parentElement;
  if (sheet && sheet.open) {
    sheet.scrollIntoView({ block: "nearest" });
    sheet.querySelector("form :is(select, textarea, input:not([type=hidden])), form button")?.focus();
  }
  return true;
};

// A key that means the row somebody stands on, and nothing where nobody stands on one.
const pressInRow = (key) => {
  const row = document.activeElement?.closest("[data-row], .verdict");
  const target = row?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
  target?.click();
  return Boolean(target);
};

const showHelp = () => {
  let dialog = document.querySelector("dialog.keys");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "keys";
    document.body.append(dialog);
  }
  const table = document.createElement("table");
  table.className = "table table-quiet";
  const english = document.documentElement.lang.startsWith("en");
  const fixed = english
    ? [["j / k", "Next / previous row"], ["o", "Open"], ["x", "Select"], ["Esc", "Close"]]
    : [["j / k", "下一行 / 上一行"], ["o", "打开"], ["x", "勾选"], ["Esc", "关闭"]];
  const own = [...document.querySelectorAll("[data-key]")].map((node) => [
    node.dataset.key,
    (node.getAttribute("placeholder") || node.title || node.textContent).trim().replace(/\s+/g, " ").slice(0, 40),
  ]);
  const inRow = [...(document.querySelector(".verdict")?.querySelectorAll("[data-row-key]") || [])].map((node) => [
    node.dataset.rowKey,
    node.firstChild.textContent.trim(),
  ]);
  [...fixed, ...inRow, ...own].forEach(([key, text]) => {
    const row = table.insertRow();
    const cap = document.createElement("kbd");
    cap.textContent = key;
    row.insertCell().append(cap);
    row.insertCell().textContent = text;
  });
  dialog.setAttribute("aria-label", english ? "Keys" : "按键");
  dialog.replaceChildren(table);
  dialog.showModal();
};

const single = { j: () => moveBy(1), k: () => moveBy(-1), o: () => {
  const all = rows();
  const row = all[hereAmong(all)];
  if (row) rowLink(row)?.click();
}, x: selectHere, "?": showHelp };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.documentElement.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  const key = prefix ? `${prefix} ${event.key}` : event.key;
  prefix = "";
  clearTimeout(prefixTimer);
  if (pressInRow(key) || press(key)) { event.preventDefault(); return; }
  if (key === "g") {
    prefix = "g";
    prefixTimer = setTimeout(() => { prefix = ""; }, 1200);
    return;
  }
  if (rows().length || key === "?") single[key]?.();
});
