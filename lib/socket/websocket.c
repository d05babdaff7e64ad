/*
 * websocket - one libwebsockets context on a loop, and its connections
 *
 * What libwebsockets 4.1 does here: the answer to the handshake, frames in and out, what a full socket did not take. What
 * it is not asked to do, and why:
 *
 * - To call back when a socket is writable before every message: that is two epoll_ctl() and one epoll_wait() a
 *   message. A socket whose last message went out whole is written at once.
 * - To keep time: its timers are one sorted list that is searched from the front, and on a foreign loop they are armed
 *   only after an event of its own. Pings and limits are ours: connections in the order in which they were last heard.
 * - To send our close frames: where output is waiting it drops them. They are queued behind the output.
 */
#include "socket/websocket_internal.h"
#include "base/text.h"
#include "service/log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	CODE_NONE = 1005,
	CODE_ABNORMAL = 1006,
	CONTROL_MAX = 125, /* bytes in a control frame */
	CLOSE_MAX = 2 + 4 + CONTROL_MAX,
	REASON_MAX = CONTROL_MAX - 2,
	RX_BUFFER = 256, /* each connection has one */
	TX_MAX = 1 << 20, /* bytes in one send() */
	MESSAGES_A_TURN = 16, /* that one connection may send before the others have their turn */
	SERVICE_BUFFER = 4096, /* one a context: the handshake's answer is made in it */
	HEADERS_MAX = 4096, /* of the short request that libwebsockets gets, or a server's answer */
	HEADERS_AT_ONCE = 4,
	OPENING_MS = 20000, /* for a client's connect and handshake */
	LINGER_MS = 3000, /* for the peer to answer our close frame */
	SWEEP_MS = 500,
	END_SWEEP_MS = 10,
	/* Of the loop: in the first libwebsockets' sockets are closed, in the second its timer and idle handle, which the
	 * last socket's close callback begins to close; one more to be past both. */
	END_TURNS = 3,
};

static_assert((int)WS_HEADROOM >= (int)LWS_PRE, "ws_send() gives libwebsockets what its callers left free");

/* ---- connections ---- */

static void on_hurry(uv_idle_t *hurry)
{
	(void)hurry; /* an active idle handle keeps the loop from sleeping; that is all it is for */
}

/* To be served in this turn of the loop, or in the next when it is past that point. */
static void schedule(struct ws *w)
{
	struct ws_host *h = w->host;

	if (w->due)
		return;
	if (TAILQ_EMPTY(&h->due))
		uv_idle_start(&h->hurry, on_hurry);
	TAILQ_INSERT_TAIL(&h->due, w, due_link);
	w->due = true;
}

static struct ws_list *list_of(struct ws *w)
{
	return w->closing ? &w->host->closing : &w->host->all;
}

struct ws *ws_new(struct ws_host *h)
{
	struct ws *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->host = h;
	w->heard_ms = loop_now_ms(h->loop);
	TAILQ_INSERT_TAIL(&h->all, w, link);
	h->connections++;
	return w;
}

void ws_free(struct ws *w)
{
	struct ws_host *h = w->host;

	TAILQ_REMOVE(list_of(w), w, link);
	if (w->due)
		TAILQ_REMOVE(&h->due, w, due_link);
	h->connections--;
	h->events->closed(w);
	free(w->partial);
	free(w->reason);
	free(w->opening);
	free(w);
}

static void heard(struct ws *w)
{
	if (w->closing)
		return;
	w->heard_ms = loop_now_ms(w->host->loop);
	w->pinged = false;
	TAILQ_REMOVE(&w->host->all, w, link);
	TAILQ_INSERT_TAIL(&w->host->all, w, link);
}

/* From here on nothing but close frames goes in or out. */
static void begin_closing(struct ws *w)
{
	if (w->closing)
		return;
	TAILQ_REMOVE(list_of(w), w, link);
	w->closing = true;
	w->heard_ms = loop_now_ms(w->host->loop);
	TAILQ_INSERT_TAIL(list_of(w), w, link);
	free(w->partial);
	w->partial = NULL;
}

/* Without a goodbye. libwebsockets learns it from the socket, and says so as with a peer that went. */
static void drop(struct ws *w)
{
	begin_closing(w);
	w->close_due = false;
	if (w->lws)
		(void)shutdown(lws_get_socket_fd(w->lws), SHUT_RDWR); /* fails where it is gone already */
}

int ws_close_code(const struct ws *w)
{
	return w->code ? w->code : CODE_ABNORMAL;
}

