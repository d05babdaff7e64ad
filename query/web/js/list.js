/*
 * list - the pets beside the map
 *
 * A row is a button: it selects its pet, and shows more of it while selected. Events, with detail: "select" (an id, or
 * null), "follow" (true or false), "history" (an id).
 */
import { byId, make, oncePerFrame } from "./dom.js";
import { TEXTS } from "./texts.js";
import { ago, fullTime } from "./time.js";

const { list: T } = TEXTS;

const REFRESH_MS = 10_000;
const BATTERY_LOW = 20;
const OLD_MS = 60 * 60_000;
const CONTACT_MS = 60_000; /* a contact that is not just the fix on its way */

export class List extends EventTarget {
	#pets;
	#may;
	#rows = new Map(); /* by pet's id */
	#list = byId("pets");
	#selected = null;
	#follow = false;

	/* @may: { live, history }, what can be shown of them. */
	constructor(pets, may) {
		super();
		this.#pets = pets;
		this.#may = may;
		const refresh = oncePerFrame(() => this.#refresh());
		pets.addEventListener("devices", () => this.#rebuild());
		pets.addEventListener("fix", refresh);
		pets.addEventListener("contact", refresh);
		setInterval(refresh, REFRESH_MS);
	}

	select(id) {
		this.#selected = id;
		this.#refresh();
		this.#rows.get(id)?.item.scrollIntoView({ block: "nearest" });
	}

	setFollow(on) {
		this.#follow = on;
		this.#refresh();
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#rebuild() {
		const pets = this.#pets.all();

		for (const [id, row] of this.#rows)
			if (!this.#pets.get(id)) {
				row.item.remove();
				this.#rows.delete(id);
			}
		for (const pet of pets)
			if (!this.#rows.has(pet.id))
				this.#rows.set(pet.id, this.#makeRow(pet.id));
		pets.forEach((pet, i) => {
			const { item } = this.#rows.get(pet.id);
			if (this.#list.children[i] !== item)
				this.#list.insertBefore(item, this.#list.children[i] ?? null);
		});
		byId("pets-empty").hidden = pets.length > 0;
		this.#refresh();
	}

	#makeRow(id) {
		const row = {
			badge: make("span", { className: "badge", "aria-hidden": "true" }, make("span", { className: "species" })),
			name: make("span", { className: "pet-name" }),
			when: make("span", { className: "pet-when" }),
			battery: make("span", { className: "battery", role: "img" }, make("span", { className: "battery-level" })),
			percent: make("span", { className: "battery-percent", "aria-hidden": "true" }),
			facts: make("dl", { className: "facts" }),
			follow: make("button", { type: "button", className: "button", textContent: T.follow }),
			history: make("button", { type: "button", className: "button", textContent: T.history }),
		};

		row.button = make("button", { type: "button", className: "pet" },
			row.badge,
			make("span", { className: "pet-text" }, row.name, row.when),
			make("span", { className: "pet-power" }, row.battery, row.percent));
		row.more = make("div", { className: "pet-more", hidden: true },
			row.facts,
			make("div", { className: "pet-actions" }, row.follow, row.history));
		row.item = make("li", { className: "pet-item", "data-device": id }, row.button, row.more);
		row.button.addEventListener("click", () => this.#emit("select", id === this.#selected ? null : id));
		row.follow.addEventListener("click", () => this.#emit("follow", !this.#follow));
		row.history.addEventListener("click", () => this.#emit("history", id));
		return row;
	}

	#refresh() {
		const now = Date.now();

		for (const [id, row] of this.#rows)
			this.#show(row, this.#pets.get(id), now);
	}

	#show(row, pet, now) {
		const selected = pet.id === this.#selected;

		row.item.dataset.colour = pet.colour;
		row.item.dataset.species = pet.species;
		row.item.classList.toggle("selected", selected);
		row.item.classList.toggle("old", !pet.fix || now - pet.fix.ms > OLD_MS);
		row.button.setAttribute("aria-expanded", selected);
		row.name.textContent = pet.name;
		row.when.textContent = pet.fix ? ago(pet.fix.ms, now) : this.#may.live ? T.noFix : "";
		showBattery(row, pet.battery);
		row.more.hidden = !selected;
		if (!selected)
			return;
		row.follow.setAttribute("aria-pressed", this.#follow);
		row.follow.disabled = !pet.fix;
		row.follow.hidden = !this.#may.live;
		row.history.hidden = !this.#may.history;
		row.facts.replaceChildren(...factsOf(pet, now).flatMap(([term, text]) => [
			make("dt", { textContent: term }),
			make("dd", { textContent: text }),
		]));
	}
}

function showBattery(row, percent) {
	const known = percent !== undefined;

	row.battery.hidden = row.percent.hidden = !known;
	if (!known)
		return;
	const rounded = Math.round(percent);
	row.battery.setAttribute("aria-label", T.battery(rounded));
	row.battery.classList.toggle("low", percent <= BATTERY_LOW);
	row.battery.firstChild.style.setProperty("width", `${rounded}%`);
	row.percent.textContent = `${rounded}%`;
}

function factsOf(pet, now) {
	const fix = pet.fix, facts = [];

	if (pet.breed)
		facts.push([T.breed, pet.breed]);
	if (pet.tracker !== pet.name)
		facts.push([T.tracker, pet.tracker]);
	if (fix)
		facts.push([T.lastFix, fullTime(fix.ms)]);
	if (pet.heard > (fix?.ms ?? 0) + CONTACT_MS)
		facts.push([T.lastContact, ago(pet.heard, now)]);
	if (!fix)
		return facts;
	if (fix.speed !== undefined)
		facts.push([T.speed, `${(fix.speed * 3.6).toFixed(1)} km/h`]);
	if (fix.accuracy !== undefined)
		facts.push([T.accuracy, `± ${Math.round(fix.accuracy)} m`]);
	if (!pet.blur)
		facts.push([T.position, `${fix.lat.toFixed(5)}, ${fix.lon.toFixed(5)}`]);
	return facts;
}
