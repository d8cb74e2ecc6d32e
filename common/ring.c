/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* What else is the same memory twice; valgrind knows this alone.  A session
 * that may not make large files may not have it. */
static int
map_file(uint8_t *at, size_t size, int rw, int fixed)
{
	int fd, rc = -1;

	if ((fd = memfd_create("pgb", MFD_CLOEXEC)) == -1)
		return (-1);
	if (ftruncate(fd, (off_t)size) == 0 &&
	    mmap(at, size, rw, fixed, fd, 0) != MAP_FAILED &&
	    mmap(at + size, size, rw, fixed, fd, 0) != MAP_FAILED)
		rc = 0;
	(void)close(fd);
	return (rc);
}

/*
 * Both halves in place of the one mapping that keeps the room for them.  A
 * shared mapping of which 0 bytes are moved is not moved but mapped once more.
 */
static int
map_twice(uint8_t *at, size_t size)
{

	const int rw = PROT_READ | PROT_WRITE, fixed = MAP_SHARED | MAP_FIXED;

	if (mmap(at, size, rw, fixed | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
		return (-1);
	if (mremap(at, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, at + size) ==
	    MAP_FAILED && map_file(at, size, rw, fixed) == -1)
		return (-1);
	/* Not in a core file: it may hold what was decrypted. */
	(void)madvise(at, 2 * size, MADV_DONTDUMP);
	return (0);
}

uint8_t *
ring_new(size_t size)
{
	void *at;
	int saved;

	at = mmap(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0);
	if (at == MAP_FAILED)
		return (NULL);
	if (map_twice(at, size) == 0)
		return (at);
	saved = errno;
	(void)munmap(at, 2 * size);
	errno = saved;
	return (NULL);
}

void
ring_free(uint8_t *ring, size_t size)
{

	if (ring == NULL)
		return;
	explicit_bzero(ring, size);
	(void)munmap(ring, 2 * size);
}
