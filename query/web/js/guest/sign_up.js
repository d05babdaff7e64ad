/* sign_up - a new account; its address is confirmed by a mail */
import { button, make } from "../dom.js";
import { emailField, nameField, newPasswordField } from "../fields.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { toLogIn } from "./links.js";

const { signUp: T } = TEXTS;

/* @token: of the invitation that was followed, if one was. */
export function signUp({ api, go }, { token } = {}) {
	const form = new Form({
		fields: [nameField({ optional: true }), emailField("username"), newPasswordField()],
		submit: T.submit,
		send: (values) => api.post("v1/users", { ...values, invitation: token }),
		done: (answer, { email }) => go("sign-up-done", { email }),
		after: [toLogIn()],
	});

	return { title: T.title, intro: token ? T.invited : T.intro, content: [form.element], focus: () => form.focus() };
}

/* What is left to do is in a mail. */
export function signUpDone({ api }, { email }) {
	const again = button(TEXTS.logIn.sendAgain, () => api.post("v1/users/verification", { email }).then(
		() => say(TEXTS.logIn.sentAgain), (problem) => say(problem.text)));

	return {
		title: T.doneTitle,
		intro: T.done(email),
		content: [make("p", { className: "muted", textContent: T.noMail }), again, toLogIn()],
	};
}
