/*
 * dialog - what is asked or shown in front of the page
 *
 * The browser keeps the focus inside while one is open, and Escape closes it. After that the focus is where it was
 * before, or, when that is gone, at the heading of the view.
 */
import { focusOn, make, newId } from "./dom.js";
import { Form } from "./form.js";
import { TEXTS } from "./texts.js";

const { dialog: T } = TEXTS;

/* Shows @content, which may be a function of close(result); resolves with that result, or null. */
function open(title, content, focus) {
	const opener = document.activeElement, id = newId();
	const dialog = make("dialog", { className: "dialog card", "aria-labelledby": id },
		make("h2", { id, textContent: title }));

	return new Promise((resolve) => {
		let result = null;
		const close = (value) => {
			result = value;
			dialog.close();
		};

		dialog.append(...content(close));
		dialog.addEventListener("close", () => {
			dialog.remove();
			if (opener?.isConnected && opener !== document.body)
				opener.focus();
			else
				focusOn(document.querySelector(".view:not([hidden]) h2") ?? document.querySelector("h1"));
			resolve(result);
		});
		document.body.append(dialog);
		dialog.showModal();
		focus?.();
	});
}

/*
 * Asks by a form, see form.js; @text are sentences before it. Resolves, after @form.send succeeded, with { answer,
 * values }; with null when it was closed.
 */
export function ask({ title, text = [], content = [], form }) {
	let made;

	return open(title, (close) => {
		made = new Form({
			...form,
			before: [...text.map((textContent) => make("p", { textContent })), ...content],
			done: (answer, values) => close({ answer, values }),
			cancel: () => close(null),
		});
		return [made.element];
	}, () => made.focus());
}

/* Shows elements until the reader is done with them. */
export function show({ title, text = [], content = [] }) {
	const done = make("button", { type: "button", className: "button primary", textContent: T.done });

	return open(title, (close) => {
		done.addEventListener("click", () => close(true));
		return [...text.map((textContent) => make("p", { textContent })), ...content,
			make("div", { className: "buttons" }, done)];
	});
}

/* Asks before something that cannot be taken back; true once @send succeeded. */
export async function confirm({ title, text, submit, send }) {
	return (await ask({ title, text, form: { fields: [], submit, style: "danger", send } })) !== null;
}
