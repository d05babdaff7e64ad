/* invitations - links by which others may sign up */
import { pageLink } from "../arrival.js";
import { copyable } from "../copyable.js";
import { ask, show } from "../dialog.js";
import { button } from "../dom.js";
import { emailField } from "../fields.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { shortTime } from "../time.js";
import { View, buttons, paragraph, rows } from "../view.js";
import { sections } from "./sections.js";

const { invitations: T } = TEXTS;

export class InvitationsView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.invitations, [sections("invitations")]);
	}

	read() {
		return this.context.api.read("v1/invitations");
	}

	draw({ invitations, max }) {
		const room = invitations.length < max;

		return [
			paragraph(max > 0 ? T.intro : T.notHere),
			rows(invitations.map((each) => this.#row(each)), T.none),
			room ? buttons(button(T.add, () => this.#add(), { key: "add", style: "primary" })) : null,
		];
	}

	#row({ id, email, expires, used }) {
		const name = email ?? T.anybody;

		return {
			name,
			mark: used ? T.used : undefined,
			facts: [T.until(shortTime(Date.parse(expires)))],
			actions: [button(T.revoke, () => this.#revoke(id), { about: name })],
		};
	}

	async #add() {
		const made = await ask({
			title: T.addTitle,
			text: [T.addText],
			form: {
				fields: [emailField("off", { label: T.email, optional: true })],
				submit: T.addSubmit,
				send: (values) => this.context.api.send("POST", "v1/invitations", values),
			},
		});

		if (!made)
			return;
		await this.refresh();
		const { email, mailed, url, invitation } = made.answer, link = url ?? pageLink("invitation", invitation);
		if (mailed)
			say(T.sent(email));
		else
			await show({ title: T.madeTitle, text: [T.madeText], content: [copyable(T.link, link)] });
	}

	async #revoke(id) {
		await this.attempt(async () => {
			await this.context.api.send("DELETE", `v1/invitations/${id}`);
			await this.refresh();
			say(T.revoked);
		});
	}
}
