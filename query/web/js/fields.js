/* fields - those that more than one form asks for, see form.js */
import { TEXTS } from "./texts.js";

const { fields: T } = TEXTS;

/* @autocomplete: "username" of one's own to log in with, "off" of somebody else's. */
export function emailField(autocomplete, { label = T.email, ...more } = {}) {
	return { name: "email", label, type: "email", properties: { autocomplete, inputMode: "email" }, ...more };
}

export function nameField(more) {
	return { name: "name", label: T.name, properties: { autocomplete: "name", maxLength: 100 }, ...more };
}

/* The password that somebody has. */
export function passwordField({ name = "password", label = T.password } = {}) {
	return { name, label, type: "password", properties: { autocomplete: "current-password" } };
}

/* The same, asked again before something of weight. */
export function currentPasswordField() {
	return passwordField({ name: "current_password", label: T.currentPassword });
}

/* A password that is chosen. */
export function newPasswordField(label = T.password) {
	return {
		name: "password",
		label,
		type: "password",
		hint: T.passwordHint,
		properties: { autocomplete: "new-password", minLength: 12, maxLength: 128 },
	};
}

/* A code of the authenticator app. */
export function codeField() {
	return {
		name: "code",
		label: T.code,
		hint: T.codeHint,
		properties: { autocomplete: "one-time-code", inputMode: "numeric", pattern: "[0-9 ]{6,7}" },
		read: (text) => text.replaceAll(" ", ""),
	};
}

/* That, or a recovery code: for who has lost the phone. */
export function eitherCodeField() {
	return { name: "code", label: T.eitherCode, properties: { autocomplete: "one-time-code" } };
}

/* Of what that field got: the members that a request has. */
export function proofOf(code) {
	const digits = code.replaceAll(" ", "");

	return /^[0-9]{6}$/.test(digits) ? { code: digits } : { recovery_code: code };
}

/* A short text that the person makes up. */
export function textField(name, label, more) {
	return { name, label, ...more, properties: { maxLength: 100, ...more?.properties } };
}
