/* verify - the link of the mail that confirms an address was followed */
import { passwordField } from "../fields.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { toLogIn } from "./links.js";

const { verify: T } = TEXTS;

export function verify({ api, go }, { token }) {
	const form = new Form({
		fields: [passwordField()],
		submit: T.submit,
		send: ({ password }) => api.post("v1/users/verify", { token, password }),
		problems: { wrong_password: [T.wrongPassword, "password"] },
		done: () => {
			go("log-in");
			say(T.done);
		},
		after: [toLogIn()],
	});

	return { title: T.title, intro: T.intro, content: [form.element], focus: () => form.focus() };
}
