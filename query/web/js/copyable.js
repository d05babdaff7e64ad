/* copyable - a text to take away: an input that cannot be changed, and a button that copies it */
import { button, make, newId } from "./dom.js";
import { TEXTS } from "./texts.js";

const { copy: T } = TEXTS;

export function copyable(label, text) {
	const input = make("input", { id: newId(), className: "code", readOnly: true, value: text, spellcheck: false });
	const said = make("p", { className: "hint", role: "status" });
	const copy = button(T.copy, async () => {
		try {
			await navigator.clipboard.writeText(text);
			said.textContent = T.copied(label);
		} catch {
			input.select();
			said.textContent = T.failed;
		}
	}, { about: label });

	input.addEventListener("focus", () => input.select());
	return make("div", { className: "field" }, make("label", { htmlFor: input.id, textContent: label }),
		make("div", { className: "with-button" }, input, copy), said);
}
