/* email - the link that confirms a new address was followed */
import { make } from "../dom.js";
import { passwordField } from "../fields.js";
import { Form } from "../form.js";
import { TEXTS } from "../texts.js";

const { email: T } = TEXTS;

export function email({ api, go }, { token }) {
	const form = new Form({
		fields: [passwordField()],
		submit: T.submit,
		send: ({ password }) => api.post("v1/account/email/confirm", { token, password }),
		problems: { wrong_password: [T.wrongPassword, "password"] },
		done: () => go("email-done"),
	});

	return { title: T.title, intro: T.intro, content: [form.element], focus: () => form.focus() };
}

/* Who was logged in still is: the page begins anew. */
export function emailDone() {
	const go = make("a", { href: "./", className: "button primary", textContent: T.go });

	return { title: T.doneTitle, intro: T.done, content: [go] };
}
