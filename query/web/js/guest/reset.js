/* reset - the link for a new password was followed */
import { newPasswordField } from "../fields.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { toLogIn } from "./links.js";

const { reset: T, fields: F } = TEXTS;

export function reset({ api, session, go }, { token }) {
	const form = new Form({
		fields: [newPasswordField(F.newPassword)],
		submit: T.submit,
		send: ({ password }) => api.post("v1/password-resets/confirm", { token, password }),
		done: () => {
			session.forget();
			go("log-in");
			say(T.done);
		},
		after: [toLogIn()],
	});

	return { title: T.title, intro: T.intro, content: [form.element], focus: () => form.focus() };
}
