/* app - the page: what happens when */
import { Api, Problem, request } from "./api.js";
import { byId, oncePerFrame } from "./dom.js";
import { History } from "./history.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { PetMap } from "./map.js";
import { Pets } from "./pets.js";
import { Session } from "./session.js";

const TRAIL_FIXES = 60; /* read for each pet at the start */
const TRAILS_AT_ONCE = 4;
const RETRY_MS = 5000;
const STATES = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", offline: "Offline" };

class App {
	#session;
	#api;
	#live;
	#pets = new Pets();
	#list = new List(this.#pets);
	#map;
	#history;
	#selected = null;
	#follow = false;
	#dirty = new Set(); /* pets to be drawn */
	#drawSoon = oncePerFrame(() => this.#draw());

	constructor(config) {
		const authUrl = folder(config.auth_url);

		this.#session = new Session(authUrl);
		this.#api = new Api(authUrl, this.#session);
		this.#live = new Live(socketUrl(config.live_url), this.#session);
		byId("app").hidden = false; /* the map must know its size */
		this.#map = new PetMap(byId("map"), config);
		this.#history = new History(this.#api, this.#map);
		this.#listen();
	}

	#listen() {
		byId("login-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#logIn();
		});
		byId("log-out").addEventListener("click", () => {
			this.#session.logOut();
			this.#leave("");
		});
		byId("show-all").addEventListener("click", () => {
			this.#select(null);
			this.#map.fitAll();
		});
		this.#session.addEventListener("end", () => this.#leave("Your session has ended. Please log in again."));

		this.#pets.addEventListener("devices", () => this.#devicesChanged());
		this.#pets.addEventListener("fix", ({ detail }) => this.#fixCame(detail));
		this.#list.addEventListener("select", ({ detail }) => this.#select(detail));
		this.#list.addEventListener("follow", ({ detail }) => this.#setFollow(detail));
		this.#list.addEventListener("history", ({ detail }) => this.#history.open(this.#pets.get(detail)));
		this.#map.addEventListener("select", ({ detail }) => this.#select(detail));
		this.#map.addEventListener("moved", () => this.#setFollow(false));

		this.#live.addEventListener("state", ({ detail }) => showState(detail));
		this.#live.addEventListener("positions", ({ detail }) => this.#pets.addPositions(detail));
		this.#live.addEventListener("devices", () => this.#attempt(() => this.#loadDevices()));
		this.#live.addEventListener("gap", () => this.#attempt(() => this.#loadPositions()));
	}

	/* ---- coming and going ---- */

	start() {
		if (this.#session.resumable)
			this.#enter();
		else
			this.#leave("");
	}

	async #logIn() {
		const form = byId("login-form"), button = form.querySelector("button");

		if (!form.reportValidity())
			return;
		button.disabled = true;
		byId("login-error").textContent = "";
		try {
			await this.#session.logIn(form.email.value, form.password.value);
			form.reset();
			this.#enter();
		} catch (problem) {
			byId("login-error").textContent =
				problem.code === "invalid_credentials" ? "E-mail or password is wrong." : problem.message;
			form.password.select();
		} finally {
			button.disabled = false;
		}
	}

	/* The stream is opened last: what it brings finds its pet. */
	async #enter() {
		byId("login").hidden = true;
		byId("app").hidden = false;
		await this.#attempt(async () => {
			await this.#loadDevices();
			this.#pets.addPositions(await this.#api.latest());
			this.#draw();
			this.#map.fitAll();
			this.#live.start();
			await this.#loadTrails();
		});
	}

	#leave(why) {
		this.#live.stop();
		this.#history.close();
		this.#select(null);
		this.#pets.clear();
		byId("notice").hidden = true;
		byId("app").hidden = true;
		byId("login").hidden = false;
		byId("login-error").textContent = why;
		byId("email").focus();
	}

	/* Runs @work until it succeeds; what goes wrong is said above the list. */
	async #attempt(work) {
		try {
			await work();
			byId("notice").hidden = true;
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			if (byId("app").hidden)
				return;
			byId("notice").hidden = false;
			byId("notice").textContent = problem.message;
			setTimeout(() => byId("app").hidden || this.#attempt(work), RETRY_MS);
		}
	}

	/* ---- reading ---- */

	async #loadDevices() {
		this.#pets.setDevices(await this.#api.devices());
	}

	async #loadPositions() {
		this.#pets.addPositions(await this.#api.latest());
		await this.#loadTrails();
	}

	async #loadTrails() {
		const waiting = this.#pets.all();
		const work = async () => {
			for (let pet = waiting.shift(); pet; pet = waiting.shift())
				this.#pets.addPositions(await this.#api.newest(pet.id, TRAIL_FIXES));
		};

		await Promise.all(Array.from({ length: TRAILS_AT_ONCE }, work));
	}

	/* ---- showing ---- */

	#devicesChanged() {
		for (const id of this.#map.ids)
			if (!this.#pets.get(id))
				this.#map.remove(id);
		if (this.#selected && !this.#pets.get(this.#selected))
			this.#select(null);
		for (const pet of this.#pets.all())
			this.#dirty.add(pet);
		this.#drawSoon();
	}

	#fixCame({ pet, fix }) {
		this.#dirty.add(pet);
		this.#history.add(pet, fix);
		this.#drawSoon();
	}

	#draw() {
		for (const pet of this.#dirty)
			if (this.#pets.get(pet.id) === pet)
				this.#map.show(pet);
		this.#dirty.clear();
		const followed = this.#follow && !this.#history.pet && this.#pets.get(this.#selected);
		if (followed?.fix)
			this.#map.keepInSight(followed.fix);
	}

	#select(id) {
		if (id !== this.#selected)
			this.#setFollow(false);
		if (this.#history.pet && this.#history.pet.id !== id)
			this.#history.close();
		this.#selected = id;
		this.#list.select(id);
		this.#map.select(id);
		if (id && !this.#history.pet)
			this.#map.goTo(this.#pets.get(id));
	}

	#setFollow(on) {
		this.#follow = on;
		this.#list.setFollow(on);
		if (on)
			this.#map.goTo(this.#pets.get(this.#selected));
	}
}

function showState(state) {
	byId("status").dataset.state = state;
	byId("status").textContent = STATES[state];
}

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
			byId("login").hidden = false;
			byId("login-error").textContent = problem.message;
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
	}
}

new App(await readConfig()).start();
