/*
 * audit - what happened to an account, for its owner to read
 *
 * Collection audit: { _id: UUID, user: UUID, time: Date, event, address?, agent?, who?, name?, changed?, session?, device?,
 * grant?, link?, token?: UUID, count?, last?: Date, expires: Date (TTL) }. Only ever inserted, but for what is counted, and read
 * by the owner (GET /v1/audit); of one user's beyond a bound the oldest go. No secrets; of a
 * person nothing but where he came from and, where two people are concerned, the other's e-mail address.
 *
 * Thread: any.
 */
#pragma once

#include "base/uuid.h"
#include "store/store.h"
#include "web/web.h"

#define AUDIT_COLLECTION "audit"

/* ---- the events; docs/IDENTITY.md explains each ---- */

#define AUDIT_ACCOUNT_VERIFIED "account.verified"
#define AUDIT_ACCOUNT_CHANGED "account.changed" /* its name */
#define AUDIT_PASSWORD_CHANGED "password.changed" /* with the old one */
#define AUDIT_PASSWORD_REFUSED "password.refused" /* a wrong one, of somebody who is logged in */
#define AUDIT_CODE_REFUSED "code.refused" /* the same of a second factor's code */
#define AUDIT_PASSWORD_RESET "password.reset" /* by a link in a mail */
#define AUDIT_EMAIL_ASKED "email.asked" /* who: the new address */
#define AUDIT_EMAIL_CHANGED "email.changed" /* who: the new address */
#define AUDIT_EXPORTED "account.exported"
#define AUDIT_INVITATION_MADE "invitation.made" /* who: where one is named */
#define AUDIT_INVITATION_REVOKED "invitation.revoked"

#define AUDIT_TOTP_ENABLED "totp.enabled"
#define AUDIT_TOTP_DISABLED "totp.disabled"
#define AUDIT_RECOVERY_CODES_MADE "recovery_codes.made"
#define AUDIT_RECOVERY_CODE_USED "recovery_code.used"

#define AUDIT_SESSION_BEGUN "session.begun"
#define AUDIT_SESSION_REFUSED "session.refused" /* the password was right, the second factor was not */
#define AUDIT_SESSION_ENDED "session.ended" /* logged out, or ended from another session */
#define AUDIT_SESSION_REUSED "session.reused" /* a refresh token was shown twice: the session was ended */
#define AUDIT_TOKEN_MADE "token.made" /* name: the token's */
#define AUDIT_TOKEN_REVOKED "token.revoked"

#define AUDIT_DEVICE_ADDED "device.added" /* name: the device's */
#define AUDIT_DEVICE_CHANGED "device.changed" /* changed: of it; who: not its owner, but whom he lets */
#define AUDIT_DEVICE_SECRET "device.secret_changed"
#define AUDIT_DEVICE_DELETED "device.deleted"
#define AUDIT_GRANT_OFFERED "grant.offered" /* who: the other person, in both logs */
#define AUDIT_GRANT_ACCEPTED "grant.accepted"
#define AUDIT_GRANT_DECLINED "grant.declined"
#define AUDIT_GRANT_CHANGED "grant.changed" /* its rights */
#define AUDIT_GRANT_ENDED "grant.ended" /* by the owner */
#define AUDIT_GRANT_LEFT "grant.left" /* by the grantee */
#define AUDIT_LINK_MADE "link.made" /* name: its label */
#define AUDIT_LINK_CHANGED "link.changed"
#define AUDIT_LINK_RENEWED "link.renewed" /* it ends at another time */
#define AUDIT_LINK_REVOKED "link.revoked"
#define AUDIT_LINK_OPENED "link.opened" /* by a stranger, from @address with @agent */

/* Whatever is known; NULL: not, or does not apply. Texts that are longer than the log keeps are cut, and what is no text is
 * made one. */
struct audit_details {
	const char *address, *agent; /* where the request came from, and its User-Agent */
	const char *who; /* another person's e-mail address */
	const char *name; /* what the thing is called that the event is about: it may be gone when this is read */
	const char *changed; /* which members of it, "name, pet" */
	const struct uuid *session, *device, *grant, *link, *token;
};

/* How long an event is kept from when it is written, and about how many of one user: up to AUDIT_SLACK more, or a sixteenth.
 * At start; 180 days and 10000 without. */
enum { AUDIT_SLACK = 64 };
void audit_keep(int64_t ttl_ms, int64_t per_user);

/* Makes the indexes; an upkeep_prepare. For every role that writes. */
MUST_CHECK int audit_prepare(struct store *s);

/* What a request says of itself: its address, its User-Agent and, where it has one, its session. Borrowed from @q. */
struct audit_details audit_details_of(const struct web_request *q);

/* Writes that @event happened to @user's account. @d may be NULL. Best effort, so that what was done is answered as done:
 * when it fails, that is in the program's log, with the event. */
void audit_write(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d);

/* Writes what must not happen unwritten: 0, or STORE_E_RETRY, which is in the program's log. Those about one link, from one
 * address, in one hour of the clock, are one event with their "count" and the "last" time: whoever repeats it at will does not
 * bury what else the log says. @d has both. */
MUST_CHECK int audit_count(struct store *s, const struct uuid *user, const char *event, const struct audit_details *d);
