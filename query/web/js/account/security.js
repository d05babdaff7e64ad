/* security - the password, the second factor, and recovery codes */
import { copyable } from "../copyable.js";
import { ask, show } from "../dialog.js";
import { button, make } from "../dom.js";
import { codeField, currentPasswordField, eitherCodeField, newPasswordField, proofOf } from "../fields.js";
import { Form } from "../form.js";
import { qrCode } from "../qr.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { View, block, buttons, paragraph } from "../view.js";
import { sections } from "./sections.js";

const { security: T, fields: F } = TEXTS;

export class SecurityView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.security, [sections("security")]);
	}

	read() {
		return this.context.api.read("v1/account");
	}

	draw(account) {
		return [block(T.passwordTitle, this.#passwordForm()), block(T.totpTitle, ...this.#totp(account))];
	}

	#passwordForm() {
		const form = new Form({
			fields: [currentPasswordField(), newPasswordField(F.newPassword)],
			submit: T.changePassword,
			send: (values) => this.context.api.send("POST", "v1/account/password", values),
			done: () => {
				form.clear();
				say(T.passwordChanged);
			},
		});

		return form.element;
	}

	#totp({ totp, recovery_codes: left }) {
		if (!totp)
			return [paragraph(T.totpOff), buttons(button(T.on, () => this.#turnOn(), { key: "totp", style: "primary" }))];
		return [
			paragraph(T.totpOn(left)),
			buttons(
				button(T.newCodes, () => this.#makeCodes(), { key: "codes" }),
				button(T.off, () => this.#turnOff(), { key: "totp" })),
		];
	}

	/* Three steps: the password, the code that proves that the app has the key, the codes for when it is gone. */
	async #turnOn() {
		const { api } = this.context;
		const begun = await ask({
			title: T.onTitle,
			text: [T.onIntro],
			form: {
				fields: [currentPasswordField()],
				submit: T.onSubmit,
				send: (values) => api.send("POST", "v1/account/totp", values),
			},
		});
		if (!begun)
			return;
		const { secret, uri } = begun.answer;
		const confirmed = await ask({
			title: T.scanTitle,
			text: [T.scanIntro],
			content: [make("div", { className: "qr" }, qrCode(uri, T.qr)), copyable(T.key, secret)],
			form: {
				fields: [codeField()],
				submit: T.scanSubmit,
				send: (values) => api.send("POST", "v1/account/totp/confirm", values),
			},
		});
		if (!confirmed)
			return;
		await showCodes(confirmed.answer.recovery_codes);
		await this.refresh();
		say(T.turnedOn);
	}

	/* The app's code, or a recovery code in its place: who lost the phone must be able to turn it off. */
	async #turnOff() {
		const done = await ask({
			title: T.offTitle,
			text: [T.offText, T.orRecovery],
			form: {
				fields: [currentPasswordField(), eitherCodeField()],
				submit: T.off,
				style: "danger",
				send: ({ code, ...values }) =>
					this.context.api.send("POST", "v1/account/totp/disable", { ...values, ...proofOf(code) }),
			},
		});

		if (!done)
			return;
		await this.refresh();
		say(T.turnedOff);
	}

	async #makeCodes() {
		const done = await ask({
			title: T.newCodesTitle,
			text: [T.newCodesText],
			form: {
				fields: [currentPasswordField(), codeField()],
				submit: T.newCodesSubmit,
				send: (values) => this.context.api.send("POST", "v1/account/recovery-codes", values),
			},
		});

		if (!done)
			return;
		await showCodes(done.answer.recovery_codes);
		await this.refresh();
	}
}

function showCodes(codes) {
	return show({
		title: T.codesTitle,
		text: [T.codesText],
		content: [
			make("ul", { className: "codes" }, ...codes.map((code) => make("li", {}, make("code", { textContent: code })))),
			copyable(T.codes, codes.join(" ")),
		],
	});
}
