/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fdio.h"
#include "ring.h"

/* Both halves in place of the one mapping that keeps the room for them. */
static int
map_twice(uint8_t *at, size_t size, int fd)
{
	const int rw = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_FIXED;

	if (ftruncate(fd, (off_t)size) == -1 ||
	    mmap(at, size, rw, how, fd, 0) == MAP_FAILED ||
	    mmap(at + size, size, rw, how, fd, 0) == MAP_FAILED)
		return (-1);
	/* Not in a core file: it may hold what was decrypted. */
	(void)madvise(at, 2 * size, MADV_DONTDUMP);
	return (0);
}

uint8_t *
ring_new(size_t size)
{
	void *at;
	int fd, saved;

	if ((fd = memfd_create("pgb", MFD_CLOEXEC)) == -1)
		return (NULL);
	at = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	if (at != MAP_FAILED && map_twice(at, size, fd) == -1) {
		saved = errno;
		(void)munmap(at, 2 * size);
		errno = saved;
		at = MAP_FAILED;
	}
	saved = errno;
	(void)fd_close(&fd);
	errno = saved;
	return (at == MAP_FAILED ? NULL : at);
}

void
ring_free(uint8_t *ring, size_t size)
{

	if (ring == NULL)
		return;
	explicit_bzero(ring, size);
	(void)munmap(ring, 2 * size);
}
