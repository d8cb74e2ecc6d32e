/* SPDX-License-Identifier: ISC */
/*
 * dribble SIZE [EVERY MS [FILE]]: copy stdin to stdout, SIZE bytes a read and a
 * write; after each EVERY bytes sleep MS milliseconds.  While there is a FILE,
 * stop at so many bytes as stand in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_US		5000

/* Whether bytes are as many as the file allows. */
static int
held(const char *file, size_t bytes)
{
	unsigned long long most;
	FILE *f;
	int n;

	if (file == NULL || (f = fopen(file, "r")) == NULL)
		return (0);
	n = fscanf(f, "%llu", &most);
	fclose(f);
	/* It is being written. */
	return (n != 1 || bytes >= most);
}

int
main(int argc, char **argv)
{
	static char buf[65536];
	size_t size = argc > 1 ? (size_t)atol(argv[1]) : 1;
	size_t every = argc > 2 ? (size_t)atol(argv[2]) : 0, since = 0, all = 0;
	unsigned ms = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	ssize_t n, w;

	if (size == 0 || size > sizeof(buf))
		return (2);
	while ((n = read(0, buf, size)) > 0) {
		for (ssize_t done = 0; done < n; done += w)
			if ((w = write(1, buf + done, (size_t)(n - done))) < 0)
				return (1);
		all += (size_t)n;
		while (held(argc > 4 ? argv[4] : NULL, all))
			usleep(LOOK_US);
		since += (size_t)n;
		if (every != 0 && since >= every) {
			usleep(ms * 1000);
			since = 0;
		}
	}
	return (n < 0);
}
