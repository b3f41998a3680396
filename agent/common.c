/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that both daemons have. Owns nothing: values stay in the list. */
#include "agent/common.h"

#include <stdio.h>
#include <string.h>

bool
common_is_id(const char *text)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-";

	return text[0] != '\0' && strlen(text) <= 255 &&
	       strspn(text, allowed) == strlen(text);
}

static void
take(struct common *c, struct args *a, const struct args_value *v)
{
	switch (v->arg->number) {
	case COMMON_OPTIONS:
		c->options = v->value;
		break;
	case COMMON_ID:
		c->id = v->value;
		if (!common_is_id(v->value))
			args_fault(
			    a, v, " \"%.40s\": " COMMON_ID_FORM, v->value);
		break;
	case COMMON_NO_CONTROL:
		c->control = false;
		break;
	case COMMON_USER:
		c->user = v->value;
		break;
	case COMMON_AGENTX:
		c->agentx = v->value;
		break;
	case COMMON_CONTEXT:
		c->context = v->value;
		break;
	case COMMON_LOG_LEVEL:
		if (log_level_parse(v->value, &c->level) < 0)
			args_fault(
			    a, v, " \"%.40s\": debug, info or warn", v->value);
		break;
	case COMMON_LOG_FILE:
		c->log_file = v->value;
		break;
	default:
		break;
	}
}

void
common_take(struct common *c, struct args *a)
{
	size_t i;

	*c = (struct common){.control = true, .level = LOG_LEVEL_INFO};
	for (i = 0; i < args_count(a); i++)
		take(c, a, args_at(a, i));
}

struct args *
common_args(const char *program, const struct arg *table, const char *usage,
    int argc, char **argv)
{
	struct args *a = args_new(program, table, usage, argc, argv);
	const struct args_value *file = args_last(a, COMMON_OPTIONS);

	if (file != NULL)
		args_file(a, file->value);
	return a;
}

struct args *
common_again(const struct args *old, char *why, size_t size)
{
	const struct args_value *file = args_last(old, COMMON_OPTIONS);
	struct args *a;

	if (file == NULL) {
		(void)snprintf(why, size,
		    "started without --options FILE: there is nothing to read "
		    "anew");
		return NULL;
	}
	a = args_again(old);
	args_file(a, file->value);
	return a;
}

bool
common_accept(struct args *a, const struct args *old,
    struct reload_faults *faults, char *why, size_t size)
{
	size_t i;

	args_fault_fixed(a, old);
	for (i = 0; i < args_faults(a); i++)
		reload_fault(faults, "%s", args_fault_text(a, i));
	if (i > 0)
		(void)snprintf(why, size,
		    "%.200s cannot be used; the old options go on",
		    args_last(a, COMMON_OPTIONS)->value);
	return i == 0;
}
