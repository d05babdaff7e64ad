/* say - what has just been done, shown for a while and read out by screen readers */
import { byId } from "./dom.js";

const SHOWN_MS = 8000;
let timer = 0;

export function say(text) {
	clearTimeout(timer);
	byId("said").textContent = text;
	timer = setTimeout(() => (byId("said").textContent = ""), SHOWN_MS);
}
