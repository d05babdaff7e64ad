/*
 * home - who is logged in: the map, and the views that take its place
 *
 * The address tells which: #/pets, #/pets/ID, #/sharing, #/account, #/account/sessions, ...; else it is the map.
 */
import { ActivityView } from "./account/activity.js";
import { DataView } from "./account/data.js";
import { InvitationsView } from "./account/invitations.js";
import { ProfileView } from "./account/profile.js";
import { SecurityView } from "./account/security.js";
import { SessionsView } from "./account/sessions.js";
import { TokensView } from "./account/tokens.js";
import { PetView } from "./devices/pet.js";
import { PetsView } from "./devices/pets.js";
import { byId } from "./dom.js";
import { MapPage } from "./map_page.js";
import { SharingView } from "./sharing/sharing.js";
import { TEXTS } from "./texts.js";

const VIEWS = {
	pets: PetsView,
	sharing: SharingView,
	account: ProfileView,
	"account/security": SecurityView,
	"account/sessions": SessionsView,
	"account/tokens": TokensView,
	"account/invitations": InvitationsView,
	"account/activity": ActivityView,
	"account/data": DataView,
};

/* Of an address: the view's class, and what it is about. */
function viewOf(hash) {
	const path = hash.startsWith("#/") ? hash.slice("#/".length) : "";
	const [, pet] = path.match(/^pets\/([0-9a-f-]{36})$/) ?? [];

	return pet ? { View: PetView, id: pet } : { View: VIEWS[path] };
}

export class Home {
	#leave;
	#page;
	#context;
	#open = false;

	/* @leave(why, view): the session is over; see app.js. */
	constructor({ config, api, session, liveUrl, leave }) {
		this.#leave = leave;
		this.#page = new MapPage({
			config, api, session, liveUrl, devices: () => api.devices(), may: { live: true, history: true },
		});
		/* What views use; @go shows another, by its address. */
		this.#context = {
			api,
			session,
			pets: this.#page.pets,
			reloadPets: () => this.#page.reload(),
			go: (hash) => {
				location.hash = hash;
			},
			leave: (why, view) => this.#end(why, view),
		};
		this.#page.addEventListener("select", () => this.#toMap());
		byId("log-out").addEventListener("click", () => {
			session.logOut();
			this.#end("");
		});
		byId("skip").addEventListener("click", () => byId("stage").focus());
	}

	/* Whether somebody is in. */
	get open() {
		return this.#open;
	}

	start() {
		this.#open = true;
		this.#page.start();
		this.route();
	}

	stop() {
		this.#open = false;
		this.#page.stop();
		byId("view").replaceChildren();
		byId("view").hidden = true;
		for (const dialog of document.querySelectorAll("dialog"))
			dialog.close();
	}

	/* What was somebody's is not shown to the next one who logs in here. */
	#end(why, view) {
		history.replaceState(null, "", location.pathname + location.search);
		this.#leave(why, view);
	}

	#toMap() {
		if (viewOf(location.hash).View)
			location.hash = "#/";
	}

	/* Shows what the address names. */
	route() {
		const { View, id } = viewOf(location.hash);

		byId("view").hidden = !View;
		byId("app").classList.toggle("in-view", Boolean(View));
		for (const link of byId("nav").querySelectorAll("a"))
			markCurrent(link);
		if (View) {
			new View(this.#context, id).open();
		} else {
			byId("view").replaceChildren();
			document.title = TEXTS.title;
		}
	}
}

/* The link of the present view, or of the one that it belongs to. */
function markCurrent(link) {
	const here = location.hash === "" ? "#/" : location.hash, to = link.getAttribute("href");

	if (to === here || (to !== "#/" && here.startsWith(`${to}/`)))
		link.setAttribute("aria-current", to === here ? "page" : "true");
	else
		link.removeAttribute("aria-current");
}
