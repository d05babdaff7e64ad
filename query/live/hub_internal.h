/* hub_internal - what the files of the hub share; all of it is the hub's thread's, but for the inbox */
#pragma once

#include "base/uuid_map.h"
#include "query/live/hub.h"

#include "query/json/position_json.h"
#include "service/health.h"

#include <jansson.h>

struct viewer;
struct reading;

/* ---- who watches what (watch.c) ---- */

/* A device that some client of the hub watches. */
struct device {
	struct uuid_link link;
	int32_t partition;
	/* The newest fix that is stored, as far as somebody has read it. What is older, and was received later, is late. */
	int64_t stored_ms, stored_received_ms;
	struct watch **watches;
	uint32_t watches_n, watches_size;
};

/* One client watches one device. */
struct watch {
	struct viewer *viewer;
	struct device *device;
	TAILQ_ENTRY(watch) link; /* in the client's list */
	struct queue_slot slot;
	uint32_t at; /* in the device's array */
	bool is_new; /* its past is being read */
	int64_t told_ms; /* the fix in its snapshot; INT64_MIN: none */
	int64_t shown_ms; /* the newest fix that the client was shown, or that waits for it */
};

/* How far a client has come in a partition that has some of its devices. */
struct viewer_place {
	int32_t partition;
	uint32_t watches;
	struct place at;
};

/* Adds a watch at the hub's present place, or finds the one there is; it is new. NULL when memory is out. */
struct watch *watch_add(struct viewer *v, const struct uuid *device);
struct watch *watch_find(const struct viewer *v, const struct uuid *device);
/* Also drops what waits for it. */
void watch_remove(struct watch *w);
void watch_remove_all(struct viewer *v);
/* NULL: the client watches nothing there. */
struct viewer_place *viewer_place(struct viewer *v, int32_t partition);
/* @u is to be marked late for those who watch @d. */
bool device_is_late(const struct device *d, const struct update *u);
void device_note_stored(struct device *d, const struct stored *s);

/* ---- what goes out (outbox.c) ---- */

/* A text that waits to be sent before any positions. */
struct note {
	STAILQ_ENTRY(note) link;
	size_t n;
	char text[]; /* WS_HEADROOM bytes, then the text */
};
STAILQ_HEAD(note_list, note);

/* The positions of a snapshot that are not sent yet. */
struct snapshot {
	struct update **updates; /* NULL: none is under way */
	size_t n, at;
};

/* ---- viewers: the clients ---- */

enum viewer_state {
	VIEWER_NEW = 1, /* not authenticated */
	VIEWER_OPEN,
	VIEWER_CLOSING, /* ws_close() was called */
	VIEWER_GONE, /* the socket is gone; freed when no work is under way */
};

/* A message that waits until the ones before it are done. */
struct waiting_message {
	STAILQ_ENTRY(waiting_message) link;
	json_t *json;
};

/* What workers do for a client; of each kind one piece at a time. */
enum viewer_task {
	TASK_TOKEN = 1 << 0, /* a token is checked */
	TASK_ACCESS = 1 << 1, /* auth is asked what the user may see */
	TASK_PAST = 1 << 2, /* the past is read */
};

struct viewer {
	struct hub *hub;
	struct ws *ws;
	TAILQ_ENTRY(viewer) link;
	LIST_ENTRY(viewer) of_user; /* once authenticated */
	enum viewer_state state;
	unsigned under_way; /* bits of enum viewer_task */
	bool follows_all;
	bool recheck; /* what the user may see has changed, and auth was not asked since */
	bool additions; /* what "all" now includes is to be looked for when nothing is under way */
	bool expiring_told;
	bool ahead; /* it has been sent what the hub has not come to yet */
	bool hold; /* positions wait for the past */
	bool incomplete; /* its past is to be read again */
	bool cursor_due; /* its cursor is about to get too old */
	struct limits limits; /* of what it is shown, as auth last said */
	struct uuid user, session, address;
	int64_t opened_ms, stuck_ms; /* monotonic; the latter since when positions have been waiting, 0: none are */
	int64_t recheck_ms; /* monotonic: since when @recheck */
	int64_t unsure_ms; /* monotonic: since when it is not known what the user may see; 0: it is */
	int64_t ask_again_ms, read_again_ms; /* monotonic: not before then is what failed tried again */
	int64_t expires_ms; /* of the token; UTC */
	double allowance; /* of messages */
	int64_t allowance_ms;
	STAILQ_HEAD(, waiting_message) messages;
	size_t messages_n;
	TAILQ_HEAD(, watch) watches;
	size_t watches_n;
	uint64_t sum; /* device_sum() of all watched */
	struct viewer_place *places;
	uint32_t places_n, places_size;
	struct note_list notes;
	size_t notes_n;
	struct snapshot snapshot;
	struct queue queue;
	struct reading *parked; /* a reading of the past that is to be tried again; NULL: none */
};

