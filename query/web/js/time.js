/* time - moments as people say them; days as calendars have them, in the reader's own time zone */
import { TEXTS } from "./texts.js";

const { ago: T } = TEXTS;
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/* How long ago, in a few letters: "now", "5 min ago", "3 h ago", "2 d ago". A clock that runs ahead reads "now". */
export function ago(ms, now) {
	const past = now - ms;

	if (past < MINUTE)
		return T.now;
	if (past < HOUR)
		return T.minutes(Math.floor(past / MINUTE));
	if (past < DAY)
		return T.hours(Math.floor(past / HOUR));
	return T.days(Math.floor(past / DAY));
}

/* The day a moment lies in, as <input type="date"> has it: "2026-01-02". */
export function dayOf(ms) {
	const d = new Date(ms);

	return [String(d.getFullYear()).padStart(4, "0"), twoDigits(d.getMonth() + 1), twoDigits(d.getDate())].join("-");
}

/* First moment of @day and of the day after; 23 or 25 hours apart when the clocks change. */
export function rangeOf(day) {
	const [year, month, date] = day.split("-").map(Number);

	return { from: new Date(year, month - 1, date).getTime(), to: new Date(year, month - 1, date + 1).getTime() };
}

export function addDays(day, n) {
	const [year, month, date] = day.split("-").map(Number);

	return dayOf(new Date(year, month - 1, date + n).getTime());
}

/* "14:05:09" by the reader's clock. */
export function clockOf(ms) {
	const d = new Date(ms);

	return [d.getHours(), d.getMinutes(), d.getSeconds()].map(twoDigits).join(":");
}

/* The whole moment, for a tooltip or a detail. */
export function fullTime(ms) {
	return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/* The moment to the minute: what ends then, or was done then. */
export function shortTime(ms) {
	return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/* A moment for <input type="datetime-local">, which wants the reader's clock and no zone. */
export function toLocalInput(ms) {
	return `${dayOf(ms)}T${clockOf(ms).slice(0, 5)}`;
}

function twoDigits(n) {
	return String(n).padStart(2, "0");
}
