/*
 * pets - the person's pets and where they are
 *
 * Events, with detail: "devices" (the set or their names changed), "fix" ({ pet, fix, late }: a fix that was not there),
 * "contact" ({ pet }).
 */
import { fixOf, insert, newest, trim } from "./track.js";

const TRAIL_MAX = 120;
export const COLOURS = 10; /* as many as css/theme.css has */
const SPECIES = ["cat", "dog", "horse", "rabbit"];

class Pet {
	track = []; /* the newest TRAIL_MAX fixes */
	contact = 0;
	battery = undefined;
	#batteryMs = 0;

	constructor(id, number) {
		this.id = id;
		this.colour = number % COLOURS;
	}

	describe(device) {
		this.name = device.pet?.name || device.name;
		this.tracker = device.name;
		this.breed = device.pet?.breed || "";
		this.blur = device.blur ?? 0;
		this.species = SPECIES.includes(device.pet?.species) ? device.pet.species : "paw";
	}

	get fix() {
		return newest(this.track);
	}

	/* When the pet was last heard of. */
	get heard() {
		return Math.max(this.contact, this.fix?.ms ?? 0);
	}

	noteBattery(battery, ms) {
		if (battery === undefined || ms < this.#batteryMs)
			return;
		this.battery = battery;
		this.#batteryMs = ms;
	}
}

export class Pets extends EventTarget {
	#pets = new Map();
	#made = 0;

	get(id) {
		return this.#pets.get(id);
	}

	/* By name. */
	all() {
		return [...this.#pets.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
	}

	clear() {
		this.#pets.clear();
		this.#made = 0;
		this.#emit("devices");
	}

	/* The devices of the account, as auth lists them; who is not among them goes. */
	setDevices(devices) {
		const left = new Set(this.#pets.keys());

		for (const device of devices) {
			left.delete(device.id);
			if (!this.#pets.has(device.id))
				this.#pets.set(device.id, new Pet(device.id, this.#made++));
			this.#pets.get(device.id).describe(device);
		}
		for (const id of left)
			this.#pets.delete(id);
		this.#emit("devices");
	}

	/* Positions of REST or of the live stream, in any order, known ones too. Of unknown devices: not looked at. */
	addPositions(positions) {
		for (const position of positions) {
			const pet = this.#pets.get(position.device);
			if (pet)
				this.#add(pet, position);
		}
	}

	/* A position without a place is a contact: the device was heard of. */
	#add(pet, position) {
		const contact = Date.parse(position.contact ?? position.received);

		if (position.lat === undefined)
			pet.noteBattery(position.battery, contact);
		else
			this.#addFix(pet, fixOf(position), position.late === true);
		if (contact > pet.contact) {
			pet.contact = contact;
			this.#emit("contact", { pet });
		}
	}

	#addFix(pet, fix, late) {
		if (insert(pet.track, fix) < 0)
			return;
		trim(pet.track, TRAIL_MAX);
		pet.noteBattery(fix.battery, fix.ms);
		this.#emit("fix", { pet, fix, late });
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}
