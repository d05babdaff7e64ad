/* pets - the pets and their trackers; a new one */
import { ask } from "../dialog.js";
import { button, make } from "../dom.js";
import { textField } from "../fields.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { View, buttons, rows } from "../view.js";
import { petFields, petOf, trackerNameField } from "./fields.js";
import { showSecret } from "./secret.js";

const { pets: T } = TEXTS;
const ASKED_AT_FIRST = ["pet_name", "species"]; /* the rest may follow */

export class PetsView extends View {
	constructor(context) {
		super(context, T.title);
	}

	read() {
		return this.context.api.devices();
	}

	draw(devices) {
		return [
			rows(devices.map(rowOf), T.none),
			buttons(button(T.add, () => this.#add(), { key: "add", style: "primary" })),
		];
	}

	async #add() {
		const made = await ask({
			title: T.addTitle,
			form: {
				fields: [
					...petFields().filter(({ name }) => ASKED_AT_FIRST.includes(name)),
					trackerNameField(),
					textField("identifier", T.identifier, {
						hint: T.identifierHint, optional: true, properties: { pattern: "[A-Za-z0-9._\\-]{1,64}" },
					}),
					textField("code", T.claim, { hint: T.claimHint, optional: true }),
				],
				submit: T.addSubmit,
				send: ({ name, identifier, code, ...pet }) => this.context.api.send("POST", "v1/devices",
					{ name, identifier, code, pet: petOf(pet) ?? undefined }),
			},
		});

		if (!made)
			return;
		const { identifier, secret, name, pet } = made.answer;
		await showSecret(identifier, secret);
		this.context.reloadPets();
		await this.refresh();
		say(T.added(pet?.name ?? name));
	}
}

function rowOf({ id, name, pet, owner, rights }) {
	const link = make("a", { href: `#/pets/${id}`, className: "button", "data-key": id },
		rights === "view" ? T.look : T.manage,
		make("span", { className: "unseen", textContent: ` ${pet?.name ?? name}` }));

	return {
		name: pet?.name ?? name,
		facts: [pet?.name ? T.tracker(name) : null],
		mark: owner ? T.shared(owner.name ?? owner.email) : undefined,
		actions: [link],
	};
}
