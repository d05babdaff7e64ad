/*
 * raw_client - sends bytes to a port of the loopback and shows what comes back, without knowing HTTP
 *
 * For tests: what a real client would refuse to send is sent. Ends the test when the server is not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A connection to @port. Reads give up after 5 s. */
int raw_connect(uint16_t port);
void raw_send(int fd, const char *bytes, size_t n);
void raw_text(int fd, const char *text);
/* Reads until the server closes, or until @end is in what came (NULL: never). NUL-terminated, valid until the next call.
 * Ends the test after 5 s of silence. */
const char *raw_read(int fd, const char *end);
void raw_close(int fd);

/* All of the above: the answer to @request, to its last byte. */
const char *raw_ask(uint16_t port, const char *request);
