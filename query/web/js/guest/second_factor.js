/* second_factor - after the password: a code of the app, or a recovery code */
import { button } from "../dom.js";
import { codeField } from "../fields.js";
import { Form } from "../form.js";
import { TEXTS } from "../texts.js";

const { logIn: T } = TEXTS;

/* @proof: { email, password }, which were right. @recovery: whether a recovery code is asked for instead of the app's. */
export function secondFactor({ session, enter, go }, { proof, recovery = false }) {
	const field = recovery ? recoveryField() : codeField();
	const form = new Form({
		fields: [field],
		submit: T.secondSubmit,
		send: (values) => session.logIn({ ...proof, ...values }),
		problems: recovery ? { invalid_code: [TEXTS.fields.recoveryCodeWrong, field.name] } : {},
		done: enter,
		after: [button(recovery ? T.useCode : T.useRecovery, () => go("second-factor", { proof, recovery: !recovery }),
			{ style: "quiet" })],
	});

	return { title: T.secondTitle, intro: T.secondIntro, content: [form.element], focus: () => form.focus() };
}

function recoveryField() {
	return {
		name: "recovery_code",
		label: TEXTS.fields.recoveryCode,
		hint: TEXTS.fields.recoveryCodeHint,
	};
}
