/* stranger - one pet, for who came by a link: no account, no log-in */
import { Api } from "./api.js";
import { byId, focusOn, make } from "./dom.js";
import { MapPage } from "./map_page.js";
import { ShareSession } from "./share_session.js";
import { TEXTS } from "./texts.js";
import { shortTime } from "./time.js";

const { stranger: T } = TEXTS;
const RETRY_MS = 5000;

export class Stranger {
	#config;
	#authUrl;
	#liveUrl;
	#session;
	#page = null;
	#terms; /* what the link shows, as text */

	constructor({ config, authUrl, liveUrl }) {
		this.#config = config;
		this.#authUrl = authUrl;
		this.#liveUrl = liveUrl;
		this.#session = new ShareSession(authUrl);
		this.#session.addEventListener("end", () => this.#end());
		this.#session.addEventListener("open", ({ detail }) => this.#page && this.#compare(detail));
		addEventListener("hashchange", () => location.reload()); /* another link was followed in this tab */
	}

	async start() {
		try {
			this.#show(await this.#session.open());
		} catch (problem) {
			if (problem.status !== 0 && problem.status < 500 && problem.status !== 429)
				return; /* the end was told */
			tell(T.waitTitle, problem.text);
			setTimeout(() => this.start(), RETRY_MS);
		}
	}

	/* @link: what auth says of it. */
	#show(link) {
		const { device } = link, name = device.pet_name ?? device.name;
		const may = {
			live: link.live,
			history: link.history,
			from: link.from ? Date.parse(link.from) : undefined,
			until: link.until ? Date.parse(link.until) : undefined,
		};

		this.#terms = termsOf(link);
		byId("guest").hidden = true;
		byId("app").classList.add("for-stranger");
		document.title = `${name} – ${TEXTS.title}`;
		this.#explain(link);
		this.#page = new MapPage({
			config: this.#config,
			api: new Api(this.#authUrl, this.#session),
			session: this.#session,
			liveUrl: this.#liveUrl,
			devices: async () => [{ id: device.id, name: device.name, blur: link.blur, pet: { ...device.pet, name } }],
			may,
		});
		this.#page.start().then(() => this.#page.select(device.id));
	}

	/* Its owner may have changed what it shows. */
	#compare(link) {
		if (termsOf(link) !== this.#terms)
			location.reload();
	}

	/* What the link shows, below the pet. */
	#explain({ expires, live, blur }) {
		byId("about-link").hidden = false;
		byId("about-link").replaceChildren(
			...[T.until(shortTime(Date.parse(expires))), blur ? T.blurred : null, live ? null : T.notLive]
				.filter(Boolean).map((textContent) => make("p", { textContent })),
			make("p", {}, toOwn()));
	}

	#end() {
		this.#page?.stop();
		tell(T.endedTitle, T.ended, toOwn());
	}
}

function termsOf({ live, history, from, until, blur, expires }) {
	return JSON.stringify({ live, history, from, until, blur, expires });
}

/* The way to one's own pets, or to the log-in. */
function toOwn() {
	const link = make("a", { href: "./", textContent: T.mine });

	link.addEventListener("click", () => ShareSession.forget());
	return link;
}

function tell(title, text, ...more) {
	const heading = make("h1", { textContent: title });

	byId("guest").hidden = false;
	byId("guest").replaceChildren(make("div", { className: "card" },
		make("img", { className: "guest-mark", src: "icons/pettrack.svg", alt: "", width: 56, height: 56 }),
		heading, make("p", { className: "muted", role: "status", textContent: text }), ...more));
	document.title = `${title} – ${TEXTS.title}`;
	focusOn(heading);
}
