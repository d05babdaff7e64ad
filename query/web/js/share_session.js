/*
 * share_session - a stranger, let in by a link to one pet
 *
 * The link's token lives in sessionStorage, so that a reload shows the pet again: it ends with the tab. The access
 * tokens that it is traded for live in memory only. As a Session (session.js) to those that ask for tokens.
 *
 * Events: "end" when the link is good no more; "open", with what auth told, each time it was traded.
 */
import { request } from "./api.js";

const STORED = "pettrack.share";
const RENEW_BEFORE_MS = 30_000;

export class ShareSession extends EventTarget {
	#authUrl;
	#access = null;
	#goodUntil = 0;
	#opening = null;

	constructor(authUrl) {
		super();
		this.#authUrl = authUrl;
	}

	/* Whether this tab has come by a link. */
	static get kept() {
		return sessionStorage.getItem(STORED) !== null;
	}

	static keep(token) {
		sessionStorage.setItem(STORED, token);
	}

	static forget() {
		sessionStorage.removeItem(STORED);
	}

	async token() {
		if (this.#access && Date.now() < this.#goodUntil - RENEW_BEFORE_MS)
			return this.#access;
		return this.freshToken();
	}

	async freshToken() {
		return (await this.open()).access_token;
	}

	/* Trades the link's token: what auth answers. Those who ask at the same time share it. Throws Problem. */
	open() {
		this.#opening ??= this.#open().finally(() => {
			this.#opening = null;
		});
		return this.#opening;
	}

	async #open() {
		try {
			const answer = await request(new URL("v1/links/open", this.#authUrl),
				{ method: "POST", body: { token: sessionStorage.getItem(STORED) } });

			this.#access = answer.access_token;
			this.#goodUntil = Date.now() + answer.expires_in * 1000;
			this.dispatchEvent(new CustomEvent("open", { detail: answer }));
			return answer;
		} catch (problem) {
			if (problem.status >= 400 && problem.status < 500 && problem.status !== 429)
				this.dispatchEvent(new Event("end"));
			throw problem;
		}
	}
}
