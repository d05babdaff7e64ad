import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "Europe/London"; /* clocks change on 2026-03-29 and 2026-10-25 */
const { addDays, ago, clockOf, dayOf, rangeOf } = await import("../../../query/web/js/time.js");

const S = 1000, MIN = 60 * S, H = 60 * MIN, D = 24 * H;

test("how long ago", () => {
	const now = 1e12;
	const said = [-5 * S, 0, 59 * S, MIN, 59 * MIN + 59 * S, H, 23 * H, D, 40 * D].map((past) => ago(now - past, now));

	assert.deepEqual(said, ["now", "now", "now", "1 min ago", "59 min ago", "1 h ago", "23 h ago", "1 d ago", "40 d ago"]);
});

test("a day is the reader's, 23 or 25 hours long when the clocks change", () => {
	const hours = (day) => (rangeOf(day).to - rangeOf(day).from) / H;

	assert.deepEqual(["2026-03-28", "2026-03-29", "2026-10-25", "2026-12-31"].map(hours), [24, 23, 25, 24]);
	assert.equal(new Date(rangeOf("2026-07-01").from).toISOString(), "2026-06-30T23:00:00.000Z");
	assert.equal(dayOf(rangeOf("2026-07-01").from), "2026-07-01");
	assert.equal(dayOf(rangeOf("2026-07-01").to - 1), "2026-07-01");
});

test("days before and after", () => {
	assert.equal(addDays("2026-03-29", -1), "2026-03-28");
	assert.equal(addDays("2026-02-28", 1), "2026-03-01");
	assert.equal(addDays("2026-12-31", 1), "2027-01-01");
});

test("the clock", () => {
	assert.equal(clockOf(Date.parse("2026-01-02T03:04:05Z")), "03:04:05");
	assert.equal(clockOf(Date.parse("2026-07-02T23:04:05Z")), "00:04:05");
});
