// Small comforts on pages that work without them: menus close, printing, copying, bulk counts, no double sending.
"use strict";

const closeOthers = (open) => {
  document.querySelectorAll("details.menu[open], .page-actions details.act[open]").forEach((menu) => {
    if (menu !== open && !menu.contains(open)) menu.open = false;
  });
};

document.addEventListener("click", (event) => {
  closeOthers(event.target.closest("details.menu, details.act"));
  const button = event.target.closest("[data-print], [data-copy]");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  else copyFrom(button);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = event.target.closest("details.menu[open], details.act[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// data-copy names the element whose text goes to the clipboard; data-done is what the button then says.
const copyFrom = async (button) => {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) return;
  await navigator.clipboard.writeText(source.value ?? source.innerText);
  const label = button.textContent;
  button.textContent = button.dataset.done || label;
  setTimeout(() => { button.textContent = label; }, 2000);
};

// A form is sent once; the button comes back when the page is shown again from history.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // getAttribute, because a field named "id" or "method" would hide the property.
  if (form.getAttribute("method") !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) { event.preventDefault(); return; }
  form.dataset.sending = "1";
  form.removeAttribute("data-dirty");
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach((form) => { delete form.dataset.sending; });
});

// Long texts are not lost by a slip: forms marked data-guard ask before the page is left.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.dirty = "1";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
});

// Rows whose checkbox carries form="bulk" are counted in that bar.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-check-all]")) {
    document.querySelectorAll(`input[type=checkbox][form="${box.dataset.checkAll}"]`).forEach((one) => { one.checked = box.checked; });
  }
  document.querySelectorAll("form[data-bulk]").forEach((form) => {
    const out = form.querySelector("[data-bulk-count]");
    const chosen = document.querySelectorAll(`input[type=checkbox][form="${form.getAttribute("id")}"]:checked`).length;
    out.dataset.rest ||= out.textContent;
    out.textContent = chosen ? out.dataset.text.replace("{n}", chosen) : out.dataset.rest;
  });
});

// Selects marked data-submit send their filter form at once; without a script the button does it.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});

const problems = document.querySelector(".form-errors");
if (problems) problems.focus();

// Rows with data-order, the id of their form, are dragged by their grip; the arrows beside them work without a script.
document.querySelectorAll("[data-order] [draggable]").forEach((grip) => { grip.hidden = false; });
let dragged = null;
const rowUnder = (event) => {
  const row = event.target.closest("[data-order]");
  return dragged && row && row !== dragged && row.parentNode === dragged.parentNode ? row : null;
};
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[data-order]");
  if (dragged) event.dataTransfer.setDragImage(dragged, 0, 0);
});
document.addEventListener("dragover", (event) => {
  if (rowUnder(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const row = rowUnder(event);
  if (!row) return;
  event.preventDefault();
  const rows = [...row.parentNode.querySelectorAll("[data-order]")];
  const form = document.getElementById(dragged.dataset.order);
  form.elements.by.value = rows.indexOf(row) - rows.indexOf(dragged);
  form.requestSubmit();
});
