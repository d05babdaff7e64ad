/* sharing - pets of others that the reader sees or is offered, and the reader's that others see */
import { confirm } from "../dialog.js";
import { button } from "../dom.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { View, block, rows } from "../view.js";
import { grantRow } from "./grants.js";

const { sharing: T, grants: G } = TEXTS;

export class SharingView extends View {
	constructor(context) {
		super(context, T.title);
	}

	async read() {
		const { api } = this.context;
		const [received, given] = await Promise.all(
			["received", "given"].map((side) => api.list(`v1/grants?side=${side}`, "grants")));

		return { received, given };
	}

	draw({ received, given }) {
		const asked = received.filter(({ state }) => state === "pending");
		const accepted = received.filter(({ state }) => state === "accepted");

		return [
			block(T.asked, rows(asked.map((each) => this.#offer(each)), T.askedNone)),
			block(T.received, rows(accepted.map((each) => this.#received(each)), T.receivedNone)),
			block(T.given, rows(given.map((each) => grantRow(this, each, nameOf(each.device))), T.givenNone)),
		];
	}

	#offer({ id, device, owner, rights }) {
		const name = nameOf(device);

		return {
			name,
			facts: [T.from(owner.name ?? owner.email), G.rightsOf[rights] ?? rights],
			actions: [
				button(T.accept, () => this.#answer(id, "accept", T.accepted(name)), { about: name, style: "primary" }),
				button(T.decline, () => this.#answer(id, "decline", T.declined(name)), { about: name }),
			],
		};
	}

	#received({ id, device, owner, rights }) {
		const name = nameOf(device);

		return {
			name,
			facts: [T.from(owner.name ?? owner.email), G.rightsOf[rights] ?? rights],
			actions: [button(T.leave, () => this.#leave(id, name), { about: name })],
		};
	}

	async #answer(id, how, text) {
		await this.attempt(async () => {
			await this.context.api.send("POST", `v1/grants/${id}/${how}`);
			this.context.reloadPets();
			await this.refresh();
			say(text);
		});
	}

	async #leave(id, name) {
		const sure = await confirm({
			title: T.leaveTitle(name),
			text: [T.leaveText],
			submit: T.leave,
			send: () => this.context.api.send("DELETE", `v1/grants/${id}`),
		});

		if (!sure)
			return;
		this.context.reloadPets();
		await this.refresh();
		say(T.left(name));
	}
}

function nameOf({ name, pet_name: petName }) {
	return petName ?? name;
}
