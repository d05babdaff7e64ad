/* sections - the way between the account's views */
import { make } from "../dom.js";
import { TEXTS } from "../texts.js";

const { account: T } = TEXTS;
const SECTIONS = ["profile", "security", "sessions", "tokens", "invitations", "activity", "data"];

/* The links, of which @current is the view that is shown. */
export function sections(current) {
	return make("nav", { className: "sections", "aria-label": T.nav }, ...SECTIONS.map((name) =>
		make("a", {
			href: name === "profile" ? "#/account" : `#/account/${name}`,
			textContent: T.sections[name],
			"aria-current": name === current ? "page" : undefined,
		})));
}
