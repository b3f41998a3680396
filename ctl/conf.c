/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration as the verbs take it. The world is the caller's. */
#include "ctl/ctl.h"

void
ctl_print_errors(const struct conf_errors *errs, bool warnings, FILE *out)
{
	size_t i;

	for (i = 0; i < errs->n; i++) {
		const struct conf_error *e = &errs->list[i];

		if (e->warning && !warnings)
			continue;
		fprintf(out, "%s:", e->file);
		if (e->line > 0)
			fprintf(out, "%d:", e->line);
		fprintf(out, " %s%s\n", e->warning ? "warning: " : "", e->text);
	}
}

struct world *
ctl_load(const struct ctl *c)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load(c->conf_file, CONF_SECRETS_SKIP, &errs);

	if (w == NULL) { /* warnings are for `check` */
		ctl_print_errors(&errs, false, c->err);
		(void)ctl_failed(c, "%s cannot be used", c->conf_file);
	}
	conf_errors_free(&errs);
	return w;
}

const struct tls *
ctl_tls(struct ctl *c, const struct world *w)
{
	if (c->cert == NULL)
		return w != NULL ? w->tls : NULL;
	c->tls = (struct tls){c->cert, c->key, c->ca};
	return &c->tls;
}
