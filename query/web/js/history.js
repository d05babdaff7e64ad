/*
 * history - one pet's day, on a slider
 *
 * Events: "close".
 */
import { byId, oncePerFrame } from "./dom.js";
import { TEXTS } from "./texts.js";
import { addDays, clockOf, dayOf, rangeOf } from "./time.js";
import { countUntil, fixOf, insert, lengthOf } from "./track.js";

const { day: T } = TEXTS;
const FIXES_MAX = 20_000;

export class History extends EventTarget {
	#api;
	#map;
	#may;
	#pet = null; /* whose day it is; null: closed */
	#range = { from: 0, to: 0 };
	#track = [];
	#now = 0; /* the moment shown, ms */
	#chosen = false; /* by the reader, not by us */
	#loading = 0; /* number of the load under way: an older one's answer is not for us */
	#playing = 0; /* the frame asked for; 0: standing */
	#slider = byId("slider");
	#marks = byId("history-marks");
	#redraw = oncePerFrame(() => this.#pet && this.#draw());

	/* @may: { from, until }, the times (ms) between which there is something to be seen; absent: no limit. */
	constructor(api, map, may) {
		super();
		this.#api = api;
		this.#map = map;
		this.#may = may;
		byId("history-close").addEventListener("click", () => this.close());
		byId("day").addEventListener("change", (event) => event.target.value && this.#load());
		byId("day-before").addEventListener("click", () => this.#turn(-1));
		byId("day-after").addEventListener("click", () => this.#turn(1));
		byId("play").addEventListener("click", () => (this.#playing ? this.#pause() : this.#play()));
		this.#slider.addEventListener("input", () => {
			this.#pause();
			this.#chosen = true;
			this.#showMoment(Math.min(this.#range.from + Number(this.#slider.value) * 1000, this.#range.to - 1));
		});
		byId("history").addEventListener("keydown", (event) => event.key === "Escape" && this.close());
		new ResizeObserver(() => this.#redraw()).observe(this.#marks);
	}

	/* The pet whose day is shown, or null. */
	get pet() {
		return this.#pet;
	}

	open(pet) {
		this.#pet = pet;
		byId("history").hidden = false;
		byId("history-title").textContent = T.title(pet.name);
		const latest = Math.min(Date.now(), this.#may.until ?? Infinity);
		byId("day").min = this.#may.from ? dayOf(this.#may.from) : "";
		byId("day").max = dayOf(latest);
		byId("day").value = dayOf(Math.min(pet.fix?.ms ?? latest, latest));
		this.#load();
		this.#slider.focus({ preventScroll: true });
	}

	close() {
		if (!this.#pet)
			return;
		this.#pause();
		this.#loading++;
		this.#pet = null;
		this.#track = [];
		byId("history").hidden = true;
		this.#map.hideDay();
		this.dispatchEvent(new Event("close"));
	}

	/* A fix of @pet that has just come: one of the day shown takes its place in it. */
	add(pet, fix) {
		if (pet !== this.#pet || fix.ms < this.#range.from || fix.ms >= this.#range.to)
			return;
		const atEnd = this.#now >= this.#last();
		if (insert(this.#track, fix) < 0)
			return;
		if (atEnd)
			this.#now = this.#last();
		this.#redraw();
	}

	#last() {
		return this.#track[this.#track.length - 1]?.ms ?? this.#range.from;
	}

	#turn(days) {
		byId("day").value = addDays(byId("day").value, days);
		this.#load();
	}

	async #load() {
		const number = ++this.#loading, day = byId("day").value;

		this.#pause();
		this.#chosen = false;
		this.#range = rangeOf(day);
		byId("day-before").disabled = day <= byId("day").min;
		byId("day-after").disabled = day >= byId("day").max;
		this.#slider.max = (this.#range.to - this.#range.from) / 1000;
		this.#setTrack([]);
		byId("history-summary").textContent = TEXTS.view.loading;
		try {
			const positions = await this.#api.history(this.#pet.id, this.#range.from, this.#range.to, FIXES_MAX);
			if (number === this.#loading)
				this.#setTrack([...positions.map(fixOf), ...this.#track]);
		} catch (problem) {
			if (number === this.#loading)
				byId("history-summary").textContent = problem.text;
		}
	}

	/* @fixes in any order: some may have come live while the day was loading. */
	#setTrack(fixes) {
		this.#track = [];
		for (const fix of fixes)
			insert(this.#track, fix);
		if (!this.#chosen)
			this.#now = this.#last();
		this.#draw(true);
	}

	#draw(fit = false) {
		this.#map.showDay(this.#pet, this.#track, { fit, covered: coveredByPanel() });
		this.#drawMarks();
		this.#showMoment(this.#now);
		byId("history-summary").textContent = summaryOf(this.#track);
		byId("play").disabled = this.#track.length < 2;
	}

	/* A stroke above the slider for each fix. */
	#drawMarks() {
		const { clientWidth: width, clientHeight: height } = this.#marks, ratio = globalThis.devicePixelRatio || 1;
		const context = this.#marks.getContext("2d");

		this.#marks.width = width * ratio;
		this.#marks.height = height * ratio;
		context.scale(ratio, ratio);
		context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--pet-${this.#pet.colour}`);
		context.globalAlpha = 0.6;
		for (const { ms } of this.#track)
			context.fillRect(Math.floor(((ms - this.#range.from) / (this.#range.to - this.#range.from)) * width), 0, 1.5, height);
	}

	#showMoment(ms) {
		const n = countUntil(this.#track, ms), fix = this.#track[n - 1];

		this.#now = ms;
		this.#slider.value = (ms - this.#range.from) / 1000;
		this.#slider.setAttribute("aria-valuetext", clockOf(ms));
		byId("clock").textContent = clockOf(ms);
		byId("history-fix").textContent = fix ? T.fix(n, this.#track.length, clockOf(fix.ms)) : "";
		this.#map.showMoment(this.#track, ms);
		if (fix && this.#playing)
			this.#map.keepInSight(fix);
	}

	#play() {
		let before = performance.now();
		const step = (at) => {
			const next = this.#now + (at - before) * Number(byId("speed").value);
			before = at;
			this.#playing = requestAnimationFrame(step);
			this.#showMoment(Math.min(next, this.#last()));
			if (next >= this.#last())
				this.#pause();
		};

		if (this.#now >= this.#last())
			this.#now = this.#track[0].ms;
		this.#playing = requestAnimationFrame(step);
		showPlaying(true);
	}

	#pause() {
		cancelAnimationFrame(this.#playing);
		this.#playing = 0;
		showPlaying(false);
	}
}

/* How much of the map the panel lies over; none on a phone, where it is below. */
function coveredByPanel() {
	const map = byId("map").getBoundingClientRect(), panel = byId("history").getBoundingClientRect();

	return Math.max(0, map.bottom - panel.top);
}

function showPlaying(on) {
	byId("play").setAttribute("aria-label", on ? T.pause : T.play);
	byId("play").firstElementChild.className = on ? "glyph pause" : "glyph play";
}

function summaryOf(track) {
	if (track.length === 0)
		return T.none;
	return T.summary(track.length, (lengthOf(track) / 1000).toFixed(1));
}
