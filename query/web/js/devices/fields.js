/* fields - what a person says of a pet and of its tracker */
import { textField } from "../fields.js";
import { dayOf } from "../time.js";
import { TEXTS } from "../texts.js";

const { pets: T } = TEXTS;

/* The fields of a pet; @pet: as it is, or undefined. */
export function petFields(pet = {}) {
	const known = T.speciesOptions.some(([value]) => value === (pet.species ?? ""));

	return [
		textField("pet_name", T.petName, { optional: true, value: pet.name }),
		{
			name: "species", label: T.species, type: "select", value: pet.species,
			options: known ? T.speciesOptions : [...T.speciesOptions, [pet.species, pet.species]],
		},
		textField("breed", T.breed, { optional: true, value: pet.breed }),
		{ name: "sex", label: T.sex, type: "select", value: pet.sex, options: T.sexOptions },
		{
			name: "birth", label: T.birth, type: "date", optional: true, value: pet.birth,
			properties: { min: "1900-01-01", max: dayOf(Date.now()) },
		},
		{
			name: "weight_kg", label: T.weight, type: "number", optional: true, value: pet.weight_kg,
			properties: { min: 0.001, max: 2000, step: "any", inputMode: "decimal" },
		},
	];
}

/* A pet as auth takes it, of the values of those fields that a form has; null when nothing is said of it. */
export function petOf({ pet_name: name, species, breed, sex, birth, weight_kg: weight }) {
	const pet = { name, species: species || undefined, breed, sex: sex || undefined, birth, weight_kg: weight };

	return Object.values(pet).some((value) => value !== undefined) ? pet : null;
}

export function trackerNameField(value) {
	return textField("name", T.trackerName, { hint: T.trackerNameHint, value });
}
