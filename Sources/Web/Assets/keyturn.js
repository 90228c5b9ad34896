// Helps where it can; every page works without it.
"use strict";
(() => {
  const page = document.getElementById("content").dataset.page;
  const byId = (id) => document.getElementById(id);

  // A token does not stay in the address bar, where others may read it. A reload still finds it: this tab's history keeps it.
  const token = new URLSearchParams(location.search).get("token");
  if (token) {
    history.replaceState(page === "dead-link" ? null : { token }, "", location.pathname);
  } else if (page === "dead-link" && history.state && history.state.token) {
    location.replace(location.pathname + "?token=" + encodeURIComponent(history.state.token));
  }

  for (const button of document.querySelectorAll("[data-reveals]")) {
    const inputs = button.dataset.reveals.split(" ").map(byId);
    const reveal = (shown) => {
      for (const input of inputs) input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? button.dataset.hide : button.dataset.show;
    };
    button.addEventListener("click", () => reveal(inputs[0].type === "password"));
    button.form.addEventListener("submit", () => reveal(false));
    button.hidden = false;
  }

  const caps = document.querySelector("[data-caps]");
  if (caps) {
    const look = (event) => {
      const text = event.getModifierState && event.getModifierState("CapsLock") ? caps.dataset.caps : "";
      if (caps.textContent !== text) caps.textContent = text;
    };
    for (const input of document.querySelectorAll("input[type=password]")) {
      input.addEventListener("keydown", look);
      input.addEventListener("keyup", look);
    }
  }

  const match = byId("match");
  if (match) {
    const [first, second] = [byId("password"), byId("confirm_password")];
    const look = () => {
      const same = first.value === second.value;
      match.textContent = second.value === "" ? "" : same ? match.dataset.yes : match.dataset.no;
      match.classList.toggle("good", same);
    };
    first.addEventListener("input", look);
    second.addEventListener("input", look);
  }
})();
