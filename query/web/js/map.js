/*
 * map - the pets on a map, their trails, and one pet's day
 *
 * A pet whose place is told as a cell only (.blur, the characters of its geohash) is an area with a name, and has no trail.
 *
 * Events, with detail: "select" (an id), "moved" (a person moved the map).
 */
import { Grid } from "./grid.js";
import { make } from "./dom.js";
import { cellOf } from "./geohash.js";
import { TEXTS } from "./texts.js";
import { countUntil, fade, newest } from "./track.js";

const { L } = globalThis;

const BANDS = 10; /* strengths of a trail */
const ZOOM_PET = 16;
const MOVE_MS = 400; /* as long as css/map.css lets a marker glide */

export class PetMap extends EventTarget {
	#map;
	#grid = null;
	#areas = L.svg(); /* what draws areas */
	#shown = new Map(); /* { marker, icon, name, trail, area: of a blurred one } by pet's id */
	#selected = null;
	#day = null; /* { before, after, dots, marker, area, blur, shown: how many fixes are before } while a day is shown */
	#colours;

	constructor(element, { tile_url: tileUrl, tile_attribution: attribution }) {
		super();
		this.#map = L.map(element, { zoomControl: false, worldCopyJump: true, preferCanvas: true }).setView([30, 0], 2);
		this.#map.attributionControl.setPrefix(false);
		L.control.zoom({ position: "topright" }).addTo(this.#map);
		L.control.scale({ position: "bottomright" }).addTo(this.#map);
		if (tileUrl) /* who gives tiles may want to know for which site: that much, not for whom */
			L.tileLayer(tileUrl, { attribution, maxZoom: 19, className: "tiles", referrerPolicy: "origin" }).addTo(this.#map);
		else
			this.#grid = new Grid({ attribution }).addTo(this.#map);
		this.#map.on("dragstart", () => this.dispatchEvent(new Event("moved")));
		this.#readColours();
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#changeScheme());
		new ResizeObserver(() => this.#map.invalidateSize({ pan: false })).observe(element);
	}

	#readColours() {
		const style = getComputedStyle(document.documentElement);

		this.#colours = (n) => style.getPropertyValue(`--pet-${n}`).trim();
	}

	#changeScheme() {
		this.#readColours();
		this.#grid?.redraw();
	}

	/* ---- live ---- */

	/* Draws @pet where it is now, with its trail. */
	show(pet) {
		if (!pet.fix)
			return;
		const shown = this.#shown.get(pet.id) ?? this.#add(pet);
		const label = pet.blur ? TEXTS.map.area(pet.name) : pet.name;
		shown.name.textContent = label;
		shown.icon.dataset.species = pet.species;
		shown.marker.getElement()?.setAttribute("aria-label", label);
		if (pet.blur) {
			shown.area.setBounds(cellOf(pet.fix.lat, pet.fix.lon, pet.blur));
			shown.marker.setLatLng(shown.area.getCenter());
		} else {
			place(shown.marker, pet.fix);
			this.#drawTrail(shown.trail, pet);
		}
	}

	/* The cell around @fix of @pet. */
	#area(pet, fix, options) {
		const color = this.#colours(pet.colour);

		return L.rectangle(cellOf(fix.lat, fix.lon, pet.blur), {
			color, weight: 2, fillOpacity: 0.15, className: "area", interactive: false, renderer: this.#areas, ...options,
		});
	}

	#add(pet) {
		const name = make("span", { className: "pin-name" });
		const icon = make("span", {
			className: pet.blur ? "pin blurred" : "pin", "data-colour": String(pet.colour), "data-device": pet.id,
		}, make("span", { className: "pin-disc" }, make("span", { className: "species" })), name);
		const marker = L.marker([pet.fix.lat, pet.fix.lon], {
			icon: L.divIcon({ html: icon, className: "pin-frame", iconSize: [36, 36] }),
			title: pet.name,
			riseOnHover: true,
		});
		const shown = { marker, icon, name, trail: L.layerGroup().addTo(this.#map) };

		if (pet.blur)
			shown.area = this.#area(pet, pet.fix).addTo(shown.trail);

		marker.on("click", () => this.dispatchEvent(new CustomEvent("select", { detail: pet.id })));
		marker.addTo(this.#map);
		this.#shown.set(pet.id, shown);
		this.#mark(pet.id);
		return shown;
	}

	#drawTrail(layer, pet) {
		const color = this.#colours(pet.colour);

		layer.clearLayers();
		for (const { points, strength } of fade(pet.track, BANDS))
			L.polyline(points, { color, opacity: 0.15 + 0.75 * strength, weight: 2 + 2 * strength, interactive: false })
				.addTo(layer);
	}

	remove(id) {
		const shown = this.#shown.get(id);

		shown?.marker.remove();
		shown?.trail.remove();
		this.#shown.delete(id);
	}

	/* Those that are drawn, by id. */
	get ids() {
		return [...this.#shown.keys()];
	}

	select(id) {
		this.#selected = id;
		for (const each of this.#shown.keys())
			this.#mark(each);
	}

	#mark(id) {
		const { icon, marker } = this.#shown.get(id);

		icon.classList.toggle("selected", id === this.#selected);
		marker.setZIndexOffset(id === this.#selected ? 1000 : 0);
	}

	/* ---- what is in sight ---- */

	fitAll() {
		const bounds = L.latLngBounds([]);

		for (const { marker, area } of this.#shown.values())
			bounds.extend(area?.getBounds() ?? marker.getLatLng());
		if (bounds.isValid())
			this.#map.fitBounds(bounds.pad(0.15), { maxZoom: ZOOM_PET });
	}

	/* Brings @pet into sight, and near enough; a map that shows it so already stays as it is. */
	goTo(pet) {
		if (!pet.fix)
			return;
		if (pet.blur)
			this.fitAll();
		else if (this.#map.getZoom() < ZOOM_PET - 2)
			this.#map.setView([pet.fix.lat, pet.fix.lon], ZOOM_PET - 1);
		else
			this.keepInSight(pet.fix, -0.1);
	}

	/* Moves the map after @fix, when it leaves the map's inner part. */
	keepInSight(fix, margin = -0.3) {
		if (!this.#map.getBounds().pad(margin).contains([fix.lat, fix.lon]))
			this.#map.panTo([fix.lat, fix.lon]);
	}

	/* ---- a day ---- */

	/* Hides what is live and shows @track of @pet instead, until hideDay(). @fit: all of it in sight, above the lowest
	 * @covered pixels of the map. */
	showDay(pet, track, { fit, covered }) {
		this.hideDay();
		this.#map.getContainer().classList.add("in-history");
		for (const { trail } of this.#shown.values())
			trail.remove();

		const color = this.#colours(pet.colour);
		const fix = newest(track);
		this.#day = {
			after: L.polyline([], { color, weight: 3, opacity: 0.25, dashArray: "2 6", interactive: false }).addTo(this.#map),
			before: L.polyline([], { color, weight: 4, opacity: 0.9, interactive: false }).addTo(this.#map),
			dots: L.layerGroup().addTo(this.#map),
			marker: fix && !pet.blur ? this.#dayMarker(pet, fix) : null,
			area: fix && pet.blur ? this.#area(pet, fix, { fillOpacity: 0.3 }).addTo(this.#map) : null,
			blur: pet.blur,
			shown: -1,
		};
		const points = validPoints(track);
		if (pet.blur)
			this.#drawCells(pet, track);
		else
			for (const point of points)
				L.circleMarker(point, { radius: 3, color, weight: 1, fillOpacity: 0.6, interactive: false })
					.addTo(this.#day.dots);
		if (fit && points.length > 0)
			this.#map.fitBounds(L.latLngBounds(points).pad(0.1), { maxZoom: ZOOM_PET + 1, paddingBottomRight: [0, covered] });
	}

	/* Each cell that @pet was in, once. */
	#drawCells(pet, track) {
		const fixes = new Map();

		for (const fix of track.filter(({ valid }) => valid))
			fixes.set(String(cellOf(fix.lat, fix.lon, pet.blur)), fix);
		for (const fix of fixes.values())
			this.#area(pet, fix, { weight: 1, fillOpacity: 0.08 }).addTo(this.#day.dots);
	}

	#dayMarker(pet, fix) {
		const icon = make("span", { className: "pin selected past", "data-colour": String(pet.colour), "data-species": pet.species },
			make("span", { className: "pin-disc" }, make("span", { className: "species" })));

		return L.marker([fix.lat, fix.lon], {
			icon: L.divIcon({ html: icon, className: "pin-frame past-frame", iconSize: [36, 36] }),
			interactive: false,
			keyboard: false,
			zIndexOffset: 2000,
		}).addTo(this.#map);
	}

	/* Of the day that is shown: the pet as it was at @ms. Called for every frame while it plays. */
	showMoment(track, ms) {
		const n = countUntil(track, ms);

		if (n === this.#day.shown)
			return;
		this.#day.shown = n;
		const fix = newest(track.slice(0, n));
		if (this.#day.area) {
			this.#day.area.setStyle({ opacity: fix ? 1 : 0, fillOpacity: fix ? 0.3 : 0 });
			if (fix)
				this.#day.area.setBounds(cellOf(fix.lat, fix.lon, this.#day.blur));
			return;
		}
		this.#day.before.setLatLngs(validPoints(track.slice(0, n)));
		this.#day.after.setLatLngs(validPoints(track.slice(Math.max(0, n - 1))));
		if (!this.#day.marker)
			return;
		this.#day.marker.setOpacity(fix ? 1 : 0);
		if (fix)
			place(this.#day.marker, fix);
	}

	hideDay() {
		if (!this.#day)
			return;
		for (const layer of [this.#day.before, this.#day.after, this.#day.dots, this.#day.marker, this.#day.area])
			layer?.remove();
		this.#day = null;
		this.#map.getContainer().classList.remove("in-history");
		for (const { trail } of this.#shown.values())
			trail.addTo(this.#map);
	}
}

function validPoints(track) {
	return track.filter((fix) => fix.valid).map((fix) => [fix.lat, fix.lon]);
}

/* Puts a marker at @fix. It glides there; on zooming, when Leaflet moves it too, it must not. */
function place(marker, fix) {
	const element = marker.getElement(), at = marker.getLatLng();

	if (at.lat === fix.lat && at.lng === fix.lon)
		return;
	if (element) {
		element.classList.add("gliding");
		clearTimeout(marker.gliding);
		marker.gliding = setTimeout(() => element.classList.remove("gliding"), MOVE_MS);
	}
	marker.setLatLng([fix.lat, fix.lon]);
}
