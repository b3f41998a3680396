/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_ACCESSLOG_H
#define FRONTEND_ACCESSLOG_H

/*
 * One line a request, key=value, with the decision. Lines wait in a buffer
 * that is written when it is full and once a second; what cannot be written is
 * counted and lost, no request waits for it.
 */

#include <stddef.h>
#include <stdint.h>

struct accesslog;

/* Open for appending ("-" is standard output). NULL and errno if it cannot. */
struct accesslog *accesslog_open(const char *file);
/* The same file name anew, after it was moved away (SIGUSR1). A failure leaves
 * the old one in use and is logged. */
void accesslog_reopen(struct accesslog *l);
void accesslog_flush(struct accesslog *l);
void accesslog_close(struct accesslog **l);
uint64_t accesslog_lost(const struct accesslog *l);

/* What a line says; NULL texts are "-". Texts of the request have their bytes
 * outside of visible ASCII, and '\\', as \xHH. */
struct access {
	const char *time; /* ISO 8601 */
	const char *client;
	const char *service;
	const char *host;
	size_t host_len;
	const char *method;
	size_t method_len;
	const char *target;
	size_t target_len;
	unsigned status;
	const char *server;
	const char *border;
	const char *source; /* "director", "cached" ... */
	const char *reason; /* why there is no server, or what is wrong */
	int64_t us;         /* from the whole request to the answer */
	int64_t rtt_us;     /* told to the director, or -1 */
};
void accesslog_add(struct accesslog *l, const struct access *a);
/* The line without its end in buf; its length. Pure. */
size_t access_format(const struct access *a, char *buf, size_t size);
#define ACCESS_MAX 36864 /* enough for any line */

#endif
