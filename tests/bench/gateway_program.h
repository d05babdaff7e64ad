/*
 * gateway_program - the pettrack-gateway that is measured: a process with topics of its own
 *
 * It speaks every protocol, each at a free port of 127.0.0.1; all else is as it is set by default. Whatever fails ends the bench,
 * and that ends the gateway.
 *
 * Thread: main.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

enum { GATEWAY_PORTS_MAX = 40 };

struct gateway_program {
	pid_t pid;
	struct {
		char name[32]; /* of the protocol, or "ops" */
		uint16_t number;
	} ports[GATEWAY_PORTS_MAX];
	int ports_n;
	struct client *ops;
};

/* Starts the program at @path and waits until it is ready. */
void gateway_start(struct gateway_program *g, const char *path, const char *kafka, uint16_t auth_port);

/* Ends it in good order. */
void gateway_stop(struct gateway_program *g);

/* Where it listens for @protocol. */
uint16_t gateway_port(const struct gateway_program *g, const char *protocol);

/* CPU time that it has used so far, all its threads. */
double gateway_cpu_s(const struct gateway_program *g);

/* Memory that it has resident. */
int64_t gateway_resident_bytes(const struct gateway_program *g);

/* The value of its metric @name for @protocol. */
double gateway_metric(const struct gateway_program *g, const char *name, const char *protocol);

/* Says what is wrong and ends the bench. */
_Noreturn void gateway_bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
