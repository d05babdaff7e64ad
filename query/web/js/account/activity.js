/* activity - the account's audit log */
import { button, make } from "../dom.js";
import { TEXTS } from "../texts.js";
import { shortTime } from "../time.js";
import { View, buttons, paragraph } from "../view.js";
import { clientName } from "./client.js";
import { sections } from "./sections.js";

const { activity: T } = TEXTS;
const PAGE = 50;

export class ActivityView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.activity, [sections("activity")]);
	}

	read() {
		return this.context.api.read(`v1/audit?limit=${PAGE}`);
	}

	draw({ events, next }) {
		if (events.length === 0)
			return [paragraph(T.none)];
		const body = make("tbody", {}, ...events.map(line));
		const table = make("table", { className: "log" },
			make("thead", {}, make("tr", {}, ...Object.values(T.columns).map((textContent) =>
				make("th", { scope: "col", textContent })))),
			body);

		return [paragraph(T.intro), table, this.#more(body, next)];
	}

	/* A button that adds the next page; none after the last. */
	#more(body, next) {
		if (!next)
			return null;
		const more = button(TEXTS.view.more, () => this.attempt(async () => {
			const page = await this.context.api.read(`v1/audit?limit=${PAGE}&cursor=${encodeURIComponent(next)}`);
			const lines = page.events.map(line);
			body.append(...lines);
			more.parentElement.replaceWith(this.#more(body, page.next) ?? "");
			lines[0]?.focus();
		}));

		return buttons(more);
	}
}

/* The lines can have the focus, so that it goes to the first that came. */
function line({ time, event, address, agent, who, name, changed, count }) {
	const details = [name, changed, who, address ? T.from(address) : null,
		agent ? clientName(agent) : null, count > 1 ? T.times(count) : null].filter(Boolean).join(", ");

	return make("tr", { tabIndex: -1 },
		make("td", { textContent: shortTime(Date.parse(time)) }),
		make("td", { textContent: T.events[event] ?? event.replaceAll(/[._]/g, " ") }),
		make("td", { className: "muted", textContent: details }));
}
