/*
 * probe - asks a program that runs how it is, over its ops port: --probe healthz, --probe readyz
 *
 * For health checks of containers, which have no shell and no curl. Internal to lib/service. Thread: main.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether @what is a thing to ask for: "healthz" or "readyz". */
bool probe_knows(const char *what);

/* Asks http://@address:@port/@what once and waits a few seconds at most; where @address stands for all of the host's, on
 * the loopback. 0 for status 200; SERVICE_E_FAILED for all else, which is said on standard error in the name of
 * @program, the answer's body included. */
MUST_CHECK int probe(const char *program, const char *address, uint16_t port, const char *what);
