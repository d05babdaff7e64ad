/*
 * arrival - the secret that a link brought here
 *
 * Links in mails and shared ones carry their token behind the #, which browsers send to no server. It is taken out of
 * the address bar, and so out of the history, before anything else is done with it.
 */
const KINDS = ["verify", "reset", "email", "invitation", "share"];

/* Such a link to this page, for where auth does not know where the page is. */
export function pageLink(kind, token) {
	return new URL(`#${kind}=${token}`, document.baseURI).href;
}

/* { kind, token } of a link that was followed; null when the address has none. */
export function takeArrival() {
	const [, kind, token] = location.hash.match(/^#([a-z]+)=(.*)$/) ?? [];

	if (!KINDS.includes(kind) || !token)
		return null;
	history.replaceState(null, "", location.pathname + location.search);
	return { kind, token };
}
