/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram a word. Written here and not taken from libsystemd: the protocol
 * is fixed and small (sd_notify(3) asks for exactly this), the library would
 * come into each daemon with its own. Owns nothing.
 */
#include "lib/notify.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/mono.h"

#define WORD_ROOM 512

/* "/path" or, for the abstract namespace, "@name". */
static socklen_t
address(const char *path, struct sockaddr_un *sun)
{
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(sun->sun_path))
		return 0;
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, len);
	if (path[0] == '@')
		sun->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* Nobody is there to be told that it did not arrive. */
static void
tell(const char *word)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun;
	socklen_t len = path != NULL ? address(path, &sun) : 0;
	int fd;

	if (len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)!sendto(
	    fd, word, strlen(word), MSG_NOSIGNAL, (struct sockaddr *)&sun, len);
	(void)close(fd);
}

void
notify_ready(void)
{
	tell("READY=1");
}

void
notify_reloading(void)
{
	char word[WORD_ROOM];

	(void)snprintf(word, sizeof(word), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)(mono_now().ns / 1000));
	tell(word);
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_status(const char *fmt, ...)
{
	char word[WORD_ROOM] = "STATUS=";
	size_t n = strlen(word);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(word + n, sizeof(word) - n, fmt, ap);
	va_end(ap);
	tell(word);
}

void
notify_alive(void)
{
	if (getenv("WATCHDOG_USEC") != NULL)
		tell("WATCHDOG=1");
}
