/* profile - name and e-mail address */
import { currentPasswordField, emailField, nameField } from "../fields.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { View, block, paragraph } from "../view.js";
import { sections } from "./sections.js";

const { account: T } = TEXTS;

export class ProfileView extends View {
	constructor(context) {
		super(context, T.title, [sections("profile")]);
	}

	read() {
		return this.context.api.read("v1/account");
	}

	draw(account) {
		return [block(T.nameTitle, this.#nameForm(account)), block(T.emailTitle, ...this.#email(account))];
	}

	#nameForm({ name }) {
		return new Form({
			fields: [nameField({ value: name })],
			submit: T.saveName,
			send: (values) => this.context.api.send("PATCH", "v1/account", values),
			done: () => say(T.nameSaved),
		}).element;
	}

	#email({ email, pending_email: pending }) {
		const form = new Form({
			fields: [emailField("email", { label: T.newEmail }), currentPasswordField()],
			submit: T.changeEmail,
			send: (values) => this.context.api.send("POST", "v1/account/email", values),
			done: async (answer, values) => {
				await this.refresh();
				say(T.emailAsked(values.email));
			},
		});

		return [paragraph(T.emailIs(email)), pending ? paragraph(T.emailPending(pending), "notice") : null, form.element];
	}
}
