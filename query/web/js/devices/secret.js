/* secret - what a tracker needs to know, shown once */
import { copyable } from "../copyable.js";
import { show } from "../dialog.js";
import { TEXTS } from "../texts.js";

const { pets: T } = TEXTS;

/* Resolves when the reader is done with it. */
export function showSecret(identifier, secret) {
	return show({
		title: T.secretTitle,
		text: [T.secretIntro],
		content: [copyable(T.identifier, identifier), copyable(T.secret, secret)],
	});
}
