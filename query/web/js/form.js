/*
 * form - a form that tells what is wrong where it is wrong
 *
 * A field is described by { name, label } and what it needs of: type ("text" when absent; "password", "select" with
 * options [value, text], "checkbox", ...), value, hint, optional, properties (of the <input>), check(value, values),
 * which gives a sentence about what is wrong, or nothing, and read(text), the value that a text means. An optional field
 * that is left empty has no value.
 *
 * Errors: a field's own is tied to it, the first wrong field gets the focus; what no field is to blame for is an alert
 * above the buttons.
 */
import { make, newId } from "./dom.js";
import { explain, TEXTS } from "./texts.js";
import { Problem } from "./api.js";

const { form: T } = TEXTS;

/* What the browser itself finds wrong, as a sentence. */
function sentenceOf({ validity, type, minLength, maxLength, min, max }) {
	if (validity.valueMissing)
		return type === "checkbox" ? T.unticked : T.missing;
	if (validity.typeMismatch)
		return type === "email" ? T.notAnEmail : T.wrong;
	if (validity.tooShort)
		return T.tooShort(minLength);
	if (validity.tooLong)
		return T.tooLong(maxLength);
	if (validity.rangeUnderflow || validity.rangeOverflow)
		return T.outOfRange(min, max);
	return validity.valid ? "" : T.wrong;
}

function optionOf([value, textContent]) {
	return make("option", { value, textContent });
}

class Field {
	constructor({ name, label, type = "text", value, hint, optional = false, options, properties = {}, check,
		read = (text) => text }) {
		const id = newId();

		this.name = name;
		this.optional = optional;
		this.check = check;
		this.read = read;
		this.input = type === "select"
			? make("select", { id, name }, ...options.map(optionOf))
			: make("input", { id, name, type, autocomplete: "off", spellcheck: false, ...properties });
		this.input.required = !optional && type !== "checkbox" && type !== "select";
		this.#put(value);
		this.hint = hint ? make("p", { id: `${id}-hint`, className: "hint", textContent: hint }) : null;
		this.error = make("p", { id: `${id}-error`, className: "field-error" });
		this.#describe(false);
		const remark = optional ? make("span", { className: "muted", textContent: ` ${T.optional}` }) : null;
		this.element = this.#frame(make("label", { htmlFor: id }, label, remark));
		this.input.addEventListener("input", () => this.tell(""));
	}

	#put(value) {
		if (value === undefined || value === null)
			return;
		if (this.input.type === "checkbox")
			this.input.checked = value;
		else
			this.input.value = value;
	}

	#describe(wrong) {
		const ids = [this.hint?.id, wrong ? this.error.id : null].filter(Boolean);

		if (ids.length > 0)
			this.input.setAttribute("aria-describedby", ids.join(" "));
		else
			this.input.removeAttribute("aria-describedby");
	}

	#frame(label) {
		if (this.input.type === "checkbox")
			return make("div", { className: "field tick" }, this.input, label, this.hint, this.error);
		const control = this.input.type === "password"
			? make("div", { className: "with-button" }, this.input, this.#reveal()) : this.input;
		return make("div", { className: "field" }, label, this.hint, control, this.error);
	}

	/* Shows what is typed, for who has nobody looking over the shoulder. */
	#reveal() {
		const toggle = make("button", {
			type: "button", className: "button", textContent: T.show, "aria-pressed": "false", "aria-label": T.showTyped,
		});

		toggle.addEventListener("click", () => {
			const hidden = this.input.type === "password";
			this.input.type = hidden ? "text" : "password";
			toggle.setAttribute("aria-pressed", hidden);
		});
		return toggle;
	}

	get value() {
		if (this.input.type === "checkbox")
			return this.input.checked;
		if (this.optional && this.input.value === "")
			return undefined;
		return this.input.type === "number" ? this.input.valueAsNumber : this.read(this.input.value);
	}

	/* What is wrong with it, or "". */
	wrong(values) {
		return sentenceOf(this.input) || (this.value !== undefined && this.check?.(this.value, values)) || "";
	}

	tell(text) {
		this.error.textContent = text;
		this.input.setAttribute("aria-invalid", text !== "");
		this.#describe(text !== "");
	}
}

export class Form {
	#fields;
	#send;
	#done;
	#problems;
	#busy = false;
	#button;
	#alert = make("p", { className: "error", role: "alert" });

	/*
	 * @send takes the values, by name, and throws Problem; @done gets what it gave and the values. @problems: sentences
	 * for codes that mean something special here, see texts.js. @cancel, when given, is called by a second button; @after
	 * are elements that follow the buttons.
	 */
	constructor({ fields, submit, style = "primary", send, done = () => {}, problems, cancel, before = [], after = [] }) {
		this.#fields = fields.map((each) => new Field(each));
		this.#send = send;
		this.#done = done;
		this.#problems = problems;
		this.#button = make("button", { type: "submit", className: `button ${style}`, textContent: submit });
		const buttons = make("div", { className: "buttons" }, this.#button);
		if (cancel) {
			const back = make("button", { type: "button", className: "button", textContent: T.cancel });
			back.addEventListener("click", cancel);
			buttons.append(back);
		}
		this.element = make("form", { noValidate: true, className: "form" },
			...before, ...this.#fields.map((each) => each.element), this.#alert, buttons, ...after);
		this.element.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#submit();
		});
	}

	/* The <input> or <select> of this name. */
	input(name) {
		return this.#fields.find((each) => each.name === name).input;
	}

	focus() {
		(this.#fields[0]?.input ?? this.#button).focus();
	}

	clear() {
		this.element.reset();
		for (const each of this.#fields)
			each.tell("");
		this.tell("");
	}

	/* Above the buttons; "" takes it away. */
	tell(text) {
		this.#alert.textContent = text;
	}

	/* The first wrong field, which has been told so; undefined when all are right. */
	#checkAll(values) {
		let first;

		for (const each of this.#fields) {
			const text = each.wrong(values);
			each.tell(text);
			if (text)
				first ??= each;
		}
		return first;
	}

	/* The button is not disabled meanwhile: it would lose the focus. */
	#setBusy(on) {
		this.#busy = on;
		this.#button.setAttribute("aria-disabled", on);
	}

	async #submit() {
		const values = Object.fromEntries(this.#fields.map((each) => [each.name, each.value]));

		if (this.#busy)
			return;
		this.tell("");
		const wrong = this.#checkAll(values);
		if (wrong) {
			wrong.input.focus();
			return;
		}
		this.#setBusy(true);
		try {
			await this.#done(await this.#send(values), values);
		} catch (problem) {
			if (!(problem instanceof Problem))
				throw problem;
			this.#blame(problem);
		} finally {
			this.#setBusy(false);
		}
	}

	#blame(problem) {
		const { text, field: name } = explain(problem, this.#problems);
		const field = this.#fields.find((each) => each.name === name);

		if (!field) {
			this.tell(text);
			return;
		}
		field.tell(text);
		field.input.focus();
		field.input.select?.();
	}
}
