/*
 * map_page - pets on the map and in the list beside it, live
 *
 * Of a person's pets, or of the one that a stranger's link shows: what may be asked is @api's, who asks its session's.
 */
import { Problem } from "./api.js";
import { byId, oncePerFrame } from "./dom.js";
import { History } from "./history.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { PetMap } from "./map.js";
import { Pets } from "./pets.js";
import { TEXTS } from "./texts.js";

const TRAIL_FIXES = 60; /* read for each pet at the start */
const TRAILS_AT_ONCE = 4;
const RETRY_MS = 5000;

export class MapPage extends EventTarget {
	#api;
	#live;
	#devices;
	#pets = new Pets();
	#list;
	#map;
	#history;
	#may;
	#running = false;
	#selected = null;
	#follow = false;
	#dirty = new Set(); /* pets to be drawn */
	#drawSoon = oncePerFrame(() => this.#draw());

	/*
	 * @devices gives the pets, as auth lists them. @may: { live, history, from, until }, what is shown of them. Events:
	 * "select" when a pet was selected, "devices" when there are others than before.
	 */
	constructor({ config, api, session, liveUrl, devices, may }) {
		super();
		this.#api = api;
		this.#devices = devices;
		this.#may = may;
		this.#list = new List(this.#pets, may);
		this.#live = new Live(liveUrl, session);
		byId("app").hidden = false; /* the map must know its size */
		this.#map = new PetMap(byId("map"), config);
		this.#history = new History(this.#api, this.#map, may);
		this.#listen();
	}

	get pets() {
		return this.#pets;
	}

	#listen() {
		byId("show-all").addEventListener("click", () => {
			this.select(null);
			this.#map.fitAll();
		});
		this.#pets.addEventListener("devices", () => this.#devicesChanged());
		this.#pets.addEventListener("fix", ({ detail }) => this.#fixCame(detail));
		this.#list.addEventListener("select", ({ detail }) => this.select(detail));
		this.#list.addEventListener("follow", ({ detail }) => this.#setFollow(detail));
		this.#list.addEventListener("history", ({ detail }) => {
			this.dispatchEvent(new Event("select"));
			this.#history.open(this.#pets.get(detail));
		});
		this.#map.addEventListener("select", ({ detail }) => this.select(detail));
		this.#map.addEventListener("moved", () => this.#setFollow(false));

		this.#live.addEventListener("state", ({ detail }) => showState(detail));
		this.#live.addEventListener("positions", ({ detail }) => this.#pets.addPositions(detail));
		this.#live.addEventListener("devices", () => this.reload());
		this.#live.addEventListener("gap", () => this.#attempt(() => this.#loadPositions(this.#pets.all())));
	}

	/* ---- coming and going ---- */

	/* Reads all and begins to follow. The stream is opened last: what it brings finds its pet. */
	async start() {
		byId("app").hidden = false;
		this.#running = true;
		showState(this.#may.live ? "connecting" : "still");
		await this.#attempt(async () => {
			await this.#loadDevices();
			if (this.#may.live)
				this.#pets.addPositions(await this.#api.latest());
			this.#draw();
			this.#map.fitAll();
			if (this.#may.live)
				this.#live.start();
			if (this.#may.live && this.#may.history)
				await this.#loadTrails(this.#pets.all());
		});
	}

	stop() {
		this.#running = false;
		this.#live.stop();
		this.#history.close();
		this.select(null);
		this.#pets.clear();
		byId("notice").hidden = true;
		byId("app").hidden = true;
	}

	/* There may be other pets than before, or they may be called otherwise. Where new ones are may have been told before
	 * they were known. */
	reload() {
		const before = new Set(this.#pets.all());

		return this.#attempt(async () => {
			await this.#loadDevices();
			const added = this.#pets.all().filter((pet) => !before.has(pet));
			if (added.length > 0)
				await this.#loadPositions(added);
		});
	}

	/* Runs @work until it succeeds; what goes wrong is said above the list. */
	async #attempt(work) {
		try {
			await work();
			byId("notice").hidden = true;
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			if (!this.#running)
				return;
			byId("notice").hidden = false;
			byId("notice").textContent = problem.text;
			setTimeout(() => this.#running && this.#attempt(work), RETRY_MS);
		}
	}

	/* ---- reading ---- */

	async #loadDevices() {
		this.#pets.setDevices(await this.#devices());
		this.dispatchEvent(new Event("devices"));
	}

	async #loadPositions(pets) {
		this.#pets.addPositions(await this.#api.latest());
		if (this.#may.history)
			await this.#loadTrails(pets);
	}

	async #loadTrails(pets) {
		const waiting = [...pets];
		const work = async () => {
			for (let pet = waiting.shift(); pet; pet = waiting.shift())
				this.#pets.addPositions(await this.#trail(pet));
		};

		await Promise.all(Array.from({ length: TRAILS_AT_ONCE }, work));
	}

	/* None of a pet that is shown no more since the list was read: the stream says so too. */
	async #trail(pet) {
		try {
			return await this.#api.newest(pet.id, TRAIL_FIXES);
		} catch (problem) {
			if (problem.status !== 404)
				throw problem;
			return [];
		}
	}

	/* ---- showing ---- */

	#devicesChanged() {
		for (const id of this.#map.ids)
			if (!this.#pets.get(id))
				this.#map.remove(id);
		if (this.#selected && !this.#pets.get(this.#selected))
			this.select(null);
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

	/* Shows more of a pet, by its id; of none: null. */
	select(id) {
		if (id !== this.#selected)
			this.#setFollow(false);
		if (this.#history.pet && this.#history.pet.id !== id)
			this.#history.close();
		this.#selected = id;
		this.#list.select(id);
		this.#map.select(id);
		if (id)
			this.dispatchEvent(new Event("select"));
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
	byId("status").textContent = TEXTS.states[state];
}
