/* dom - the page's elements, found and made */

let made = 0;

/* The element with this id; they are all in index.html. */
export function byId(id) {
	return document.getElementById(id);
}

/* An id that no element has, for what another one refers to. */
export function newId() {
	return `made-${++made}`;
}

/* A new element: properties are set as properties, "data-..." and "aria-..." and role as attributes. */
export function make(tag, properties = {}, ...children) {
	const element = document.createElement(tag);

	for (const [name, value] of Object.entries(properties)) {
		if (value === undefined || value === null)
			continue;
		if (name.includes("-") || name === "role")
			element.setAttribute(name, value);
		else
			element[name] = value;
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

/*
 * A button with @text. @about is read out after the text and not shown: what tells it from others of the same text.
 * @key: the same of the button that stands for this one when its view is drawn anew.
 */
export function button(text, click, { about, key, style = "" } = {}) {
	const element = make("button", { type: "button", className: `button ${style}`, "data-key": key }, text,
		about ? make("span", { className: "unseen", textContent: ` ${about}` }) : null);

	element.addEventListener("click", click);
	return element;
}

/* Where focus goes when what had it is gone. */
export function focusOn(element) {
	element.tabIndex = -1;
	element.focus();
}

/* Runs @work once before the next frame, however often it is asked for. */
export function oncePerFrame(work) {
	let waiting = false;

	return () => {
		if (waiting)
			return;
		waiting = true;
		requestAnimationFrame(() => {
			waiting = false;
			work();
		});
	};
}
