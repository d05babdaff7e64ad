/*
 * track - fixes of one pet, in the order of their times
 *
 * A track is an array of fixes, ascending by .ms, no two with the same. A fix that comes late is put where it belongs.
 */

const EARTH_RADIUS_M = 6_371_008.8;

/* A position as the API and the live stream send it, as a fix. */
export function fixOf(position) {
	return {
		ms: Date.parse(position.time),
		lat: position.lat,
		lon: position.lon,
		speed: position.speed,
		course: position.course,
		altitude: position.altitude,
		accuracy: position.accuracy,
		battery: position.battery,
		valid: position.valid !== false,
	};
}

/* How many fixes of @track are not after @ms. */
export function countUntil(track, ms) {
	let low = 0, high = track.length;

	while (low < high) {
		const middle = (low + high) >> 1;
		if (track[middle].ms <= ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts @fix where its time belongs. Returns the index, or -1 when that time is there already. */
export function insert(track, fix) {
	const at = countUntil(track, fix.ms);

	if (at > 0 && track[at - 1].ms === fix.ms)
		return -1;
	track.splice(at, 0, fix);
	return at;
}

/* Drops the oldest so that @max are left. */
export function trim(track, max) {
	if (track.length > max)
		track.splice(0, track.length - max);
}

/* The newest fix that the device vouches for, else the newest at all; undefined when there is none. */
export function newest(track) {
	for (let i = track.length - 1; i >= 0; i--)
		if (track[i].valid)
			return track[i];
	return track[track.length - 1];
}

/*
 * A trail cut into at most @bands pieces, oldest first, each with a strength from just above 0 to 1. A piece begins
 * where the one before ends, so that no gap shows. Fixes the device does not vouch for are left out.
 */
export function fade(track, bands) {
	const points = track.filter((fix) => fix.valid).map((fix) => [fix.lat, fix.lon]);
	const legs = points.length - 1, pieces = Math.min(bands, legs), out = [];

	for (let i = 0; i < pieces; i++) {
		const begin = Math.floor((i * legs) / pieces), end = Math.floor(((i + 1) * legs) / pieces);
		out.push({ points: points.slice(begin, end + 1), strength: (i + 1) / pieces });
	}
	return out;
}

/* Metres along the great circles between valid fixes. */
export function lengthOf(track) {
	let sum = 0, before = null;

	for (const fix of track) {
		if (!fix.valid)
			continue;
		if (before)
			sum += metres(before, fix);
		before = fix;
	}
	return sum;
}

function metres(a, b) {
	const rad = Math.PI / 180;
	const u = Math.sin(((b.lat - a.lat) * rad) / 2), v = Math.sin(((b.lon - a.lon) * rad) / 2);
	const h = u * u + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * v * v;

	return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
