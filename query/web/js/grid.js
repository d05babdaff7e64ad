/* grid - what the map shows where no tiles are set: meridians and parallels with their degrees, drawn here */

const { L } = globalThis;

const LINE_SPACING_PX = 128; /* about */
const STEPS = [1, 2, 5];

/* The round number of degrees nearest above @degrees: 1, 2 or 5 times a power of ten. */
function roundStep(degrees) {
	const power = 10 ** Math.floor(Math.log10(degrees));
	const step = STEPS.find((s) => s * power >= degrees);

	return step ? step * power : 10 * power;
}

function label(degrees, step, positive, negative) {
	const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
	const text = Math.abs(degrees).toFixed(decimals);

	return `${text}° ${degrees < 0 ? negative : positive}`;
}

/* Multiples of @step within [@from, @to], without the errors of adding up. */
function multiples(from, to, step) {
	const out = [];

	for (let i = Math.ceil(from / step); i * step <= to; i++)
		out.push(i * step);
	return out;
}

function strokeLines(context, { meridians, parallels }, pixelOf, size) {
	context.beginPath();
	for (const lon of meridians) {
		const x = Math.round(pixelOf(0, lon).x) + 0.5;
		context.moveTo(x, 0);
		context.lineTo(x, size.y);
	}
	for (const lat of parallels) {
		const y = Math.round(pixelOf(lat, 0).y) + 0.5;
		context.moveTo(0, y);
		context.lineTo(size.x, y);
	}
	context.stroke();
}

export const Grid = L.GridLayer.extend({
	options: { maxZoom: 20 },

	createTile(coords) {
		const size = this.getTileSize(), ratio = globalThis.devicePixelRatio || 1;
		const tile = document.createElement("canvas");

		tile.width = size.x * ratio;
		tile.height = size.y * ratio;
		const context = tile.getContext("2d");
		context.scale(ratio, ratio);
		this._draw(context, coords, size);
		return tile;
	},

	_draw(context, coords, size) {
		const style = getComputedStyle(document.documentElement);
		const origin = coords.scaleBy(size);
		const northWest = this._map.unproject(origin, coords.z), southEast = this._map.unproject(origin.add(size), coords.z);
		const step = roundStep((360 / (2 ** coords.z * size.x)) * LINE_SPACING_PX);
		const linesAt = (each) => ({
			meridians: multiples(northWest.lng, southEast.lng, each),
			parallels: multiples(Math.max(southEast.lat, -85), Math.min(northWest.lat, 85), each),
		});
		const pixelOf = (lat, lon) => this._map.project([lat, lon], coords.z).subtract(origin);

		context.fillStyle = style.getPropertyValue("--grid-ground");
		context.fillRect(0, 0, size.x, size.y);
		context.strokeStyle = style.getPropertyValue("--grid-line");
		context.globalAlpha = 0.45;
		strokeLines(context, linesAt(step / 5), pixelOf, size);
		context.globalAlpha = 1;
		strokeLines(context, linesAt(step), pixelOf, size);

		context.fillStyle = style.getPropertyValue("--grid-text");
		context.font = "10px system-ui, sans-serif";
		this._write(context, linesAt(step), step, pixelOf, size);
	},

	/* Where lines cross, right of the meridian and above the parallel, if it fits into this tile. */
	_write(context, { meridians, parallels }, step, pixelOf, size) {
		for (const lat of parallels)
			for (const lon of meridians) {
				const at = pixelOf(lat, lon);
				if (at.x < 0 || at.x + 62 > size.x || at.y < 26 || at.y > size.y)
					continue;
				context.fillText(label(lat, step, "N", "S"), at.x + 5, at.y - 16);
				context.fillText(label(lon, step, "E", "W"), at.x + 5, at.y - 5);
			}
	},
});
