/* qr - a text as a QR code to scan, drawn as SVG; which squares are dark is uqr's to say */
import { encode } from "../vendor/uqr/uqr.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; /* squares of margin that scanners want, ISO/IEC 18004 */

function svg(tag, attributes, ...children) {
	const element = document.createElementNS(SVG, tag);

	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children);
	return element;
}

/* Dark on light in any theme, since not all scanners take the other. @label: what it is, read out. */
export function qrCode(text, label) {
	const { data, size } = encode(text, { border: QUIET });
	const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");

	return svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
		svg("rect", { width: size, height: size, fill: "#fff" }),
		svg("path", { d: path, fill: "#000" }));
}
