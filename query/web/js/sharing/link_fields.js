/* link_fields - what a link for strangers may show, as fields and as auth takes it */
import { textField } from "../fields.js";
import { TEXTS } from "../texts.js";
import { toLocalInput } from "../time.js";

const { links: T } = TEXTS;

function momentField(name, label, time) {
	return { name, label, type: "datetime-local", optional: true, value: time ? toLocalInput(Date.parse(time)) : "" };
}

/* @link: as it is; undefined for a new one. */
export function linkFields(link) {
	const expires = link ? [["", T.keep], ...T.expiresOptions] : T.expiresOptions;

	return [
		textField("label", T.label, { value: link?.label }),
		{ name: "expires", label: T.expires, type: "select", options: expires, value: link ? "" : "86400" },
		{ name: "live", label: T.live, type: "checkbox", value: link?.live ?? true, check: needEither },
		{ name: "history", label: T.history, type: "checkbox", value: link?.history ?? false },
		momentField("from", T.from, link?.from),
		{ ...momentField("until", T.until, link?.until), check: afterFrom },
		{ name: "blur", label: T.blur, type: "select", options: T.blurOptions, value: link ? String(link.blur ?? 0) : "0" },
	];
}

function needEither(live, { history }) {
	return live || history ? "" : T.neither;
}

function afterFrom(until, { from }) {
	return from && until <= from ? T.backwards : "";
}

/* As auth takes it; null takes a bound away. */
export function linkOf({ label, expires, live, history, from, until, blur }) {
	const utc = (local) => (local ? new Date(local).toISOString() : null);

	return {
		label, live, history, from: utc(from), until: utc(until), blur: Number(blur),
		...(expires && { expires_in_s: Number(expires) }),
	};
}
