/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_FINDING_H
#define CTL_DOCTOR_FINDING_H

/* What an examination found: each with a verdict and, unless it is well, with
 * what to do. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/json.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };
#define VERDICTS 3

struct finding {
	const char *area; /* static text: "snmpd" */
	enum verdict verdict;
	char *text;
	char *remedy; /* or NULL */
};

struct findings {
	struct finding *list;
	size_t n;
	const char *area; /* of those that follow */
	size_t count[VERDICTS];
};

void findings_fini(struct findings *f);
/* All is well with this. */
void finding_ok(struct findings *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Something is not; the remedy is copied. */
void finding_bad(struct findings *f, enum verdict v, const char *remedy,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Whether a finding of this verdict has this in its text or remedy. */
bool findings_have(const struct findings *f, enum verdict v, const char *text);

void findings_print(const struct findings *f, bool colour, FILE *out);
void findings_json(const struct findings *f, FILE *out);

#endif
