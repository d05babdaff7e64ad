/* browser - what a browser has and Node lacks, and a clock that goes when told to; import it first */

globalThis.CustomEvent ??= class extends Event {
	constructor(type, { detail } = {}) {
		super(type);
		this.detail = detail;
	}
};
globalThis.addEventListener = globalThis.removeEventListener = () => {};
Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });

/* Lets everything run that waits for a promise. */
export async function settle() {
	for (let i = 0; i < 10; i++)
		await Promise.resolve();
}

/* Takes the place of setTimeout, setInterval and Date.now. */
export class Clock {
	#now = 1e12;
	#timers = new Map(); /* { at, work, every } by number */
	#made = 0;

	constructor() {
		globalThis.setTimeout = (work, ms) => this.#add(work, ms, 0);
		globalThis.setInterval = (work, ms) => this.#add(work, ms, ms);
		globalThis.clearTimeout = globalThis.clearInterval = (number) => this.#timers.delete(number);
		Date.now = () => this.#now;
	}

	#add(work, ms, every) {
		this.#timers.set(++this.#made, { at: this.#now + ms, work, every });
		return this.#made;
	}

	/* @ms pass; what is due runs, in order. */
	async pass(ms) {
		const end = this.#now + ms;

		for (;;) {
			const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
			if (!due)
				break;
			const [number, timer] = due;
			this.#now = timer.at;
			if (timer.every)
				timer.at += timer.every;
			else
				this.#timers.delete(number);
			timer.work();
			await settle();
		}
		this.#now = end;
	}
}
