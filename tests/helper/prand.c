/* SPDX-License-Identifier: ISC */
/*
 * prand BYTES [SEED]: so many bytes that no compression makes smaller and no
 * block of which is like another; the same for the same seed.  Where stdout
 * takes no more, status 1.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM	(128 * 1024)

static uint64_t
next(uint64_t *state)	/* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31);
}

int
main(int argc, char **argv)
{
	static uint64_t buf[ROOM / sizeof(uint64_t)];
	uint64_t left = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) << 32 : 0;
	size_t len, done, i;
	ssize_t n;

	for (; left > 0; left -= len) {
		for (i = 0; i < ROOM / sizeof(uint64_t); i++)
			buf[i] = next(&state);
		len = left < ROOM ? (size_t)left : ROOM;
		for (done = 0; done < len; done += (size_t)n) {
			n = write(STDOUT_FILENO, (char *)buf + done,
			    len - done);
			if (n < 0)
				return (1);
		}
	}
	return (0);
}
