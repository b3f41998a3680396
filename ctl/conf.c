/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration as the verbs take it. The world is the caller's. */
#include "ctl/ctl.h"

struct world *
ctl_load(const struct ctl *c)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load(c->conf_file, CONF_SECRETS_SKIP, &errs);
	size_t i;

	/* Warnings are for `check`. */
	for (i = 0; w == NULL && i < errs.n; i++)
		if (!errs.list[i].warning)
			fprintf(c->err, "%s:%d: %s\n", errs.list[i].file,
			    errs.list[i].line, errs.list[i].text);
	conf_errors_free(&errs);
	if (w == NULL)
		(void)ctl_failed(c, "%s cannot be used", c->conf_file);
	return w;
}

/* Options are texts of argv; struct tls is not const for the loader's sake. */
static char *
text(const char *s)
{
	union {
		const char *from;
		char *to;
	} u = {s};

	return u.to;
}

const struct tls *
ctl_tls(struct ctl *c, const struct world *w)
{
	if (c->cert == NULL)
		return w->tls;
	c->tls = (struct tls){text(c->cert), text(c->key), text(c->ca)};
	return &c->tls;
}
