/* SPDX-License-Identifier: ISC */
#ifndef PRIVACY_H
#define PRIVACY_H

/*
 * privacy_keep():
 * From now on no core file is made of this process, nor of what it starts, and
 * no other process of the user can look into its memory: for who holds keys or
 * passphrases, before the first of them is there.  A build with a sanitizer,
 * which looks into it itself, stays open to others.  Cannot fail.
 */
void privacy_keep(void);

#endif
