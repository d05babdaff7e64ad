/*
 * view - what a person sees beside the pets in place of the map
 *
 * A view is a subclass with read(), which gives what is shown, and draw(data), which gives its elements. After something
 * was changed refresh() does both again; the focus stays on what stands for the element that had it (its data-key).
 */
import { byId, button, focusOn, make, newId } from "./dom.js";
import { Problem } from "./api.js";
import { say } from "./say.js";
import { TEXTS } from "./texts.js";

const { view: T } = TEXTS;

export class View {
	#content = make("div", { className: "view-content" });
	#heading;

	/* @context: see home.js. @title: the heading. @before: elements above what is read. */
	constructor(context, title, before = []) {
		this.context = context;
		this.#heading = make("h2", { id: "view-title", textContent: title });
		byId("view").replaceChildren(...before, this.#heading, this.#content);
		document.title = `${title} – ${TEXTS.title}`;
	}

	/* Shows it for the first time. */
	async open() {
		this.#content.replaceChildren(make("p", { className: "muted", role: "status", textContent: T.loading }));
		focusOn(this.#heading);
		byId("view").scrollTop = 0;
		await this.refresh();
	}

	/* Reads and draws anew. A view that another one has taken the place of draws for nobody, which does no harm. */
	async refresh() {
		const focused = document.activeElement, held = this.#content.contains(focused);

		try {
			const data = await this.read();
			this.#content.replaceChildren(...this.draw(data).filter(Boolean));
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			this.#content.replaceChildren(make("p", { className: "error", role: "alert", textContent: problem.text }),
				button(T.again, () => this.refresh()));
		}
		if (held)
			this.#refocus(focused);
	}

	/* Runs @work; what is refused is said. */
	async attempt(work) {
		try {
			await work();
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			say(problem.text);
		}
	}

	#refocus({ dataset: { key }, isConnected }) {
		if (isConnected)
			return;
		const heir = key && [...this.#content.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);

		if (heir)
			heir.focus();
		else
			focusOn(this.#heading);
	}

	get title() {
		return this.#heading.textContent;
	}

	/* The heading, once it is known what it should say. */
	set title(text) {
		this.#heading.textContent = text;
		document.title = `${text} – ${TEXTS.title}`;
	}
}

/* ---- what views are made of ---- */

/* A part of a view, with a heading. */
export function block(title, ...children) {
	const id = newId();

	return make("section", { className: "block card", "aria-labelledby": id },
		make("h3", { id, textContent: title }), ...children);
}

export function paragraph(text, className = "muted") {
	return make("p", { className, textContent: text });
}

/* A list of things, each with a name, what is known of it, and what can be done: [{ name, facts, mark, actions }]. Where
 * there are none that is said. */
export function rows(items, none) {
	if (items.length === 0)
		return paragraph(none);
	return make("ul", { className: "rows" }, ...items.map(row));
}

function row({ name, facts = [], mark, actions = [] }) {
	const badge = mark ? make("span", { className: "mark", textContent: mark }) : null;

	return make("li", { className: "row" },
		make("div", { className: "row-text" },
			make("p", { className: "row-name" }, name, badge),
			...facts.filter(Boolean).map((text) => paragraph(text, "row-facts"))),
		make("div", { className: "row-actions" }, ...actions));
}

export function buttons(...children) {
	return make("div", { className: "buttons" }, ...children);
}
