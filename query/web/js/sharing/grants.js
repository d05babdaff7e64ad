/* grants - other people who see one pet */
import { ask, confirm } from "../dialog.js";
import { button } from "../dom.js";
import { emailField } from "../fields.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { block, buttons, rows } from "../view.js";

const { grants: T } = TEXTS;

/* @path: the device's. */
export async function readGrants(api, path) {
	return (await api.read(`${path}/grants`)).grants;
}

/* The part of @view about @device's grants. */
export function grantsBlock(view, device, grants) {
	return block(T.title,
		rows(grants.map((grant) => grantRow(view, grant)), T.none),
		buttons(button(T.add, () => share(view, device.id), { key: "share" })));
}

/* A grant that the reader has given, with a button that ends it. @name: of the device, where it is not plain. */
export function grantRow(view, { id, email, rights, state }, name) {
	return {
		name: name ?? email,
		facts: [name ? T.to(email) : null, T.rightsOf[rights] ?? rights],
		mark: state === "pending" ? T.pending : undefined,
		actions: [button(T.end, () => end(view, id, email), { about: name ? `${name}, ${email}` : email })],
	};
}

async function share(view, id) {
	const done = await ask({
		title: T.addTitle(view.title),
		text: [T.addText],
		form: {
			fields: [
				emailField("off", { label: T.email }),
				{ name: "rights", label: T.rights, type: "select", options: T.rightsOptions },
			],
			submit: T.addSubmit,
			send: (values) => view.context.api.send("POST", `v1/devices/${id}/grants`, values),
		},
	});

	if (!done)
		return;
	await view.refresh();
	say(T.asked(done.values.email));
}

async function end(view, id, email) {
	const sure = await confirm({
		title: T.endTitle(email),
		text: [T.endText],
		submit: T.endSubmit,
		send: () => view.context.api.send("DELETE", `v1/grants/${id}`),
	});

	if (!sure)
		return;
	await view.refresh();
	say(T.ended(email));
}
