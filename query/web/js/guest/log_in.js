/* log_in - e-mail and password; where a second factor is asked for, that view follows */
import { button, make } from "../dom.js";
import { emailField, passwordField } from "../fields.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { guestLink } from "./links.js";

const { logIn: T } = TEXTS;

/* @why: an alert to begin with, such as that the session has ended. */
export function logIn({ api, session, enter, go }, { why = "" } = {}) {
	const again = button(T.notConfirmed, () => sendAgain(), { style: "quiet" });
	const form = new Form({
		fields: [emailField("username"), passwordField()],
		submit: T.submit,
		send,
		done: (answer, proof) => (answer === "second factor" ? go("second-factor", { proof }) : enter()),
		after: [again, ...links()],
	});

	async function send(proof) {
		again.hidden = true;
		try {
			await session.logIn(proof);
		} catch (problem) {
			if (problem.code === "second_factor_required")
				return "second factor";
			again.hidden = problem.code !== "invalid_credentials"; /* which the server says of an address that waits, too */
			if (!again.hidden)
				form.input("password").select();
			throw problem;
		}
		return null;
	}

	async function sendAgain() {
		await api.post("v1/users/verification", { email: form.input("email").value }).then(
			() => say(T.sentAgain), (problem) => form.tell(problem.text));
	}

	again.hidden = true;
	form.tell(why);
	return { title: TEXTS.title, intro: T.intro, content: [form.element], focus: () => form.focus() };
}

function links() {
	return [
		guestLink(make("a", { href: "#/forgot", textContent: T.forgot })),
		guestLink(`${T.signUpLead} `, make("a", { href: "#/sign-up", textContent: T.signUp })),
	];
}
