#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever becomes of the connections to a real sshd, over a child ssh, the upload goes
# on where it was, and what is published is byte for byte what was sent; what
# cannot pass by itself ends it, at once.
TRANSPORT=ssh
. "${0%/*}/../ship-net.sh"
