/* app - the page: who has come, and what is shown to them */
import { Api, PublicApi, request } from "./api.js";
import { takeArrival } from "./arrival.js";
import { byId } from "./dom.js";
import { Guest } from "./guest.js";
import { Home } from "./home.js";
import { Session } from "./session.js";
import { ShareSession } from "./share_session.js";
import { Stranger } from "./stranger.js";
import { TEXTS } from "./texts.js";

const RETRY_MS = 5000;

/* An URL that others are relative to. */
function folder(url) {
	return new URL(url.endsWith("/") ? url : `${url}/`, document.baseURI);
}

function socketUrl(url) {
	const absolute = new URL(url, document.baseURI);

	absolute.protocol = absolute.protocol.replace("http", "ws");
	return absolute;
}

async function readConfig() {
	for (;;) {
		try {
			return await request(new URL("v1/config", document.baseURI));
		} catch (problem) {
			byId("guest").hidden = false;
			byId("guest").textContent = problem.text;
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
	}
}

/* A person with an account, or who may have one. */
class Person {
	#session;
	#guest;
	#home;

	constructor(config, authUrl, liveUrl) {
		const session = new Session(authUrl), api = new Api(authUrl, session), publicApi = new PublicApi(authUrl);

		this.#session = session;
		this.#home = new Home({ config, api, session, liveUrl, leave: (why, view) => this.#leave(why, view) });
		this.#guest = new Guest(publicApi, session, () => this.#enter());
		session.addEventListener("end", () => this.#leave(TEXTS.sessionEnded));
	}

	/* @arrival: what takeArrival() gave. */
	begin(arrival) {
		if (arrival) {
			this.#home.stop();
			this.#guest.show(arrival.kind, arrival);
		} else if (this.#session.resumable) {
			this.#enter();
		} else {
			this.#leave("");
		}
	}

	/* The address has changed. */
	route() {
		if (this.#home.open)
			this.#home.route();
		else
			this.#guest.route();
	}

	#enter() {
		this.#guest.hide();
		this.#home.start();
	}

	/* @view: what a guest is shown in place of the log-in, { name, parameters }. */
	#leave(why, view) {
		this.#home.stop();
		if (view)
			this.#guest.show(view.name, view.parameters);
		else
			this.#guest.route(why);
	}
}

async function begin() {
	const arrival = takeArrival(); /* first of all: what is in the address must not stay there */
	const config = await readConfig(), authUrl = folder(config.auth_url), liveUrl = socketUrl(config.live_url);

	if (arrival?.kind === "share")
		ShareSession.keep(arrival.token);
	if (ShareSession.kept && (!arrival || arrival.kind === "share")) {
		new Stranger({ config, authUrl, liveUrl }).start();
	} else {
		const person = new Person(config, authUrl, liveUrl);
		person.begin(arrival);
		addEventListener("hashchange", () => {
			const next = takeArrival();
			if (next?.kind === "share") {
				ShareSession.keep(next.token);
				location.reload();
			} else if (next) {
				person.begin(next);
			} else {
				person.route();
			}
		});
	}
}

begin();
