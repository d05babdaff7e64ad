import "./browser.mjs";

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pets } from "../../../query/web/js/pets.js";

const device = (id, name, species) => ({ id, name: `Collar ${id}`, pet: name ? { name, species } : null });
const position = (id, minute, more = {}) => ({
	device: id,
	time: `2026-01-02T03:${String(minute).padStart(2, "0")}:00.000Z`,
	received: `2026-01-02T04:${String(minute).padStart(2, "0")}:00.000Z`,
	lat: minute,
	lon: 1,
	...more,
});

function pets(...devices) {
	const made = new Pets();

	made.seen = [];
	made.addEventListener("fix", ({ detail }) => made.seen.push([detail.pet.id, detail.fix.lat, detail.late]));
	made.setDevices(devices);
	return made;
}

test("a pet has its name and kind, a tracker without a pet its own", () => {
	const made = pets(device("a", "Misty", "cat"), device("b"), device("c", "Nagini", "snake"));

	assert.deepEqual(made.all().map(({ name, species }) => [name, species]),
		[["Collar b", "paw"], ["Misty", "cat"], ["Nagini", "paw"]]);
});

test("a late fix is put in its place and does not move the pet", () => {
	const made = pets(device("a", "Misty", "cat"));

	made.addPositions([position("a", 10), position("a", 12), position("a", 11, { late: true }), position("a", 12)]);
	assert.deepEqual(made.get("a").track.map(({ lat }) => lat), [10, 11, 12]);
	assert.equal(made.get("a").fix.lat, 12);
	assert.deepEqual(made.seen, [["a", 10, false], ["a", 12, false], ["a", 11, true]]);
});

test("the battery is that of the newest fix that names one", () => {
	const made = pets(device("a", "Misty", "cat"));

	made.addPositions([position("a", 10, { battery: 80 }), position("a", 5, { battery: 90 }), position("a", 11)]);
	assert.equal(made.get("a").battery, 80);
});

test("a contact without a fix is heard of", () => {
	const made = pets(device("a", "Misty", "cat"));
	const contact = position("a", 30, { lat: undefined, lon: undefined, battery: 12 });

	made.addPositions([position("a", 10, { battery: 80 }), contact]);
	assert.equal(made.get("a").battery, 12);
	assert.equal(made.get("a").fix.lat, 10);
	assert.equal(made.get("a").heard, Date.parse(contact.received));
});

test("a device that was heard of but never had a fix", () => {
	const made = pets(device("a", "Misty", "cat"));

	made.addPositions([{ device: "a", contact: "2026-01-02T03:04:05.000Z", battery: 7 }]);
	assert.equal(made.get("a").fix, undefined);
	assert.equal(made.get("a").battery, 7);
	assert.equal(made.get("a").heard, Date.parse("2026-01-02T03:04:05.000Z"));
});

test("devices come and go, and keep their trails meanwhile", () => {
	const made = pets(device("a", "Misty", "cat"), device("b", "Rex", "dog"));

	made.addPositions([position("a", 10), position("x", 10)]);
	made.setDevices([device("a", "Mist", "cat"), device("c", "Tigger", "cat")]);
	assert.deepEqual(made.all().map(({ name }) => name), ["Mist", "Tigger"]);
	assert.equal(made.get("a").track.length, 1);
	assert.equal(made.get("x"), undefined);
});
