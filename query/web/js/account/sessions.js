/* sessions - where the person is logged in */
import { confirm } from "../dialog.js";
import { button } from "../dom.js";
import { say } from "../say.js";
import { TEXTS } from "../texts.js";
import { ago } from "../time.js";
import { View, buttons, paragraph, rows } from "../view.js";
import { clientName } from "./client.js";
import { sections } from "./sections.js";

const { sessions: T } = TEXTS;

export class SessionsView extends View {
	constructor(context) {
		super(context, TEXTS.account.sections.sessions, [sections("sessions")]);
	}

	async read() {
		return (await this.context.api.read("v1/sessions")).sessions;
	}

	draw(sessions) {
		return [
			paragraph(T.intro),
			rows(sessions.map((each) => this.#row(each)), ""),
			sessions.length > 1 ? buttons(button(T.endOthers, () => this.#endOthers(), { key: "others" })) : null,
		];
	}

	#row({ id, client, address, last_used: used, current }) {
		const name = clientName(client);

		return {
			name,
			mark: current ? T.here : undefined,
			facts: [T.facts(address, ago(Date.parse(used), Date.now()))],
			actions: current ? [] : [button(T.end, () => this.#end(id), { about: name })],
		};
	}

	async #end(id) {
		await this.attempt(async () => {
			await this.context.api.send("DELETE", `v1/sessions/${id}`);
			await this.refresh();
			say(T.ended);
		});
	}

	async #endOthers() {
		const sure = await confirm({
			title: T.endOthersTitle,
			text: [T.endOthersText],
			submit: T.endOthers,
			send: () => this.context.api.send("DELETE", "v1/sessions"),
		});

		if (!sure)
			return;
		await this.refresh();
		say(T.othersEnded);
	}
}
