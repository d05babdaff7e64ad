/* links - links by which strangers see one pet, for a while */
import { pageLink } from "../arrival.js";
import { copyable } from "../copyable.js";
import { ask, confirm, show } from "../dialog.js";
import { button } from "../dom.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { shortTime } from "../time.js";
import { block, buttons, paragraph, rows } from "../view.js";
import { linkFields, linkOf } from "./link_fields.js";

const { links: T } = TEXTS;

/* @path: the device's. */
export async function readLinks(api, path) {
	return (await api.read(`${path}/links`)).links;
}

/* The part of @view about @device's links. */
export function linksBlock(view, device, links) {
	return block(T.title, paragraph(T.intro),
		rows(links.map((link) => row(view, link)), T.none),
		buttons(button(T.add, () => add(view, device.id), { key: "add-link" })));
}

function nameOf({ label }) {
	return label ?? T.unnamed;
}

function row(view, link) {
	const expires = Date.parse(link.expires), over = expires <= Date.now(), name = nameOf(link);

	return {
		name,
		mark: over ? T.over : undefined,
		facts: [
			`${shownBy(link)}, ${T.exactness[link.blur]}`,
			windowOf(link),
			`${(over ? T.expired : T.good)(shortTime(expires))}, ${T.opened(link.uses)}`,
		],
		actions: [
			button(T.renew, () => change(view, link), { about: name, key: `renew-${link.id}` }),
			button(T.revoke, () => revoke(view, link), { about: name }),
		],
	};
}

function shownBy({ live, history }) {
	if (live && history)
		return T.shows.both;
	return live ? T.shows.live : T.shows.history;
}

/* The times that it shows, in words; null when it is bounded by none. */
function windowOf({ from, until }) {
	if (!from && !until)
		return null;
	return T.window(from && shortTime(Date.parse(from)), until && shortTime(Date.parse(until)));
}

async function add(view, id) {
	const made = await ask({
		title: T.addTitle(view.title),
		form: {
			fields: linkFields(),
			submit: T.addSubmit,
			send: (values) => view.context.api.send("POST", `v1/devices/${id}/links`, linkOf(values)),
		},
	});

	if (!made)
		return;
	const link = made.answer.url ?? pageLink("share", made.answer.token);
	await view.refresh();
	await show({ title: T.madeTitle, text: [T.madeText], content: [copyable(T.link, link)] });
}

/* Renews it, too: a link that has ended is good again. */
async function change(view, link) {
	const done = await ask({
		title: T.renewTitle(nameOf(link)),
		form: {
			fields: linkFields(link),
			submit: T.renewSubmit,
			send: (values) => view.context.api.send("PATCH", `v1/links/${link.id}`, linkOf(values)),
		},
	});

	if (!done)
		return;
	await view.refresh();
	say(T.renewed(done.values.label));
}

async function revoke(view, link) {
	const label = nameOf(link);
	const sure = await confirm({
		title: T.revokeTitle(label),
		text: [T.revokeText],
		submit: T.revoke,
		send: () => view.context.api.send("DELETE", `v1/links/${link.id}`),
	});

	if (!sure)
		return;
	await view.refresh();
	say(T.revoked(label));
}
