// Helps where it can; every page works without it.
"use strict";
(() => {
  const page = document.getElementById("content").dataset.page;
  const byId = (id) => document.getElementById(id);

  // A token does not stay in the address bar, where others may read it. A reload still finds it: this tab's history keeps it.
  const asks = new URLSearchParams(location.search);
  const token = asks.get("token");
  // Of the rest of the address only what is ours stays there.
  const kept = new URLSearchParams(["lang", "return_to"].filter((name) => asks.has(name)).map((name) => [name, asks.get(name)]));
  if (token) {
    history.replaceState(page === "dead-link" ? null : { token }, "", location.pathname + (kept.size ? "?" + kept : ""));
  } else if (page === "dead-link" && history.state && history.state.token) {
    kept.set("token", history.state.token);
    location.replace(location.pathname + "?" + kept);
  }

  // The way back may bring the page as it was left, passwords and all, though its link is used by now: look again.
  if (page === "reset") addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  for (const button of document.querySelectorAll("[data-reveals]")) {
    const inputs = button.dataset.reveals.split(" ").map(byId);
    const reveal = (shown) => {
      for (const input of inputs) input.type = shown ? "text" : "password";
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

  // The rules as far as a browser knows them, counted as the server counts. It only says so: what is accepted, the server decides.
  const strength = byId("strength");
  if (strength) {
    const { minimum, enough, own, address } = strength.dataset;
    const plurals = new Intl.PluralRules(document.documentElement.lang);
    const words = [address, address.slice(0, address.lastIndexOf("@"))]
      .filter((word) => word.length >= 4).map((word) => word.toLowerCase());
    byId("password").addEventListener("input", (event) => {
      const value = event.target.value.normalize("NFC");
      const missing = minimum - [...value].length;
      const hasName = words.some((word) => value.toLowerCase().includes(word));
      strength.textContent = value === "" ? ""
        : hasName ? own : missing > 0 ? strength.dataset[plurals.select(missing)].replace("{count}", missing) : enough;
      strength.classList.toggle("good", missing <= 0 && !hasName);
    });
  }

  // The page after asking shows for which address. Only this tab keeps it: no URL, no log and no cookie has it. If the browser
  // forbids that, the page is as it is without scripts.
  const keep = (work) => { try { return work(sessionStorage); } catch { return null; } };
  const asked = page === "sent" && (keep((tab) => JSON.parse(tab.getItem("asked"))) || (history.state && history.state.asked));
  if (asked) {
    keep((tab) => tab.removeItem("asked"));
    history.replaceState({ asked }, "");
    byId("asked").textContent = byId("email").value = asked.email;
    byId("asked").parentElement.hidden = false;
    byId("again").textContent = asked.again ? byId("again").dataset.again : "";
    const form = byId("email").form;
    if (asked.returnTo && !form.elements.return_to) {
      const field = document.createElement("input");
      [field.type, field.name, field.value] = ["hidden", "return_to", asked.returnTo];
      form.append(field);
    }
  }
  for (const form of document.querySelectorAll("form[action$='/forgot-password']")) {
    form.addEventListener("submit", () => {
      const email = form.elements.email.value;
      const field = form.elements.return_to;
      keep((tab) => tab.setItem("asked", JSON.stringify(
        { email, again: asked ? asked.email === email : false, returnTo: field ? field.value : "" })));
    });
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
