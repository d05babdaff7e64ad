/*
 * trackers - TCP at the ports of around.h, and HTTP there
 *
 * What does not come within ten seconds does not come; what goes wrong otherwise fails the test.
 */
#pragma once

#include <stddef.h>

#define GET(query) "GET /?" query " HTTP/1.1\r\nHost: g\r\n\r\n"

/* A connection to around.ports[@port]. */
int dial(int port);

void say(int fd, const void *bytes, size_t n);
void say_text(int fd, const char *text);

/* Exactly @n bytes, or fewer when the gateway closed. */
size_t hear(int fd, void *out, size_t n);

/* The gateway closes and says nothing more. */
void expect_end(int fd);

/* One HTTP answer; its status, 0 at the end. */
int status(int fd);

/* An HTTP request on a connection of its own to the first port; the answer's status. */
int get(const char *request);
