/* grid - what the map shows where no tiles are set: meridians and parallels with their degrees, drawn here */

const { L } = globalThis;

const LINE_SPACING_PX = 128; /* about */
const STEPS = [1, 2, 5];
const LABEL_PX = { x: 80, y: 30 }; /* room that a label takes, at most */
const LAT_MAX = 85; /* where the projection ends */

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

/* Where lines cross, right of the meridian and above the parallel. */
function writeLabels(context, { meridians, parallels }, step, pixelOf) {
	for (const lat of parallels)
		for (const lon of meridians) {
			const at = pixelOf(lat, lon);
			context.fillText(label(lat, step, "N", "S"), Math.round(at.x) + 5, Math.round(at.y) - 16);
			context.fillText(label(lon, step, "E", "W"), Math.round(at.x) + 5, Math.round(at.y) - 5);
		}
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
		const step = roundStep((360 / (2 ** coords.z * size.x)) * LINE_SPACING_PX);
		const pixelOf = (lat, lon) => this._map.project([lat, lon], coords.z).subtract(origin);
		/* Lines of this tile, and those just left of it and below it, whose labels reach into it. */
		const linesAt = (each) => {
			const northWest = this._map.unproject(origin.subtract([LABEL_PX.x, 0]), coords.z);
			const southEast = this._map.unproject(origin.add(size).add([0, LABEL_PX.y]), coords.z);

			return {
				meridians: multiples(northWest.lng, southEast.lng, each),
				parallels: multiples(Math.max(southEast.lat, -LAT_MAX), Math.min(northWest.lat, LAT_MAX), each),
			};
		};

		context.fillStyle = style.getPropertyValue("--grid-ground");
		context.fillRect(0, 0, size.x, size.y);
		context.strokeStyle = style.getPropertyValue("--grid-line");
		context.globalAlpha = 0.45;
		strokeLines(context, linesAt(step / 5), pixelOf, size);
		context.globalAlpha = 1;
		strokeLines(context, linesAt(step), pixelOf, size);

		context.fillStyle = style.getPropertyValue("--grid-text");
		context.font = "10px system-ui, sans-serif";
		writeLabels(context, linesAt(step), step, pixelOf);
	},
});
