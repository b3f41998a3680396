/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ANSI sequences that every terminal of today knows. The one variable of this
 * file is what a signal handler needs to give the terminal back.
 */
#include "ctl/top/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TAKE "\033[?1049h\033[?25l\033[2J"
#define GIVE "\033[0m\033[?25h\033[?1049l"

static struct {
	volatile sig_atomic_t taken;
	bool prepared; /* for crashes and exit() */
	struct termios before;
} self;

static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static int
put(const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(STDOUT_FILENO, text, len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Safe in a handler: two system calls. */
void
screen_end(void)
{
	if (!self.taken)
		return;
	self.taken = 0;
	(void)put(GIVE, strlen(GIVE));
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &self.before);
}

/* SA_RESETHAND: the signal comes again, and then it ends us. */
static void
on_crash(int number)
{
	screen_end();
	(void)raise(number);
}

int
screen_begin(void)
{
	struct sigaction crash = {
	    .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
	struct termios raw;
	size_t i;

	if (isatty(STDOUT_FILENO) != 1 ||
	    tcgetattr(STDIN_FILENO, &self.before) < 0)
		return -1;
	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		(void)sigaction(crashes[i], &crash, NULL);
	if (!self.prepared)
		(void)atexit(screen_end);
	self.prepared = true;
	raw = self.before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	self.taken = 1;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0 ||
	    put(TAKE, strlen(TAKE)) < 0) {
		screen_end();
		return -1;
	}
	return 0;
}

void
screen_size(int *columns, int *lines)
{
	struct winsize w = {0};

	*columns = 80;
	*lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0)
		return;
	if (w.ws_col > 0)
		*columns = w.ws_col;
	if (w.ws_row > 0)
		*lines = w.ws_row;
}

int
screen_show(const char *text, size_t len)
{
	char *out = NULL;
	size_t n = 0, i;
	FILE *f = open_memstream(&out, &n);
	int status;

	if (f == NULL)
		return -1;
	/* From the top; what a line does not cover is cleared behind it, so
	 * that nothing is ever blank for a moment. */
	fputs("\033[H", f);
	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			fputs("\033[K\r\n", f);
		else
			fputc(text[i], f);
	}
	fputs("\033[K\033[J", f);
	if (fclose(f) != 0) {
		free(out);
		return -1;
	}
	status = put(out, n);
	free(out);
	return status;
}
