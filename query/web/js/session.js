/*
 * session - who is logged in on this page
 *
 * The access token lives in memory only. The refresh token lives in sessionStorage, so that a reload does not log out:
 * it ends with the tab and is not sent by the browser on its own, as a cookie would be. A script of somebody else's on this
 * page could read it; that is what the Content-Security-Policy (own scripts only, nothing inline) is there to prevent,
 * and a stolen one that is used ends the session at its next use by the owner, since it is rotated and reuse is
 * noticed. A copy of the tab starts with the same refresh token: copies tell each other of the next one.
 *
 * Events: "end" when the session is over and a person must log in again.
 */
import { Problem, request } from "./api.js";

const STORED = "pettrack.refresh";
const RENEW_BEFORE_MS = 60_000;

export class Session extends EventTarget {
	#authUrl;
	#access = null;
	#goodUntil = 0;
	#renewing = null;
	#siblings = new BroadcastChannel("pettrack.session");

	constructor(authUrl) {
		super();
		this.#authUrl = authUrl;
		this.#siblings.addEventListener("message", ({ data }) => {
			if (data.was === sessionStorage.getItem(STORED))
				sessionStorage.setItem(STORED, data.now);
		});
	}

	/* Whether a session of before the reload may go on. */
	get resumable() {
		return sessionStorage.getItem(STORED) !== null;
	}

	/* @proof: { email, password } and, where it is asked for, code or recovery_code. */
	async logIn(proof) {
		this.#keep(await request(new URL("v1/sessions", this.#authUrl), { method: "POST", body: proof }));
	}

	/* Forgets at once, and tells auth, which may not hear it. */
	async logOut() {
		const token = this.#access;

		this.forget();
		if (token)
			await request(new URL("v1/sessions/current", this.#authUrl), { method: "DELETE", token }).catch(() => {});
	}

	/* An access token that is good for a while yet. Throws Problem; after a refusal the session has ended. */
	async token() {
		if (this.#access && Date.now() < this.#goodUntil - RENEW_BEFORE_MS)
			return this.#access;
		return this.freshToken();
	}

	/* A new access token. Those who ask at the same time share it. */
	freshToken() {
		this.#renewing ??= this.#renew().finally(() => {
			this.#renewing = null;
		});
		return this.#renewing;
	}

	async #renew() {
		const refresh = sessionStorage.getItem(STORED);

		if (refresh === null)
			throw new Problem(401, "invalid_token", "Please log in.");
		try {
			this.#keep(await request(new URL("v1/sessions/refresh", this.#authUrl),
				{ method: "POST", body: { refresh_token: refresh } }));
		} catch (problem) {
			if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
				this.forget();
				this.dispatchEvent(new Event("end"));
			}
			throw problem;
		}
		this.#siblings.postMessage({ was: refresh, now: sessionStorage.getItem(STORED) });
		return this.#access;
	}

	#keep(answer) {
		this.#access = answer.access_token;
		this.#goodUntil = Date.now() + answer.expires_in * 1000;
		sessionStorage.setItem(STORED, answer.refresh_token);
	}

	/* The session is over; auth knows, or hears it from another. */
	forget() {
		this.#access = null;
		sessionStorage.removeItem(STORED);
	}
}
