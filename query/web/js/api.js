/* api - requests to auth and query, and what they may answer */

const TIMEOUT_MS = 15_000;

/* An answer that is not a success. @status 0: there was no answer. */
export class Problem extends Error {
	constructor(status, code, detail) {
		super(detail || `The server answered ${status}.`);
		this.status = status;
		this.code = code;
	}
}

async function problemOf(response) {
	const body = await response.json().catch(() => ({}));

	return new Problem(response.status, body.code, body.detail || body.title);
}

/* JSON in, JSON out; null for an empty answer. Throws Problem. */
export async function request(url, { method = "GET", body, token } = {}) {
	const headers = { Accept: "application/json" };

	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	if (token)
		headers.Authorization = `Bearer ${token}`;

	let response;
	try {
		response = await fetch(url, {
			method,
			headers,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(TIMEOUT_MS),
			credentials: "omit",
			cache: "no-store",
		});
	} catch {
		throw new Problem(0, "no_answer", "No answer from the server. Is there a connection?");
	}
	if (!response.ok)
		throw await problemOf(response);
	return response.status === 204 ? null : response.json();
}

/* What the page may ask once a person is logged in. @session gives tokens, see session.js. */
export class Api {
	#authUrl;
	#session;

	constructor(authUrl, session) {
		this.#authUrl = authUrl;
		this.#session = session;
	}

	/* A token that was revoked early is answered with 401: then once more with a fresh one. */
	async #get(url) {
		try {
			return await request(url, { token: await this.#session.token() });
		} catch (problem) {
			if (problem.status !== 401)
				throw problem;
			return request(url, { token: await this.#session.freshToken() });
		}
	}

	/* Items of every page of a list, at most @max. */
	async #all(url, member, max) {
		const items = [];
		let cursor = null;

		do {
			const next = new URL(url);
			if (cursor)
				next.searchParams.set("cursor", cursor);
			const page = await this.#get(next);
			items.push(...page[member]);
			cursor = page.next;
		} while (cursor && items.length < max);
		return items.slice(0, max);
	}

	devices() {
		return this.#all(new URL("v1/devices?limit=100", this.#authUrl), "devices", 1000);
	}

	latest() {
		return this.#all(new URL("v1/latest?limit=100", document.baseURI), "positions", 1000);
	}

	/* Positions of @device from @from up to, not including, @to (ms), ascending; at most @max. */
	history(device, from, to, max) {
		const url = new URL(`v1/history/${device}`, document.baseURI);

		url.searchParams.set("from", new Date(from).toISOString());
		url.searchParams.set("to", new Date(to).toISOString());
		url.searchParams.set("limit", Math.min(max, 5000));
		return this.#all(url, "positions", max);
	}

	/* The newest @n positions, newest first. */
	async newest(device, n) {
		const page = await this.#get(new URL(`v1/history/${device}?order=desc&limit=${n}`, document.baseURI));

		return page.positions;
	}
}
