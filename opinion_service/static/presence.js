// While a case is open and in view, a sign of life every 25 seconds; the answer says who else has it open.
"use strict";

const present = document.querySelector("[data-presence]");

if (present) {
  let writing = false;

  const say = async (fields) => {
    const body = new URLSearchParams({ csrf_token: present.dataset.token, writing: writing ? "1" : "", ...fields });
    const answer = await fetch(present.dataset.presence, { method: "POST", body, credentials: "same-origin", keepalive: true });
    if (!answer.ok || answer.redirected || fields.left) return;
    const words = await answer.text();
    // Told to a screen reader only when something changed.
    if (words.trim() !== present.innerHTML.trim()) present.innerHTML = words;
  };
  const look = (fields = {}) => {
    if (document.visibilityState === "visible" || fields.left) say(fields).catch(() => {});
  };

  document.addEventListener("input", (event) => {
    if (writing || !event.target.closest("main form[method=post]")) return;
    writing = true;
    look();
  });
  document.addEventListener("visibilitychange", () => look());
  window.addEventListener("pagehide", () => look({ left: "1" }));
  setInterval(look, 25000);
  look();
}
