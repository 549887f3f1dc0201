// Forms marked data-autosave are kept on the server for their writer a few seconds after the last key.
"use strict";

document.querySelectorAll("form[data-autosave]").forEach((form) => {
  const said = form.querySelector("[data-autosave-said]");
  let timer = 0;
  const keep = async () => {
    const body = new FormData(form);
    body.set("form", form.dataset.autosave);
    try {
      const answer = await fetch("/scratch", { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const kept = await answer.json();
      form.removeAttribute("data-dirty");
      if (said) said.textContent = said.dataset.done.replace("{at}", kept.saved_at);
    } catch {
      if (said) said.textContent = said.dataset.failed;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 2500);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
});
