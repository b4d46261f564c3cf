// Buttons that make or use a passkey: what the browser answers goes into the form's hidden field, and the form is sent.
// Markup decides: data-passkey="create" or "get", with the server's options in data-options, or their address in data-from.
"use strict";
(() => {
  const places = () => document.querySelectorAll("[data-passkey]");

  function say(form, text) {
    const place = form.querySelector("[data-passkey-error]");
    place.textContent = text;
    place.hidden = false;
  }

  const WHY = {
    NotAllowedError: "It was cancelled, or took too long. Try again.",
    InvalidStateError: "This device holds a passkey for your account already.",
    SecurityError: "Your browser binds passkeys to a site's name, and does not at this address.",
  };

  async function options(place) {
    if (place.dataset.options) return JSON.parse(place.dataset.options);
    const answer = await fetch(place.dataset.from, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("The server gave no answer. Try again in a minute.");
    return (await answer.json()).request_options;
  }

  // A passkey that signs in alone has to lie in the device, and to know whom it has in front of it.
  function alone(wanted, form) {
    const box = form.querySelector("[name=passwordless]");
    if (!box) return;
    const choice = wanted.publicKey.authenticatorSelection;
    choice.residentKey = box.checked ? "required" : "discouraged";
    choice.requireResidentKey = box.checked;
    if (box.checked) choice.userVerification = "required";
  }

  async function press(place) {
    const form = place.closest("form");
    form.querySelector("[data-passkey-error]").hidden = true;
    try {
      const wanted = await options(place);
      if (place.dataset.passkey === "create") alone(wanted, form);
      const given = await window.webauthnJSON[place.dataset.passkey](wanted);
      form.querySelector("[name=credential]").value = JSON.stringify(given);
      form.submit();
    } catch (error) {
      say(form, WHY[error.name] ?? error.message);
    }
  }

  for (const place of places()) {
    place.hidden = false;
    const button = place.querySelector("button");
    if (!window.PublicKeyCredential) {
      button.disabled = true;
      say(place.closest("form"), "This browser knows no passkeys.");
    }
    button.addEventListener("click", () => press(place));
    // Enter in a field of a form whose only button this is.
    place.closest("form").addEventListener("submit", (event) => {
      event.preventDefault();
      press(place);
    });
  }
})();
