/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speaks lines to a daemon's unix socket: hello, then standard input, with the
 * beat in between; prints what comes back but hello and beats.
 *   lines SOCKET ROLE ID [GIVES]
 * With `-l` in front it listens there, as a director would, prints what one
 * peer after another says, and `hung up`. Else, at the end of the input it goes
 * on beating until it is killed (a feed), or with `-w WORD` in front until a
 * line that begins with WORD came: exit 0, or 1 if that took more than ten
 * seconds or the other side hung up.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 10

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
put(int fd, const char *text, size_t len)
{
	ssize_t n;

	/* Who hung up is noticed by the next read. */
	for (; len > 0; text += n, len -= (size_t)n) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0)
			return;
	}
}

static int
connect_to(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		die(path);
	return fd;
}

/* Whoever connects next. */
static int
accept_at(const char *path)
{
	static int listener = -1;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (listener == -1) {
		listener = socket(AF_UNIX, SOCK_STREAM, 0);
		(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
		(void)unlink(path);
		if (bind(listener, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
		    chmod(path, 0666) < 0 || listen(listener, 4) < 0)
			die(path);
	}
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die("accept");
	return fd;
}

/* Print the whole lines of the buffer; true if the awaited one is there. */
static bool
show(char *buf, size_t *len, const char *word)
{
	char *at = buf, *end;
	bool came = false;

	while ((end = memchr(at, '\n', *len - (size_t)(at - buf))) != NULL) {
		*end = '\0';
		if (strcmp(at, "beat") != 0 && strncmp(at, "hello ", 6) != 0)
			(void)puts(at);
		came = came ||
		       (word != NULL && strncmp(at, word, strlen(word)) == 0);
		at = end + 1;
	}
	*len -= (size_t)(at - buf);
	memmove(buf, at, *len);
	(void)fflush(stdout);
	return came;
}

/* One second's worth of waiting; false: the other side hung up. `torn`: the
 * input so far ends within a line. */
static bool
turn(int fd, bool *input, bool *torn, char *buf, size_t *len, size_t room)
{
	struct pollfd p[2] = {
	    {.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	char text[4096];
	ssize_t n;

	(void)poll(p, *input ? 2 : 1, 500);
	if (*input && p[1].revents != 0) {
		n = read(0, text, sizeof(text));
		if (n > 0) {
			put(fd, text, (size_t)n);
			*torn = text[n - 1] != '\n';
		} else {
			*input = false;
		}
	}
	if (p[0].revents == 0)
		return true;
	n = read(fd, buf + *len, room - *len);
	if (n > 0)
		*len += (size_t)n;
	return n > 0 && *len < room;
}

/* Speak with one peer; true if the awaited line came. */
static bool
converse(int fd, const char *hello, const char *word)
{
	static char buf[1 << 20];
	bool input = true, torn = false;
	size_t len = 0;
	time_t begun = time(NULL), beaten = begun;

	put(fd, hello, strlen(hello));
	while (turn(fd, &input, &torn, buf, &len, sizeof(buf))) {
		if (show(buf, &len, word))
			return true;
		if (word != NULL && time(NULL) - begun > PATIENCE_S)
			return false;
		if (time(NULL) != beaten && !torn) {
			beaten = time(NULL);
			put(fd, "beat\n", 5);
		}
	}
	return false;
}

int
main(int argc, char **argv)
{
	const char *word = NULL;
	bool listens = argc > 1 && strcmp(argv[1], "-l") == 0;
	char hello[512];
	int fd;

	argv += listens;
	argc -= listens;
	if (argc > 2 && strcmp(argv[1], "-w") == 0) {
		word = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 4 || argc > 5) {
		(void)fputs("usage: lines [-l] [-w WORD] SOCKET ROLE ID "
			    "[GIVES]\n",
		    stderr);
		return 2;
	}
	(void)snprintf(hello, sizeof(hello), "hello hop/1 %s %s -%s%s\n",
	    argv[2], argv[3], argc > 4 ? " gives=" : "",
	    argc > 4 ? argv[4] : "");
	if (!listens)
		return converse(connect_to(argv[1]), hello, word) ? 0 : 1;
	for (;;) {
		fd = accept_at(argv[1]);
		if (converse(fd, hello, word))
			return 0;
		(void)puts("hung up");
		(void)fflush(stdout);
		(void)close(fd);
	}
}
