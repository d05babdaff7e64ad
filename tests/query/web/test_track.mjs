import assert from "node:assert/strict";
import { test } from "node:test";

import { countUntil, fade, fixOf, insert, lengthOf, newest, trim } from "../../../query/web/js/track.js";

const fix = (ms, lat = 0, lon = 0, valid = true) => ({ ms, lat, lon, valid });
const times = (track) => track.map(({ ms }) => ms);

test("a position becomes a fix", () => {
	const made = fixOf({ device: "d", time: "2026-01-02T03:04:05.678Z", lat: 50.1703, lon: -5.1138, battery: 0 });

	assert.equal(made.ms, Date.UTC(2026, 0, 2, 3, 4, 5, 678));
	assert.equal(made.battery, 0);
	assert.equal(made.speed, undefined);
	assert.equal(made.valid, true);
	assert.equal(fixOf({ time: "2026-01-02T03:04:05Z", valid: false }).valid, false);
});

test("fixes in any order end up in the order of their times, each once", () => {
	const track = [];

	assert.deepEqual([30, 10, 20, 20, 40, 10, 5].map((ms) => insert(track, fix(ms))), [0, 0, 1, -1, 3, -1, 0]);
	assert.deepEqual(times(track), [5, 10, 20, 30, 40]);
});

test("how many fixes are not after a moment", () => {
	const track = [10, 20, 30].map((ms) => fix(ms));

	assert.deepEqual([0, 9, 10, 19, 20, 30, 99].map((ms) => countUntil(track, ms)), [0, 0, 1, 1, 2, 3, 3]);
	assert.equal(countUntil([], 5), 0);
});

test("the oldest go", () => {
	const track = [1, 2, 3, 4].map((ms) => fix(ms));

	trim(track, 9);
	assert.equal(track.length, 4);
	trim(track, 2);
	assert.deepEqual(times(track), [3, 4]);
});

test("where the pet is: the newest fix the device vouches for, else the newest", () => {
	assert.equal(newest([]), undefined);
	assert.equal(newest([fix(1), fix(2, 0, 0, false)]).ms, 1);
	assert.equal(newest([fix(1, 0, 0, false), fix(2, 0, 0, false)]).ms, 2);
});

test("a trail fades without gaps", () => {
	const track = Array.from({ length: 23 }, (_, i) => fix(i, i, -i));
	const pieces = fade(track, 5);

	assert.equal(pieces.length, 5);
	assert.deepEqual(pieces[0].points[0], [0, -0]);
	assert.deepEqual(pieces[4].points.at(-1), [22, -22]);
	for (let i = 1; i < pieces.length; i++) {
		assert.deepEqual(pieces[i].points[0], pieces[i - 1].points.at(-1));
		assert.ok(pieces[i].strength > pieces[i - 1].strength);
	}
	assert.equal(pieces[4].strength, 1);
});

test("a trail of few fixes has as many pieces as legs, and none of one fix", () => {
	assert.deepEqual([0, 1, 2, 3].map((n) => fade(Array.from({ length: n }, (_, i) => fix(i)), 5).length), [0, 0, 1, 2]);
	assert.equal(fade([fix(1), fix(2, 9, 9, false), fix(3)], 5)[0].points.length, 2);
});

test("the way is as long as on the globe, less what is not vouched for", () => {
	const oneDegree = 111_195;

	assert.ok(Math.abs(lengthOf([fix(1), fix(2, 1, 0)]) - oneDegree) < 1);
	assert.ok(Math.abs(lengthOf([fix(1, 60, 0), fix(2, 60, 1)]) - oneDegree / 2) < 10);
	assert.ok(Math.abs(lengthOf([fix(1), fix(2, 50, 50, false), fix(3, 1, 0)]) - oneDegree) < 1);
	assert.equal(lengthOf([fix(1)]), 0);
});
