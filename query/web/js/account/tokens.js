/* tokens - personal access tokens, for scripts */
import { copyable } from "../copyable.js";
import { ask, confirm, show } from "../dialog.js";
import { button } from "../dom.js";
import { textField } from "../fields.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { ago, shortTime } from "../time.js";
import { View, buttons, paragraph, rows } from "../view.js";
import { sections } from "./sections.js";

const { tokens: T } = TEXTS;
const SCOPES = Object.keys(T.scopes);

export class TokensView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.tokens, [sections("tokens")]);
	}

	async read() {
		return (await this.context.api.read("v1/tokens")).tokens;
	}

	draw(tokens) {
		return [
			paragraph(T.intro),
			rows(tokens.map((each) => this.#row(each)), T.none),
			buttons(button(T.add, () => this.#add(), { key: "add", style: "primary" })),
		];
	}

	#row({ id, name, scopes, expires, last_used: used }) {
		return {
			name,
			facts: [
				T.facts(scopes.map((scope) => T.scopes[scope] ?? scope).join(", "), shortTime(Date.parse(expires))),
				used ? T.used(ago(Date.parse(used), Date.now())) : null,
			],
			actions: [button(T.revoke, () => this.#revoke(id, name), { about: name })],
		};
	}

	async #add() {
		const made = await ask({
			title: T.addTitle,
			form: {
				fields: [
					textField("name", T.name, { hint: T.nameHint }),
					...SCOPES.map((name) => ({ name, label: T.scopes[name], type: "checkbox", check: needOne(name) })),
					{ name: "expires", label: T.expires, type: "select", options: T.expiresOptions, value: "30" },
				],
				submit: T.addSubmit,
				send: (values) => this.context.api.send("POST", "v1/tokens", {
					name: values.name,
					scopes: SCOPES.filter((scope) => values[scope]),
					expires_in_days: Number(values.expires),
				}),
			},
		});

		if (!made)
			return;
		await this.refresh();
		await show({ title: T.madeTitle, text: [T.madeText], content: [copyable(T.token, made.answer.token)] });
	}

	async #revoke(id, name) {
		const sure = await confirm({
			title: T.revokeTitle(name),
			text: [T.revokeText],
			submit: T.revoke,
			send: () => this.context.api.send("DELETE", `v1/tokens/${id}`),
		});

		if (!sure)
			return;
		await this.refresh();
		say(T.revoked(name));
	}
}

/* The first of the scopes speaks for all of them. */
function needOne(scope) {
	return (ticked, values) => (scope === SCOPES[0] && !SCOPES.some((each) => values[each]) ? T.noScope : "");
}