static void set_reason(struct ws *w, const char *reason, size_t n)
{
	free(w->reason);
	w->reason = n > 0 ? strndup(reason, n < REASON_MAX ? n : REASON_MAX) : NULL; /* without memory: none */
}

void ws_close(struct ws *w, int code, const char *reason)
{
	if (w->closing)
		return;
	begin_closing(w);
	w->code = (uint16_t)code;
	set_reason(w, reason, strlen(reason));
	w->close_due = true;
	schedule(w);
}

/* ---- sending ---- */

void ws_want_write(struct ws *w)
{
	if (w->closing)
		return;
	w->wants = true;
	schedule(w);
}

int ws_send(struct ws *w, char *text, size_t n)
{
	if (!w->writing || w->closing || n > INT32_MAX)
		return -EPIPE;
	w->writing = false;
	if (lws_write(w->lws, (unsigned char *)text, n, LWS_WRITE_TEXT) < (int)n) {
		drop(w);
		return -EPIPE;
	}
	return 0;
}

/* A close frame as it goes over the wire; a client's is masked. Its length. */
static size_t put_close(const struct ws *w, uint8_t out[static CLOSE_MAX])
{
	size_t n = 0, reason_n = w->reason ? strlen(w->reason) : 0;
	uint8_t payload[CONTROL_MAX], mask[4] = { 0 };

	payload[0] = (uint8_t)(w->code >> 8);
	payload[1] = (uint8_t)w->code;
	if (reason_n > 0)
		memcpy(payload + 2, w->reason, reason_n);
	out[n++] = 0x88;
	out[n++] = (uint8_t)((w->host->is_client ? 0x80 : 0) | (2 + reason_n));
	if (w->host->is_client) {
		lws_get_random(w->host->context, mask, sizeof(mask));
		memcpy(out + n, mask, sizeof(mask));
		n += sizeof(mask);
	}
	for (size_t i = 0; i < 2 + reason_n; i++)
		out[n++] = payload[i] ^ mask[i % 4];
	return n;
}

/* As raw bytes: Debian's libwebsockets is built to close twice what its callback asks to close, and the second time it
 * does not wait for the frame to be sent. */
static void send_close(struct ws *w)
{
	uint8_t frame[LWS_PRE + CLOSE_MAX];
	size_t n = put_close(w, frame + LWS_PRE);

	w->close_due = false;
	if (!w->opened || lws_write(w->lws, frame + LWS_PRE, n, LWS_WRITE_HTTP) < 0)
		drop(w);
}

static void send_ping(struct ws *w)
{
	unsigned char frame[LWS_PRE + 1] = { 0 };

	frame[LWS_PRE] = '?'; /* libwebsockets does not report the pong of an empty ping */
	w->pinged = true;
	if (!lws_partial_buffered(w->lws) && lws_write(w->lws, frame + LWS_PRE, 1, LWS_WRITE_PING) < 0)
		drop(w);
}

/* Whether a message may go out now: none is waiting in libwebsockets, and it is not closing on its own account. */
static bool has_room(struct ws *w)
{
	return w->opened && !lws_partial_buffered(w->lws) && lws_get_close_length(w->lws) == 0;
}

static void serve(struct ws *w)
{
	if (!w->lws) {
		ws_free(w);
		return;
	}
	if (w->close_due)
		send_close(w);
	for (int i = 0; i < MESSAGES_A_TURN && w->wants && !w->closing && has_room(w); i++) {
		w->wants = false;
		w->writing = true;
		w->host->events->writable(w);
		w->writing = false;
	}
}

static void on_turn(uv_check_t *turn)
{
	struct ws_host *h = turn->data;
	struct ws_list now = TAILQ_HEAD_INITIALIZER(now);

	TAILQ_CONCAT(&now, &h->due, due_link); /* those that are added while these are served wait a turn */
	for (struct ws *w; (w = TAILQ_FIRST(&now));) {
		TAILQ_REMOVE(&now, w, due_link);
		w->due = false;
		serve(w);
	}
	if (TAILQ_EMPTY(&h->due))
		uv_idle_stop(&h->hurry);
}

/* ---- receiving ---- */

static void deliver(struct ws *w, const char *text, size_t n)
{
	if (text_is_utf8(text, n))
		w->host->events->message(w, text, n);
	else
		ws_close(w, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "not UTF-8");
}

