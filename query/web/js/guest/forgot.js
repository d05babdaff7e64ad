/* forgot - a link to choose a new password is sent */
import { emailField } from "../fields.js";
import { Form } from "../form.js";
import { TEXTS } from "../texts.js";
import { toLogIn } from "./links.js";

const { forgot: T } = TEXTS;

export function forgot({ api, go }) {
	const form = new Form({
		fields: [emailField("username")],
		submit: T.submit,
		send: (values) => api.post("v1/password-resets", values),
		done: (answer, { email }) => go("forgot-done", { email }),
		after: [toLogIn()],
	});

	return { title: T.title, intro: T.intro, content: [form.element], focus: () => form.focus() };
}

/* The same for an address that is not known. */
export function forgotDone(context, { email }) {
	return { title: T.doneTitle, intro: T.done(email), content: [toLogIn()] };
}
