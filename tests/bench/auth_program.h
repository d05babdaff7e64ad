/*
 * auth_program - the pettrack-auth that is measured: a process with a database and topics of its own, without limits
 *
 * Whatever fails ends the bench, and that ends the program.
 * Thread: main.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct auth_program {
	pid_t pid;
	uint16_t rest, ops;
	char url[64]; /* of its REST routes */
};

struct auth_program_options {
	const char *path, *kafka, *mongodb;
	int64_t hash_threads, hash_queue;
};

/* Starts it and waits until it is ready. */
void auth_start(struct auth_program *p, const struct auth_program_options *o);

/* Ends it in good order. */
void auth_stop(const struct auth_program *p);

/* CPU time that it has used so far, all its threads. */
double auth_cpu_s(const struct auth_program *p);

/* Says what is wrong and ends the bench. */
_Noreturn void auth_bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
