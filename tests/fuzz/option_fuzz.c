/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks and ports as options: what is taken can be asked for by HTTP. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/option.h"
#include "agent/ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct option_check o;
	struct check_conf conf = {0};
	uint16_t list[8];
	char why[OPTION_WHY], request[2048];
	char *text = malloc(size + 1);
	size_t n = 0, i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (option_check(text, &o, why) == 0) {
		if (o.port == 0 || o.id[0] == '\0')
			abort();
		conf.addr = o.addr;
		conf.port = o.port;
		conf.path = o.path;
		conf.host = o.host[0] != '\0' ? o.host : NULL;
		if (check_http_request(&conf, request, sizeof(request)) > 0 &&
		    strstr(request, "\r\n\r\n") + 4 !=
			request + strlen(request))
			abort(); /* one head, and nothing behind it */
	}
	if (option_ports(text, list, &n, 8, why) == 0)
		for (i = 1; i < n; i++)
			if (list[i - 1] >= list[i])
				abort();
	free(text);
	return 0;
}
