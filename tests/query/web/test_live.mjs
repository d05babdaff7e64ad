import { Clock, settle } from "./browser.mjs";

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Live } from "../../../query/web/js/live.js";

let clock, sockets, tokens, live, seen;

class FakeSocket {
	static OPEN = 1;
	readyState = 1;
	sent = [];

	constructor() {
		sockets.push(this);
	}
	send(text) {
		this.sent.push(JSON.parse(text));
	}
	close() {
		this.readyState = 3;
	}
	/* The server's side. */
	says(frame) {
		this.onmessage({ data: JSON.stringify(frame) });
	}
	ends(code) {
		this.readyState = 3;
		this.onclose({ code });
	}
}

/* Opens the newest socket up to "authenticated". Returns it. */
function greet() {
	const socket = sockets.at(-1);

	socket.onopen();
	socket.says({ type: "authenticated" });
	return socket;
}

beforeEach(() => {
	clock = new Clock();
	globalThis.WebSocket = FakeSocket;
	sockets = [];
	seen = [];
	tokens = { given: 0, fresh: 0 };
	live = new Live("ws://x/v1/live", {
		token: async () => `token-${++tokens.given}`,
		freshToken: async () => `fresh-${++tokens.fresh}`,
	});
	for (const type of ["state", "positions", "gap", "devices"])
		live.addEventListener(type, ({ detail }) => seen.push(type === "state" ? detail : type));
});

test("authenticates, subscribes to all, and hands positions on", async () => {
	live.start();
	await clock.pass(0);
	const socket = greet();

	assert.deepEqual(socket.sent, [{ type: "auth", token: "token-1" }, { type: "subscribe", devices: "all" }]);
	socket.says({ type: "subscribed", devices: [], recovered: false, cursor: "c0" });
	socket.says({ type: "snapshot", positions: [], cursor: "c1", last: true });
	socket.says({ type: "positions", positions: [{}], cursor: "c2" });
	assert.deepEqual(seen, ["connecting", "live", "positions", "positions"]);
});

test("after a break it goes on from the last cursor", async () => {
	live.start();
	await clock.pass(0);
	let socket = greet();
	socket.says({ type: "subscribed", recovered: false, cursor: "c0" });
	socket.says({ type: "snapshot", positions: [], cursor: "c1", last: true });
	socket.says({ type: "positions", positions: [], cursor: "c2" });
	socket.ends(1001);
	assert.equal(seen.at(-1), "reconnecting");

	await clock.pass(1000);
	socket = greet();
	assert.deepEqual(socket.sent.at(-1), { type: "subscribe", devices: "all", cursor: "c2" });
	socket.says({ type: "subscribed", recovered: true, cursor: "c2" });
	assert.equal(seen.at(-1), "live");
	assert.ok(!seen.includes("gap"));
});

test("what could not be recovered is a gap", async () => {
	live.start();
	await clock.pass(0);
	greet().says({ type: "positions", positions: [], cursor: "c2" });
	sockets[0].ends(1006);
	await clock.pass(1000);
	greet().says({ type: "subscribed", recovered: false, cursor: "c9" });
	assert.ok(seen.includes("gap"));
});

test("half a snapshot is no place to go on from", async () => {
	live.start();
	await clock.pass(0);
	const socket = greet();
	socket.says({ type: "subscribed", recovered: false, cursor: "c0" });
	socket.says({ type: "snapshot", positions: [], cursor: "c1", last: false });
	socket.ends(1006);
	await clock.pass(1000);
	assert.deepEqual(greet().sent.at(-1), { type: "subscribe", devices: "all" });
});

test("a token that ends is renewed on the open socket, once subscribed", async () => {
	live.start();
	await clock.pass(0);
	const socket = greet();
	socket.says({ type: "subscribed", recovered: false, cursor: "c0" });
	socket.says({ type: "expiring" });
	await settle();
	assert.deepEqual(socket.sent.at(-1), { type: "auth", token: "fresh-1" });
	socket.says({ type: "authenticated" });
	assert.equal(socket.sent.length, 3);
	assert.equal(sockets.length, 1);
});

test("when the server takes the token no more, another is asked for", async () => {
	live.start();
	await clock.pass(0);
	greet();
	sockets[0].ends(4401);
	await clock.pass(1000);
	sockets[1].onopen();
	assert.deepEqual(sockets[1].sent, [{ type: "auth", token: "fresh-1" }]);
});

test("it waits longer each time, and comes back", async () => {
	const delays = [];

	live.start();
	await clock.pass(0);
	for (let n = 1; n < 9; n++) {
		const ended = Date.now();
		sockets.at(-1).ends(1006);
		while (sockets.length === n)
			await clock.pass(50);
		delays.push(Date.now() - ended);
	}
	assert.ok(delays[0] <= 550 && delays[3] >= 2000 && delays[7] >= 15_000 && delays[7] <= 30_050, String(delays));
});

test("a connection that has gone silent is given up", async () => {
	live.start();
	await clock.pass(0);
	const socket = greet();
	socket.says({ type: "subscribed", recovered: false, cursor: "c0" });
	await clock.pass(25_000);
	assert.deepEqual(socket.sent.at(-1), { type: "ping" });
	await clock.pass(25_000);
	await clock.pass(25_000);
	assert.equal(seen.at(-1), "reconnecting");
	socket.says({ type: "positions", positions: [], cursor: "c5" });
	assert.equal(seen.at(-1), "reconnecting");
});

test("stopped, it neither hears nor comes back", async () => {
	live.start();
	await clock.pass(0);
	const socket = greet();
	live.stop();
	socket.says({ type: "positions", positions: [], cursor: "c1" });
	socket.ends(1000);
	await clock.pass(60_000);
	assert.deepEqual(seen, ["connecting"]);
	assert.equal(sockets.length, 1);
});
