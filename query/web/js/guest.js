/* guest - who is not logged in: one card in the middle of the page */
import { byId, focusOn, make } from "./dom.js";
import { email, emailDone } from "./guest/email.js";
import { forgot, forgotDone } from "./guest/forgot.js";
import { logIn } from "./guest/log_in.js";
import { receipt } from "./guest/receipt.js";
import { reset } from "./guest/reset.js";
import { secondFactor } from "./guest/second_factor.js";
import { signUp, signUpDone } from "./guest/sign_up.js";
import { verify } from "./guest/verify.js";
import { TEXTS } from "./texts.js";

const VIEWS = {
	"log-in": logIn, "second-factor": secondFactor, "sign-up": signUp, "sign-up-done": signUpDone, invitation: signUp, verify,
	forgot, "forgot-done": forgotDone, reset, email, "email-done": emailDone, receipt,
};

/* Those that the address may name, as in #/sign-up: they need nothing else. */
const ADDRESSED = ["log-in", "sign-up", "forgot"];

export class Guest {
	#context;

	/*
	 * @api: a PublicApi. @session: a Session. @enter is called once somebody has logged in.
	 *
	 * A view is a function of this context and its parameters that gives { title, intro, content, focus }: elements, and
	 * what moves the focus into them; without that it is put on the heading.
	 */
	constructor(api, session, enter) {
		this.#context = { api, session, enter, go: (name, parameters) => this.show(name, parameters) };
		/* Of a link to where the address is already the browser says nothing. */
		byId("guest").addEventListener("click", ({ target }) => {
			if (target.getAttribute("href") === location.hash)
				this.route();
		});
	}

	/* Shows what the address names. */
	route(why) {
		const name = location.hash.slice("#/".length);

		this.show(ADDRESSED.includes(name) ? name : "log-in", { why });
	}

	/* Shows a view by its name. */
	show(name, parameters = {}) {
		this.tell(VIEWS[name](this.#context, parameters));
	}

	/* Shows what a view gives. */
	tell({ title, intro, content, focus }) {
		const heading = make("h1", { textContent: title });

		byId("guest").hidden = false;
		byId("guest").replaceChildren(make("div", { className: "card" },
			make("img", { className: "guest-mark", src: "icons/pettrack.svg", alt: "", width: 56, height: 56 }),
			heading,
			make("p", { className: "muted", textContent: intro }),
			...content));
		document.title = title === TEXTS.title ? title : `${title} – ${TEXTS.title}`;
		if (focus)
			focus();
		else
			focusOn(heading);
	}

	hide() {
		byId("guest").hidden = true;
		byId("guest").replaceChildren();
		if (ADDRESSED.includes(location.hash.slice("#/".length)))
			history.replaceState(null, "", location.pathname + location.search);
	}
}
