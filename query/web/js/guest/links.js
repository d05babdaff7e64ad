/* links - ways from one view of a guest's to another */
import { make } from "../dom.js";
import { TEXTS } from "../texts.js";

/* A line below a form. */
export function guestLink(...parts) {
	return make("p", { className: "guest-link" }, ...parts);
}

export function toLogIn() {
	return guestLink(make("a", { href: "#/log-in", textContent: TEXTS.backToLogIn }));
}