/* Adds to what has come of a message; @more bytes of the same frame are still to come. */
static bool keep(struct ws *w, const char *bytes, size_t n, size_t more)
{
	size_t have = w->partial_n + n, all = have + more;

	if (!w->partial || have > w->partial_size) {
		char *grown = realloc(w->partial, all);
		if (!grown)
			return false;
		w->partial = grown;
		w->partial_size = (uint32_t)all;
	}
	memcpy(w->partial + w->partial_n, bytes, n);
	w->partial_n = (uint32_t)have;
	return true;
}

static void on_fragment(struct ws *w, const char *bytes, size_t n)
{
	size_t more = lws_remaining_packet_payload(w->lws), max = w->host->message_max;
	bool whole = lws_is_final_fragment(w->lws);

	heard(w);
	if (w->closing)
		return;
	if (lws_frame_is_binary(w->lws)) {
		ws_close(w, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text only");
	} else if (n > max - w->partial_n || more > max - w->partial_n - n) {
		ws_close(w, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "message too large");
	} else if (whole && w->partial_n == 0) {
		deliver(w, bytes, n);
	} else if (n > 0 && !keep(w, bytes, n, more)) {
		ws_close(w, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "out of memory");
	} else if (whole) {
		char *text = w->partial;
		size_t len = w->partial_n;
		w->partial = NULL; /* the message may be the one that closes */
		w->partial_n = w->partial_size = 0;
		deliver(w, text, len);
		free(text);
	}
}

/* The peer's close frame. Nonzero: be done with it; else libwebsockets answers it first. */
static int on_peer_close(struct ws *w, const unsigned char *payload, size_t n)
{
	if (w->closing)
		return -1; /* it is the answer to ours */
	begin_closing(w);
	w->code = n >= 2 ? (uint16_t)(payload[0] << 8 | payload[1]) : CODE_NONE;
	if (n > 2)
		set_reason(w, (const char *)payload + 2, n - 2);
	return 0;
}

/* ---- what libwebsockets says ---- */

static void on_established(struct ws *w)
{
	w->opened = true;
	if (!w->host->events->opened(w)) {
		w->opened = false;
		drop(w);
	}
	free(w->opening);
	w->opening = NULL;
}

void ws_forget(struct ws *w)
{
	begin_closing(w);
	w->lws = NULL;
	schedule(w);
}

enum { IT_IS_GONE = 1 };

static int on_event(struct ws *w, enum lws_callback_reasons reason, void *in, size_t n)
{
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		on_established(w);
		break;
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		on_fragment(w, in, n);
		break;
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		heard(w);
		break;
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		if (w->wants)
			schedule(w);
		break;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return on_peer_close(w, in, n);
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		set_reason(w, in ? in : "", in ? n : 0);
		return IT_IS_GONE;
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_WSI_DESTROY: /* of one that never was open */
		return IT_IS_GONE;
	default:
		break;
	}
	return 0;
}

static int on_lws(struct lws *lws, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct ws_host *h = lws_context_user(lws_get_context(lws));
	struct ws *w;

	(void)user;
	if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED && h->adopting) {
		h->adopting->lws = lws;
		lws_set_opaque_user_data(lws, h->adopting);
		h->adopting = NULL;
	}
	w = lws_get_opaque_user_data(lws);
	int r = w ? on_event(w, reason, in, n) : 0;
	if (r != IT_IS_GONE)
		return r;
	lws_set_opaque_user_data(lws, NULL);
	ws_forget(w);
	return 0;
}

/* ---- time ---- */

static void sweep_silent(struct ws_host *h, int64_t now_ms)
{
	struct ws *w = TAILQ_FIRST(&h->all), *next;

	for (; w && now_ms - w->heard_ms >= h->ping_ms; w = next) {
		next = TAILQ_NEXT(w, link);
		if (!w->opened)
			continue;
		if (!w->pinged)
			send_ping(w);
		else if (now_ms - w->heard_ms >= 2 * h->ping_ms)
			drop(w);
	}
}

static void sweep_unopened(struct ws_host *h, int64_t now_ms)
{
	struct ws *w = TAILQ_FIRST(&h->all), *next;

	for (; w && now_ms - w->heard_ms >= OPENING_MS; w = next) {
		next = TAILQ_NEXT(w, link);
		if (!w->opened)
			drop(w);
	}
}

static void sweep_closing(struct ws_host *h, int64_t now_ms)
{
	struct ws *w = TAILQ_FIRST(&h->closing), *next;

	for (; w && now_ms - w->heard_ms >= LINGER_MS; w = next) {
		next = TAILQ_NEXT(w, link);
		drop(w);
	}
}

