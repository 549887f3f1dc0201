// Forms marked data-effect show what their scope would do to the last days, half a second after the last key.
"use strict";

document.querySelectorAll("form[data-effect]").forEach((form) => {
  const shown = document.getElementById("effect-live");
  const said = document.getElementById("effect-said");
  let timer = 0;
  let asking = new AbortController();
  const show = async () => {
    asking.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(form.dataset.effect, {
        method: "POST", body: new FormData(form), credentials: "same-origin", signal: asking.signal,
      });
      if (!answer.ok || answer.redirected) return;
      shown.innerHTML = await answer.text();
      said.textContent = shown.querySelector("p")?.textContent ?? "";
    } catch {
      // A later key has taken its place, or the desk is out of reach: the preview button says so.
    }
  };
  form.addEventListener("input", (event) => {
    if (!["scope", "any_terms", "must_terms", "not_terms"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(show, 500);
  });
});

// The button beside the list of places adds the chosen one; without a script the server does.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-place]");
  if (!button) return;
  event.preventDefault();
  const chosen = document.getElementById(button.dataset.place).value;
  const field = document.getElementById(button.dataset.into);
  if (!chosen) return;
  const lines = field.value.split("\n").filter((line) => line.trim());
  if (!lines.includes(`@${chosen}`)) field.value = [...lines, `@${chosen}`].join("\n");
  const match = field.form.querySelector("input[name=scope][value=match]");
  if (match) match.checked = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
