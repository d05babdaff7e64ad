/* data - all that is kept of the person, to take along or to delete */
import { ask } from "../dialog.js";
import { button, make } from "../dom.js";
import { currentPasswordField, eitherCodeField, proofOf } from "../fields.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { View, block, buttons, paragraph } from "../view.js";
import { sections } from "./sections.js";

const { data: T } = TEXTS;

export class DataView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.data, [sections("data")]);
	}

	read() {
		return this.context.api.read("v1/account");
	}

	draw(account) {
		return [
			block(T.exportTitle, paragraph(T.exportText),
				buttons(button(T.exportButton, () => this.#export(), { key: "export", style: "primary" }))),
			block(T.deletionTitle, paragraph(T.deletionText),
				buttons(button(T.deletion, () => this.#delete(account), { key: "delete", style: "danger" }))),
		];
	}

	async #export() {
		await this.attempt(async () => {
			say(T.exporting);
			save(await this.context.api.export(), T.exportFile);
			say(T.exported);
		});
	}

	async #delete({ totp }) {
		const done = await ask({
			title: T.deletionAsk,
			text: [T.deletionText],
			form: {
				fields: [currentPasswordField(), ...(totp ? [eitherCodeField()] : [])],
				submit: T.deletionSubmit,
				style: "danger",
				send: ({ code, ...values }) =>
					this.context.api.send("POST", "v1/account/deletion", { ...values, ...(totp ? proofOf(code) : {}) }),
			},
		});

		if (!done)
			return;
		this.context.session.forget();
		this.context.leave("", { name: "receipt", parameters: { receipt: done.answer.receipt } });
	}
}

/* As if a link to a file had been followed. */
function save(blob, name) {
	const url = URL.createObjectURL(blob), link = make("a", { href: url, download: name });

	link.click();
	URL.revokeObjectURL(url);
}
