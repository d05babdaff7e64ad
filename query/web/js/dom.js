/* dom - the page's elements, found and made */

/* The element with this id; they are all in index.html. */
export function byId(id) {
	return document.getElementById(id);
}

/* A new element: properties are set as properties, "data-..." and "aria-..." and role as attributes. */
export function make(tag, properties = {}, ...children) {
	const element = document.createElement(tag);

	for (const [name, value] of Object.entries(properties)) {
		if (name.includes("-") || name === "role")
			element.setAttribute(name, value);
		else
			element[name] = value;
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
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
