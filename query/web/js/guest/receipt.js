/* receipt - an account that is being deleted, and how far that is */
import { copyable } from "../copyable.js";
import { make } from "../dom.js";
import { TEXTS } from "../texts.js";
import { fullTime } from "../time.js";
import { toLogIn } from "./links.js";

const { data: T } = TEXTS;
const ASK_MS = 2000;

/* @receipt: of POST /v1/account/deletion. */
export function receipt({ api }, { receipt: id }) {
	const state = make("p", { role: "status", textContent: T.running });
	const erased = make("ul", { className: "plain" });

	watch(api, id, state, erased);
	return {
		title: T.receiptTitle,
		intro: T.receiptText,
		content: [copyable(T.receipt, id), state, erased, toLogIn()],
	};
}

/* Asks until all is erased, or the reader has gone on. */
async function watch(api, id, state, erased) {
	do {
		await new Promise((resolve) => setTimeout(resolve, ASK_MS));
		const answer = await api.read(`v1/erasures/${id}`).catch((problem) => ({ problem }));

		if (answer.status === "done") {
			state.textContent = T.finished(fullTime(Date.parse(answer.finished)));
			erased.replaceChildren(...Object.entries(answer.erased ?? {}).map(([name, n]) =>
				make("li", { textContent: T.erased(n, name) })));
			return;
		}
	} while (state.isConnected);
}
