/* geohash - the cells that a blurred place is told by */

/* The cell of @characters around a place, [[south, west], [north, east]]. Of each character's five bits the first is a
 * longitude's, and then they take turns. */
export function cellOf(lat, lon, characters) {
	const bits = 5 * characters, height = 180 / 2 ** Math.floor(bits / 2), width = 360 / 2 ** Math.ceil(bits / 2);
	const south = Math.floor((lat + 90) / height) * height - 90, west = Math.floor((lon + 180) / width) * width - 180;

	return [[south, west], [south + height, west + width]];
}
