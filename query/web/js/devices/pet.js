/* pet - one pet: what is known of it, its tracker, and who else sees it */
import { confirm } from "../dialog.js";
import { button, make } from "../dom.js";
import { Form } from "../form.js";
import { say } from "../say.js";
import { grantsBlock, readGrants } from "../sharing/grants.js";
import { linksBlock, readLinks } from "../sharing/links.js";
import { TEXTS } from "../texts.js";
import { View, block, buttons, paragraph } from "../view.js";
import { petFields, petOf, trackerNameField } from "./fields.js";
import { showSecret } from "./secret.js";

const { pets: T } = TEXTS;

export class PetView extends View {
	#id;

	constructor(context, id) {
		super(context, context.pets.get(id)?.name ?? T.title,
			[make("p", { className: "up" }, make("a", { href: "#/pets", textContent: T.backToAll }))]);
		this.#id = id;
	}

	/* Whom it is shared with sees no more than that. */
	async read() {
		const { api } = this.context, path = `v1/devices/${this.#id}`, device = await api.read(path);
		const own = device.rights === "owner";
		const [grants, links] = own ? await Promise.all([readGrants(api, path), readLinks(api, path)]) : [];

		return { device, own, grants, links };
	}

	draw({ device, own, grants, links }) {
		this.title = nameOf(device);
		if (device.rights === "view")
			return [paragraph(sharedBy(device)), factsOf(device)];
		return [
			own ? null : paragraph(sharedBy(device)),
			block(T.petTitle, this.#petForm(device)),
			block(T.trackerTitle, ...this.#tracker(device, own)),
			...(own ? [grantsBlock(this, device, grants), linksBlock(this, device, links), this.#end()] : []),
		];
	}

	#petForm({ pet }) {
		return new Form({
			fields: petFields(pet ?? {}),
			submit: T.save,
			send: (values) => this.#change({ pet: petOf(values) }),
		}).element;
	}

	#tracker({ name, identifier }, own) {
		const form = new Form({
			fields: [trackerNameField(name)],
			submit: T.save,
			send: (values) => this.#change(values),
		});

		if (!own)
			return [form.element];
		return [
			paragraph(T.identified(identifier)),
			form.element,
			buttons(button(T.newSecret, () => this.#newSecret(identifier), { key: "secret" })),
		];
	}

	#end() {
		return buttons(button(T.remove, () => this.#delete(), { key: "delete", style: "danger" }));
	}

	async #change(members) {
		const device = await this.context.api.send("PATCH", `v1/devices/${this.#id}`, members);

		this.title = nameOf(device);
		this.context.reloadPets();
		say(T.saved);
	}

	async #newSecret(identifier) {
		let answer;
		const sure = await confirm({
			title: T.newSecret,
			text: [T.newSecretText],
			submit: T.newSecret,
			send: async () => {
				answer = await this.context.api.send("POST", `v1/devices/${this.#id}/secret`);
			},
		});

		if (sure)
			await showSecret(identifier, answer.secret);
	}

	async #delete() {
		const name = this.title;
		const sure = await confirm({
			title: T.removeTitle(name),
			text: [T.removeText],
			submit: T.removeSubmit,
			send: () => this.context.api.send("DELETE", `v1/devices/${this.#id}`),
		});

		if (!sure)
			return;
		this.context.reloadPets();
		this.context.go("#/pets");
		say(T.removed(name));
	}
}

function nameOf({ name, pet }) {
	return pet?.name ?? name;
}

function sharedBy({ owner }) {
	return T.shared(owner.name ?? owner.email);
}

/* What who may only see it is told. */
function factsOf({ name, pet }) {
	const facts = [[T.trackerName, name], [T.species, pet?.species], [T.breed, pet?.breed], [T.birth, pet?.birth]];

	return make("dl", { className: "facts" }, ...facts.filter(([, text]) => text).flatMap(([term, text]) => [
		make("dt", { textContent: term }),
		make("dd", { textContent: text }),
	]));
}
