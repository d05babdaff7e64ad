/* api - requests to auth and query, and what they may answer */
import { explain } from "./texts.js";

const TIMEOUT_MS = 15_000, DOWNLOAD_MS = 10 * 60_000;

/* An answer that is not a success. @status 0: there was no answer. @wait: for so many seconds nothing else is. */
export class Problem extends Error {
	constructor(status, code, detail, wait) {
		super(detail || `The server answered ${status}.`);
		this.status = status;
		this.code = code;
		this.wait = wait;
	}

	/* As a plain sentence. */
	get text() {
		return explain(this).text;
	}
}

async function problemOf(response) {
	const body = await response.json().catch(() => ({}));

	return new Problem(response.status, body.code, body.detail || body.title, Number(response.headers.get("Retry-After")));
}

/* The response, once it is a success. Throws Problem. */
async function ask(url, { method = "GET", body, token, accept = "application/json", timeout = TIMEOUT_MS }) {
	const headers = { Accept: accept };

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
			signal: AbortSignal.timeout(timeout),
			credentials: "omit",
			cache: "no-store",
		});
	} catch {
		throw new Problem(0, "no_answer");
	}
	if (!response.ok)
		throw await problemOf(response);
	return response;
}

/* JSON in, JSON out; null for an empty answer. Throws Problem. */
export async function request(url, options = {}) {
	const response = await ask(url, options), text = await response.text();

	return text === "" ? null : JSON.parse(text);
}

/* What the page may ask for who has a session, see session.js: a person, or a stranger with a link. */
export class Api {
	#authUrl;
	#session;

	constructor(authUrl, session) {
		this.#authUrl = authUrl;
		this.#session = session;
	}

	/* A token that was revoked early is refused: then once more with a fresh one. */
	async #withToken(work) {
		try {
			return await work(await this.#session.token());
		} catch (problem) {
			if (problem.status !== 401 || !["invalid_token", "unauthorized"].includes(problem.code))
				throw problem;
			return work(await this.#session.freshToken());
		}
	}

	#get(url) {
		return this.#withToken((token) => request(url, { token }));
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

	/* ---- auth ---- */

	/* auth.send("POST", "v1/tokens", {...}): what it answers. */
	send(method, path, body) {
		return this.#withToken((token) => request(new URL(path, this.#authUrl), { method, body, token }));
	}

	read(path) {
		return this.send("GET", path);
	}

	/* Every item of auth's list at @path, up to 1000. */
	list(path, member) {
		return this.#all(new URL(path, this.#authUrl), member, 1000);
	}

	/* One's own, then those that are shared with one. */
	async devices() {
		const lists = await Promise.all(["false", "true"].map((shared) =>
			this.list(`v1/devices?limit=100&shared=${shared}`, "devices")));

		return lists.flat();
	}

	/* ---- query ---- */

	/* All that is held of the person, an archive. */
	async export() {
		const url = new URL("v1/export", document.baseURI);
		const response = await this.#withToken((token) => ask(url, { token, accept: "*/*", timeout: DOWNLOAD_MS }));

		return response.blob().catch(() => {
			throw new Problem(0, "no_answer");
		});
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

/* What the page may ask for whom it does not know. @path is auth's. */
export class PublicApi {
	#authUrl;

	constructor(authUrl) {
		this.#authUrl = authUrl;
	}

	post(path, body) {
		return request(new URL(path, this.#authUrl), { method: "POST", body });
	}

	read(path) {
		return request(new URL(path, this.#authUrl));
	}
}