/* The clients of a user. */
struct hub_user {
	struct uuid_link link;
	LIST_HEAD(, viewer) viewers;
};

/* What is counted between two sweeps. */
struct tally {
	uint64_t deliveries, frames, bytes, conflated;
};

struct hub {
	struct live_shared *shared;
	struct loop *loop;
	struct ws_server *server;
	pthread_t thread;
	bool running; /* the thread was started */
	struct loop_timer *sweep;
	struct ring *ring; /* NULL: the stream has not begun */
	struct place *places; /* the hub's own, of each partition */
	int32_t last_partition; /* where the last update came from */
	struct uuid_map devices, users;
	TAILQ_HEAD(, viewer) viewers;
	size_t viewers_n, watches_n;
	struct queue_limits limits;
	char *frame; /* under construction; WS_HEADROOM bytes, then room for frame_size */
	size_t frame_size;
	struct tally tally;
	double told_viewers, told_watches; /* what the gauges have of this hub */
	struct heartbeat *beat;
	int64_t draining_ms; /* monotonic: since when; 0: not */
	/* The inbox. */
	pthread_mutex_t lock;
	pthread_cond_t less; /* the inbox has become shorter */
	struct batch **inbox; /* circular */
	size_t inbox_head, inbox_n;
	bool woken;
};

enum { INBOX_MAX = 256 }; /* batches */

/* ---- viewer.c ---- */

void *viewer_opened(struct hub *h, struct ws *ws, const char *offered, const char *remote);
void viewer_heard(struct viewer *v, const char *text, size_t n);
void viewer_gone(struct viewer *v);
/* Closes with @code. @reason: for people; @why: for the metric. */
void viewer_close(struct viewer *v, int code, const char *why, const char *reason);
/* Begins what waits, when nothing is under way. */
void viewer_go_on(struct viewer *v);
/* Puts @w on a worker; under way until viewer_worked() is called from its done(). */
void viewer_work(struct viewer *v, enum viewer_task task, struct work *w, void (*run)(struct work *w),
	void (*done)(struct work *w));
/* False: the client is gone, and freed if nothing else is under way. */
bool viewer_worked(struct viewer *v, enum viewer_task task);
/* Whether the client's next message may be done. */
bool viewer_may_work(const struct viewer *v);
/* The topic `access` says that what the user may see has changed. */
void viewer_note_changed(struct viewer *v);
/* It has not been known for so long what the user may see that no position may be sent. */
bool viewer_is_unsure(const struct viewer *v);
/* What time does: limits, expiry, second tries. */
void viewer_sweep(struct viewer *v, int64_t now_ms, int64_t utc_ms);

/* ---- viewer_auth.c ---- */

/* Begins to check a token. */
void viewer_authenticate(struct viewer *v, const char *token, size_t n);
/* Says that the token ends soon. */
void viewer_note_expiring(struct viewer *v);
/* The token in the list of subprotocols that a client offers ("pettrack.v1, bearer.TOKEN"). NULL: none. */
const char *offered_token(const char *offered, size_t *ret_n);

/* ---- viewer_limits.c: clients that came by a link ---- */

/* Whether the client is to be shown @u. */
static inline bool viewer_shows(const struct viewer *v, const struct update *u, bool late)
{
	return !v->limits.limited || (limits_show(&v->limits, u->time_ms) && (v->limits.history || !late));
}
/* Takes what auth says over. False: it is not what it was, and the client's connection ends. */
bool viewer_limit(struct viewer *v, const struct limits *l);
/* Whether the client may watch anything as it moves; else it is told. */
bool viewer_may_watch(struct viewer *v);
/* Drops from @p what the client is not to be shown. */
void viewer_limit_past(const struct viewer *v, struct past *p);

/* ---- subscribe.c ---- */

/* The message's "devices" and "cursor". */
void viewer_subscribe(struct viewer *v, const json_t *message);
void viewer_unsubscribe(struct viewer *v, const json_t *message);
/* What the user may see has changed: finds out how. */
void viewer_recheck(struct viewer *v);
/* Tries again what is parked. */
void viewer_unpark(struct viewer *v);
void viewer_forget_parked(struct viewer *v);
/* Reads the past again for a client whose past was not complete. */
void viewer_reread(struct viewer *v);

/* ---- outbox.c ---- */

/* An update of a device that @w watches: queues it. */
void viewer_push(struct watch *w, struct update *u, bool late);
/* Sends @json (stolen) before any positions. */
void viewer_note(struct viewer *v, json_t *json);
void viewer_note_error(struct viewer *v, const char *code, const char *detail, const char *device);
/* The socket takes more. */
void viewer_writable(struct viewer *v);
void viewer_forget_outbox(struct viewer *v);
/* Drops what is not watched any more from the snapshot. */
void viewer_filter_snapshot(struct viewer *v);
/* The client's cursor as text, until the next call. @complete: all before it was sent; else one that nothing can be
 * resumed with. */
const char *viewer_cursor(const struct viewer *v, bool complete);