static void on_sweep(uv_timer_t *sweep)
{
	struct ws_host *h = sweep->data;
	int64_t now_ms = loop_now_ms(h->loop);

	if (h->ping_ms > 0)
		sweep_silent(h, now_ms);
	sweep_unopened(h, now_ms);
	sweep_closing(h, now_ms);
}

/* ---- the host's life ---- */

static void on_log(int level, const char *line)
{
	(void)level;
	size_t n = strcspn(line, "\n");
	char text[256];

	n = n < sizeof(text) ? n : sizeof(text) - 1;
	memcpy(text, line, n);
	text[n] = '\0';
	log_debug("libwebsockets", LOG_S("text", text));
}

static struct lws_context *make_context(struct ws_host *h)
{
	static const lws_retry_bo_t no_checks = { 0 };
	void *loop = &h->loop->uv;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = h->protocols,
		.options = LWS_SERVER_OPTION_LIBUV | (h->is_client ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
		.foreign_loops = &loop,
		.user = h,
		.gid = -1, /* stay who we are */
		.uid = -1,
		.pt_serv_buf_size = SERVICE_BUFFER,
		.max_http_header_data = HEADERS_MAX,
		.max_http_header_pool = HEADERS_AT_ONCE,
		.retry_and_idle_policy = &no_checks,
	};

	lws_set_log_level(log_enabled(LEVEL_DEBUG) ? LLL_ERR | LLL_WARN : 0, on_log);
	return lws_create_context(&info);
}

int ws_host_open(struct ws_host *h, struct loop *l, const char *subprotocol, const struct ws_events *events,
	void *owner, bool is_client)
{
	*h = (struct ws_host){
		.loop = l,
		.events = events,
		.owner = owner,
		.is_client = is_client,
		.message_max = SIZE_MAX,
		.protocols = { {
			.name = subprotocol,
			.callback = on_lws,
			.rx_buffer_size = RX_BUFFER,
			.tx_packet_size = TX_MAX,
		} },
	};
	TAILQ_INIT(&h->all);
	TAILQ_INIT(&h->due);
	TAILQ_INIT(&h->closing);
	h->context = make_context(h);
	if (!h->context)
		return -ENOMEM;
	h->vhost = lws_get_vhost_by_name(h->context, "default");
	uv_check_init(&l->uv, &h->turn);
	uv_idle_init(&l->uv, &h->hurry);
	uv_timer_init(&l->uv, &h->sweep);
	h->turn.data = h->hurry.data = h->sweep.data = h;
	l->handles += 3;
	uv_check_start(&h->turn, on_turn);
	uv_timer_start(&h->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	return 0;
}

static void free_all(struct ws_list *list)
{
	for (struct ws *w = TAILQ_FIRST(list), *next; w; w = next) {
		next = TAILQ_NEXT(w, link);
		ws_free(w);
	}
}

static void on_last_closed(uv_handle_t *handle)
{
	struct ws_host *h = handle->data;

	h->loop->handles--;
	if (--h->last_handles == 0)
		h->gone(h->owner);
}

/* Counts the turns of the loop by closing a handle in each. */
static void on_end_turn(uv_handle_t *handle)
{
	struct ws_host *h = handle->data;

	if (--h->turns > 0) {
		uv_timer_init(&h->loop->uv, &h->sweep);
		uv_close(handle, on_end_turn);
		return;
	}
	h->loop->handles--;
	lws_context_destroy(h->context); /* its second half */
	free_all(&h->all);
	free_all(&h->closing);
	h->last_handles = 2;
	uv_close((uv_handle_t *)&h->turn, on_last_closed);
	uv_close((uv_handle_t *)&h->hurry, on_last_closed);
}

static void on_end_sweep(uv_timer_t *sweep)
{
	struct ws_host *h = sweep->data;
	int64_t now_ms = loop_now_ms(h->loop);

	if (h->ending_ms == 0) /* only now: the loop may not have been running when the end began */
		h->ending_ms = now_ms;
	if (h->connections > 0 && now_ms - h->ending_ms < LINGER_MS)
		return;
	lws_context_destroy(h->context); /* its first half: begins to close its sockets */
	h->turns = END_TURNS;
	uv_close((uv_handle_t *)sweep, on_end_turn);
}

void ws_host_end(struct ws_host *h, void (*gone)(void *owner))
{
	h->gone = gone;
	for (struct ws *w; (w = TAILQ_FIRST(&h->all));)
		ws_close(w, LWS_CLOSE_STATUS_GOINGAWAY, "going away");
	uv_timer_start(&h->sweep, on_end_sweep, 0, END_SWEEP_MS);
}
