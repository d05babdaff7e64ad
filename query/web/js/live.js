/*
 * live - the live stream, kept up
 *
 * Follows all of the person's pets. Every frame's cursor is kept; after a break the stream goes on from there, and says
 * "gap" when it could not. The token is renewed on the open socket.
 *
 * Events, with detail: "state" (connecting, live, reconnecting, offline), "positions" (an array), "devices" (what was
 * added and removed), "gap" (updates were missed: what is on the page must be read anew).
 */
const SUBPROTOCOL = "pettrack.v1";
const PING_MS = 25_000, SILENCE_MS = 60_000;
const RETRY_FIRST_MS = 500, RETRY_MAX_MS = 30_000;
const NOT_AUTHENTICATED = 4401;

export class Live extends EventTarget {
	#url;
	#session;
	#socket = null;
	#cursor = null;
	#failures = 0;
	#retry = 0; /* timer of the next attempt */
	#pulse = 0; /* timer of pings */
	#heard = 0; /* when the last frame came */
	#state = null;
	#running = false;
	#askNewToken = false;
	#subscribed = false; /* asked for, on this socket */
	#online = () => this.#connectSoon(0);
	#offline = () => this.#socket?.close();

	constructor(url, session) {
		super();
		this.#url = url;
		this.#session = session;
	}

	start() {
		if (this.#running)
			return;
		this.#running = true;
		addEventListener("online", this.#online);
		addEventListener("offline", this.#offline);
		this.#setState("connecting");
		this.#connectSoon(0);
	}

	stop() {
		this.#running = false;
		removeEventListener("online", this.#online);
		removeEventListener("offline", this.#offline);
		clearTimeout(this.#retry);
		this.#drop();
		this.#cursor = null;
		this.#failures = 0;
		this.#state = null;
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#setState(state) {
		if (state !== this.#state)
			this.#emit("state", state);
		this.#state = state;
	}

	#connectSoon(delay) {
		clearTimeout(this.#retry);
		if (this.#running && !this.#socket)
			this.#retry = setTimeout(() => this.#connect(), delay);
	}

	/* Waits longer after each failure, and never exactly as long as everybody else. */
	#failed() {
		const delay = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#failures++);

		this.#setState(navigator.onLine ? "reconnecting" : "offline");
		this.#connectSoon(delay * (0.5 + Math.random() / 2));
	}

	/* Lets go of the socket; what it still says is not heard. */
	#drop() {
		const socket = this.#socket;

		this.#socket = null;
		clearInterval(this.#pulse);
		socket?.close();
	}

	async #connect() {
		let token;

		try {
			token = await (this.#askNewToken ? this.#session.freshToken() : this.#session.token());
			this.#askNewToken = false;
		} catch {
			if (this.#running)
				this.#failed();
			return;
		}
		if (!this.#running || this.#socket)
			return;

		const socket = new WebSocket(this.#url, SUBPROTOCOL);
		this.#socket = socket;
		this.#subscribed = false;
		this.#heard = Date.now();
		this.#pulse = setInterval(() => this.#watch(), PING_MS);
		socket.onopen = () => this.#send({ type: "auth", token });
		socket.onmessage = ({ data }) => {
			if (socket === this.#socket)
				this.#hear(JSON.parse(data));
		};
		socket.onclose = ({ code }) => {
			if (socket !== this.#socket)
				return;
			this.#drop();
			this.#askNewToken = code === NOT_AUTHENTICATED;
			this.#failed();
		};
	}

	#send(message) {
		if (this.#socket?.readyState === WebSocket.OPEN)
			this.#socket.send(JSON.stringify(message));
	}

	/* A connection may be gone without a word. */
	#watch() {
		if (Date.now() - this.#heard > SILENCE_MS) {
			this.#drop();
			this.#failed();
			return;
		}
		this.#send({ type: "ping" });
	}

	#hear(frame) {
		this.#heard = Date.now();
		switch (frame.type) {
		case "authenticated":
			this.#subscribe();
			break;
		case "subscribed":
			if (this.#cursor && !frame.recovered)
				this.#emit("gap");
			this.#failures = 0;
			this.#setState("live");
			break;
		case "snapshot":
		case "positions":
			this.#emit("positions", frame.positions);
			break;
		case "devices":
			this.#emit("devices", frame);
			break;
		case "expiring":
			this.#renew();
			break;
		}
		this.#keepCursor(frame);
	}

	/* A cursor counts once all before it is here: not while a snapshot is still coming. */
	#keepCursor(frame) {
		const incomplete = (frame.type === "subscribed" && !frame.recovered) || frame.last === false;

		if (frame.cursor)
			this.#cursor = incomplete ? null : frame.cursor;
	}

	/* Once a socket: a renewed token is answered like the first. */
	#subscribe() {
		if (!this.#subscribed)
			this.#send({ type: "subscribe", devices: "all", ...(this.#cursor && { cursor: this.#cursor }) });
		this.#subscribed = true;
	}

	async #renew() {
		try {
			this.#send({ type: "auth", token: await this.#session.freshToken() });
		} catch {
			/* The server closes the socket when the token ends; what follows is as after any break. */
		}
	}
}
