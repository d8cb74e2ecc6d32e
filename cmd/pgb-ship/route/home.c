/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "route/home.h"

#define ENTRY_MAX	16384

/* A field of a user's entry: name NULL for ourselves. */
static char *
entry(const char *name, char *field(const struct passwd *))
{
	struct passwd pw, *found = NULL;
	char *buf, *copy = NULL;

	if ((buf = malloc(ENTRY_MAX)) == NULL)
		return (NULL);
	if (name == NULL)
		(void)getpwuid_r(geteuid(), &pw, buf, ENTRY_MAX, &found);
	else
		(void)getpwnam_r(name, &pw, buf, ENTRY_MAX, &found);
	if (found != NULL)
		copy = strdup(field(found));
	free(buf);
	return (copy);
}

static char *
field_dir(const struct passwd *pw)
{

	return (pw->pw_dir);
}

static char *
field_name(const struct passwd *pw)
{

	return (pw->pw_name);
}

char *
home_listed(void)
{

	return (entry(NULL, field_dir));
}

char *
home_of(const char *user)
{

	return (entry(user, field_dir));
}

char *
home_login(void)
{

	return (entry(NULL, field_name));
}

char *
home_dir(void)
{
	const char *home = getenv("HOME");

	return (home != NULL && home[0] != '\0' ? strdup(home) :
	    home_listed());
}

char *
home_file(const char *name)
{
	char *dir, *path;

	if ((dir = home_dir()) == NULL)
		return (NULL);
	if (asprintf(&path, "%s/.ssh/%s", dir, name) == -1)
		path = NULL;
	free(dir);
	return (path);
}
