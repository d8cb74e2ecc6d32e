/* SPDX-License-Identifier: ISC */
/* Made by age-ssh-vectors.py. */

#define VECTOR_SEED \
    "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a"
#define VECTOR_PK \
    "9ca0da86726d8282ce4e0719df6d1f4db2902bdfe78632ac4890d0b9a8e38e27"
#define VECTOR_SCALAR \
    "d8605f11e5845a154b415afb071dd73886475618d909fcd8579cdcc366b25c5d"
#define VECTOR_POINT \
    "aca4f810bd7b77e00226e9be7871982c939ee6e109bbfa0b0c38d040bcb6b416"
#define VECTOR_SECRET \
    "0714212e3b4855626f7c8996a3b0bdcad7e4f1fe0b1825323f4c596673808d9a"
#define VECTOR_FILE_KEY \
    "091a2b3c4d5e6f8091a2b3c4d5e6f708"
#define VECTOR_SALT \
    "0316293c4f6275889baec1d4e7fa0d20"

/* For the key, the ephemeral secret, the file key. */
#define VECTOR_SSH \
    "-> ssh-ed25519 8/5shg fGt727UbNvSKPGhe/I/ZMdOGsWLUF9qag2TkO0o" \
    "UxSg\n" \
    "oE6RjQSgKI3Nwl2vm+74w0fjscLvGP/jZLRniP/XMEM\n"

/* For a passphrase, the salt, 2^4, and for another, 2^10. */
#define VECTOR_PASS_SHORT \
    "x"
#define VECTOR_SCRYPT_SHORT \
    "-> scrypt AxYpPE9idYibrsHU5/oNIA 4\n" \
    "zi4TE0a9spf5mNJk4TlZIO6psmCa/P3KOBeyYtakl5s\n"
#define VECTOR_PASS_LONG \
    "Gr\303\266\303\237e \342\234\223 Gr\303\266\303\237e \342\234" \
    "\223 Gr\303\266\303\237e \342\234\223 Gr\303\266\303\237e \342" \
    "\234\223 Gr\303\266\303\237e \342\234\223 Gr\303\266\303\237e" \
    " \342\234\223 "
#define VECTOR_SCRYPT_LONG \
    "-> scrypt AxYpPE9idYibrsHU5/oNIA 10\n" \
    "HAK7ByVA3xHjwpgo7Rndrx3ObfImslYcwy9azu/z0Zk\n"

#define VECTOR_PRIVATE \
    "-----BEGIN OPENSSH PRIVATE KEY-----\n" \
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA" \
    "Atzc2gtZW\n" \
    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg" \
    "BAgMEAQID\n" \
    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk" \
    "NC5qOOOJw\n" \
    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4" \
    "HGd9tH02y\n" \
    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n" \
    "-----END OPENSSH PRIVATE KEY-----\n"

#ifdef SSH_KEY_H	/* included before */
struct ssh_vector {
	const char *name;
	enum ssh_key want;
	const char *type;
	size_t len;
	const char *text;
};

static const struct ssh_vector vector_private[] = {
	{ "CRLF", SSH_KEY_OK,
	    "", 418,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\015\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\015\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\015\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\015\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\015\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\015\n"
	    "-----END OPENSSH PRIVATE KEY-----\015\n" },
	{ "no line end at the end", SSH_KEY_OK,
	    "", 410,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----" },
	{ "empty lines at the end", SSH_KEY_OK,
	    "", 414,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n"
	    "\n"
	    "\015\n" },
	{ "no comment", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAECAwQF\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a comment of any bytes", SSH_KEY_OK,
	    "", 736,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAYg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAABAAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG"
	    "hscHR4fIC\n"
	    "EiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5"
	    "PUFFSU1RV\n"
	    "VldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg"
	    "4SFhoeIiY\n"
	    "qLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre"
	    "4ubq7vL2+\n"
	    "v8DBwsPExcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7"
	    "O3u7/Dx8v\n"
	    "P09fb3+Pn6+/z9/v8BAgMEBQ==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 0", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAECAwQF\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 1", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAXgBAgME\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 2", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAnh4AQID\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 3", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAA3h4eAEC\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 4", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAABHh4eHgB\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 5", SSH_KEY_OK,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAABXh4eHh4\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 6", SSH_KEY_OK,
	    "", 399,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJA"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAABnh4eHh4eAECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding for a comment of 7", SSH_KEY_OK,
	    "", 399,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJA"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAB3h4eHh4eHgBAgMEBQY=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding of more than a block", SSH_KEY_OK,
	    "", 399,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJA"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAECAwQFBgcICQoLDA0=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "aes256-ctr", SSH_KEY_LOCKED,
	    "", 452,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAA"
	    "BAwMTIzND\n"
	    "U2Nzg5YWJjZGVmAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZ"
	    "ybYKCzk4H\n"
	    "Gd9tH02ykCvf54YyrEiQ0Lmo444nAAAAmAECAwQBAgMEAAAAC3NzaC1lZDI1N"
	    "TE5AAAAIJ\n"
	    "yg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAAAQAUQGyYxPEdSXWh"
	    "zfomUn6q1\n"
	    "wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjj"
	    "icAAAAOYm\n"
	    "Fja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "aes256-gcm, with its tag", SSH_KEY_LOCKED,
	    "", 492,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAAFmFlczI1Ni1nY21Ab3BlbnNzaC5jb20AAAAGY"
	    "mNyeXB0AA\n"
	    "AAGAAAABAwMTIzNDU2Nzg5YWJjZGVmAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI"
	    "1NTE5AAAA\n"
	    "IJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAAAmAECAwQBAgMEA"
	    "AAAC3NzaC\n"
	    "1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAA"
	    "AQAUQGyYx\n"
	    "PEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgcZ320fTbKQK"
	    "9/nhjKsSJ\n"
	    "DQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYHAAAAAAAAAAAAAAAAAAA"
	    "AAA==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "an RSA key", SSH_KEY_OTHER,
	    "ssh-rsa", 395,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAJwAAA"
	    "Adzc2gtcn\n"
	    "NhAAAAAwEAAQAAABEAxcXFxcXFxcXFxcXFxcXFxQAAAJgBAgMEAQIDBAAAAAt"
	    "zc2gtZWQy\n"
	    "NTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAEAFE"
	    "BsmMTxHUl\n"
	    "1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4HGd9tH02ykCvf54Y"
	    "yrEiQ0Lmo\n"
	    "444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "an RSA key, locked", SSH_KEY_OTHER,
	    "ssh-rsa", 436,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAA"
	    "BAwMTIzND\n"
	    "U2Nzg5YWJjZGVmAAAAEAAAAAEAAAAnAAAAB3NzaC1yc2EAAAADAQABAAAAEQD"
	    "FxcXFxcXF\n"
	    "xcXFxcXFxcXFAAAAmAECAwQBAgMEAAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZyb"
	    "YKCzk4HGd\n"
	    "9tH02ykCvf54YyrEiQ0Lmo444nAAAAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez"
	    "3Ag0YIy45\n"
	    "RE9anKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjicAAAAOYmFja3VwQ"
	    "GV4YW1wbG\n"
	    "UBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a hardware key", SSH_KEY_OTHER,
	    "sk-ssh-ed25519@openssh.com", 440,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAASgAAA"
	    "Bpzay1zc2\n"
	    "gtZWQyNTUxOUBvcGVuc3NoLmNvbQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+e"
	    "GMqxIkNC5\n"
	    "qOOOJwAAAARzc2g6AAAAmAECAwQBAgMEAAAAC3NzaC1lZDI1NTE5AAAAIJyg2"
	    "oZybYKCzk\n"
	    "4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAAAQAUQGyYxPEdSXWhzfomUn6q1wMv"
	    "W4ez3Ag0Y\n"
	    "Iy45RE9anKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjicAAAAOYmFja"
	    "3VwQGV4YW\n"
	    "1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "PEM of another kind: RSA PRIVATE KEY", SSH_KEY_OTHER,
	    "RSA PRIVATE KEY", 119,
	    "-----BEGIN RSA PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END RSA PRIVATE KEY-----\n" },
	{ "PEM of another kind: EC PRIVATE KEY", SSH_KEY_OTHER,
	    "EC PRIVATE KEY", 117,
	    "-----BEGIN EC PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END EC PRIVATE KEY-----\n" },
	{ "PEM of another kind: PRIVATE KEY", SSH_KEY_OTHER,
	    "PRIVATE KEY", 111,
	    "-----BEGIN PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END PRIVATE KEY-----\n" },
	{ "PEM of another kind: ENCRYPTED PRIVATE KEY", SSH_KEY_OTHER,
	    "ENCRYPTED PRIVATE KEY", 131,
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END ENCRYPTED PRIVATE KEY-----\n" },
	{ "PEM of another kind, CRLF", SSH_KEY_OTHER,
	    "DSA PRIVATE KEY", 122,
	    "-----BEGIN DSA PRIVATE KEY-----\015\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\015\n"
	    "-----END DSA PRIVATE KEY-----\015\n" },
	{ "a public key in PEM", SSH_KEY_NOT,
	    "", 109,
	    "-----BEGIN PUBLIC KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END PUBLIC KEY-----\n" },
	{ "a certificate", SSH_KEY_NOT,
	    "", 111,
	    "-----BEGIN CERTIFICATE-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END CERTIFICATE-----\n" },
	{ "a label too long to show", SSH_KEY_NOT,
	    "", 233,
	    "-----BEGIN XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
	    "XXXXXXXXXX PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
	    "XXXXXXXX PRIVATE KEY-----\n" },
	{ "a label that cannot be shown", SSH_KEY_NOT,
	    "", 121,
	    "-----BEGIN \033[2J PRIVATE KEY-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
	    "-----END \033[2J PRIVATE KEY-----\n" },
	{ "four dashes behind", SSH_KEY_NOT,
	    "", 409,
	    "-----BEGIN OPENSSH PRIVATE KEY----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY----\n" },
	{ "a word behind the dashes", SSH_KEY_NOT,
	    "", 415,
	    "-----BEGIN OPENSSH PRIVATE KEY----- x\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY----- x\n" },
	{ "a blank in front", SSH_KEY_NOT,
	    "", 412,
	    " -----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public key", SSH_KEY_NOT,
	    "", 96,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n backup@example\n" },
	{ "nothing", SSH_KEY_NOT,
	    "", 0,
	    "" },
	{ "the first line alone", SSH_KEY_BAD,
	    "", 35,
	    "-----BEGIN OPENSSH PRIVATE KEY-----" },
	{ "no END line", SSH_KEY_BAD,
	    "", 377,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n" },
	{ "another END line", SSH_KEY_BAD,
	    "", 407,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END RSA PRIVATE KEY-----\n" },
	{ "an empty body", SSH_KEY_BAD,
	    "", 71,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a word behind the END line", SSH_KEY_BAD,
	    "", 413,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n"
	    "x\n" },
	{ "a second key", SSH_KEY_BAD,
	    "", 822,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n"
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a character that is not base64", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEA*AAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a blank in the base64", SSH_KEY_BAD,
	    "", 412,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3 BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAA"
	    "AAtzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a NUL in the base64", SSH_KEY_BAD,
	    "", 412,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3\000BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAM"
	    "wAAAAtzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding that lacks", SSH_KEY_BAD,
	    "", 409,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "another magic", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjIAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a magic without its NUL", SSH_KEY_BAD,
	    "", 407,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAEbm9uZQAAAARub25lAAAAAAAAAAEAAAAzAAAAC"
	    "3NzaC1lZD\n"
	    "I1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAAAmAE"
	    "CAwQBAgME\n"
	    "AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0"
	    "Lmo444nAA\n"
	    "AAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgc"
	    "Z320fTbKQ\n"
	    "K9/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a KDF without a cipher", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAGYmNyeXB0AAAAAAAAAAEAAAAzA"
	    "AAAC3NzaC\n"
	    "1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAA"
	    "AmAECAwQB\n"
	    "AgMEAAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54Yyr"
	    "EiQ0Lmo44\n"
	    "4nAAAAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoL"
	    "OTgcZ320f\n"
	    "TbKQK9/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "options of no KDF", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAF4AAAAAQAAADMAA"
	    "AALc3NoLW\n"
	    "VkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjicAAAC"
	    "YAQIDBAEC\n"
	    "AwQAAAALc3NoLWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsS"
	    "JDQuajjji\n"
	    "cAAABABRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1qcoNqGcm2Cgs5"
	    "OBxnfbR9N\n"
	    "spAr3+eGMqxIkNC5qOOOJwAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "no key", SSH_KEY_BAD,
	    "", 334,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAAAAAAmAECA"
	    "wQBAgMEAA\n"
	    "AAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lm"
	    "o444nAAAA\n"
	    "QAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgcZ3"
	    "20fTbKQK9\n"
	    "/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "two keys", SSH_KEY_BAD,
	    "", 484,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAACAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAADM"
	    "AAAALc3No\n"
	    "LWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjicAA"
	    "ACYAQIDBA\n"
	    "ECAwQAAAALc3NoLWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjK"
	    "sSJDQuajj\n"
	    "jicAAABABRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1qcoNqGcm2Cg"
	    "s5OBxnfbR\n"
	    "9NspAr3+eGMqxIkNC5qOOOJwAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "something behind it", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBwA=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public part of no type", SSH_KEY_BAD,
	    "", 342,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAAAAAA"
	    "JgBAgMEAQ\n"
	    "IDBAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqx"
	    "IkNC5qOOO\n"
	    "JwAAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCz"
	    "k4HGd9tH0\n"
	    "2ykCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public part of an empty type", SSH_KEY_BAD,
	    "", 346,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAABAAAA"
	    "AAAAACYAQ\n"
	    "IDBAECAwQAAAALc3NoLWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/"
	    "nhjKsSJDQ\n"
	    "uajjjicAAABABRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1qcoNqGc"
	    "m2Cgs5OBx\n"
	    "nfbR9NspAr3+eGMqxIkNC5qOOOJwAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBgc"
	    "=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a type that cannot be shown", SSH_KEY_BAD,
	    "", 403,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAALQAAA"
	    "AVzc2gtGw\n"
	    "AAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJgBAgMEAQI"
	    "DBAAAAAtz\n"
	    "c2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJ"
	    "wAAAEAFEB\n"
	    "smMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4HGd9tH02"
	    "ykCvf54Yy\n"
	    "rEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a type too long to show", SSH_KEY_BAD,
	    "", 480,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAA"
	    "EBzc2gteH\n"
	    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh"
	    "4eHh4eHh4\n"
	    "eHh4eHh4AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444nAAAAm"
	    "AECAwQBAg\n"
	    "MEAAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEi"
	    "Q0Lmo444n\n"
	    "AAAAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOT"
	    "gcZ320fTb\n"
	    "KQK9/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public part of 31 bytes", SSH_KEY_BAD,
	    "", 407,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMgAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAAB+coNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOAAAAmAE"
	    "CAwQBAgME\n"
	    "AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0"
	    "Lmo444nAA\n"
	    "AAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgc"
	    "Z320fTbKQ\n"
	    "K9/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgMEBQYH\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public part of 33 bytes", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAANAAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACGcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAAC"
	    "YAQIDBAEC\n"
	    "AwQAAAALc3NoLWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsS"
	    "JDQuajjji\n"
	    "cAAABABRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1qcoNqGcm2Cgs5"
	    "OBxnfbR9N\n"
	    "spAr3+eGMqxIkNC5qOOOJwAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "something behind the public part", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAANAAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAAC"
	    "YAQIDBAEC\n"
	    "AwQAAAALc3NoLWVkMjU1MTkAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsS"
	    "JDQuajjji\n"
	    "cAAABABRAbJjE8R1JdaHN+iZSfqrXAy9bh7PcCDRgjLjlET1qcoNqGcm2Cgs5"
	    "OBxnfbR9N\n"
	    "spAr3+eGMqxIkNC5qOOOJwAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public part that is another's", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "checks that differ: a wrong passphrase", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BQAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "another type inside", SSH_KEY_BAD,
	    "", 399,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJA"
	    "BAgMEAQID\n"
	    "BAAAAAdzc2gtcnNhAAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo4"
	    "44nAAAAQA\n"
	    "UQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgcZ320"
	    "fTbKQK9/n\n"
	    "hjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGUBAgM=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "another public key inside", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6w"
	    "Eihi1naKQ\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a public key of 31 bytes inside", SSH_KEY_BAD,
	    "", 399,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJA"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAAB+coNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOAA\n"
	    "AAQAUQGyYxPEdSXWhzfomUn6q1wMvW4ez3Ag0YIy45RE9anKDahnJtgoLOTgc"
	    "Z320fTbKQ\n"
	    "K9/nhjKsSJDQuajjjicAAAAOYmFja3VwQGV4YW1wbGU=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "another public key behind the seed", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWjtqJ7zOtqQtYqO"
	    "o0CpvDXNl\n"
	    "MhV3HeJDpjrASKGLWdopAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a seed alone", SSH_KEY_BAD,
	    "", 367,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAHg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAACAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWgAAAA5iYWNrdXB"
	    "AZXhhbXBs\n"
	    "ZQECAwQFBgc=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a secret key of 65 bytes", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEEFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAA5iYWNrdXBAZXhhbXBsZQECAwQFBg==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a seed that is not the public key's", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "another pair inside", SSH_KEY_BAD,
	    "", 411,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAJg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6w"
	    "Eihi1naKQ\n"
	    "AAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADtqJ7zOtqQtYqO"
	    "o0CpvDXNl\n"
	    "MhV3HeJDpjrASKGLWdopAAAADmJhY2t1cEBleGFtcGxlAQIDBAUGBw==\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding from 0", SSH_KEY_BAD,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAABAgME\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding of zeros", SSH_KEY_BAD,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAAAAAAA\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding wrong at its end", SSH_KEY_BAD,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIg"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAECAwQG\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "padding to no whole block", SSH_KEY_BAD,
	    "", 387,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAIc"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAAAAECAwQ=\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
	{ "a second key inside", SSH_KEY_BAD,
	    "", 419,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAA"
	    "Atzc2gtZW\n"
	    "QyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIkNC5qOOOJwAAAKA"
	    "BAgMEAQID\n"
	    "BAAAAAtzc2gtZWQyNTUxOQAAACCcoNqGcm2Cgs5OBxnfbR9NspAr3+eGMqxIk"
	    "NC5qOOOJw\n"
	    "AAAEAFEBsmMTxHUl1oc36JlJ+qtcDL1uHs9wINGCMuOURPWpyg2oZybYKCzk4"
	    "HGd9tH02y\n"
	    "kCvf54YyrEiQ0Lmo444nAAAADmJhY2t1cEBleGFtcGxlAAAAC3NzaC1lZDI1N"
	    "TE5\n"
	    "-----END OPENSSH PRIVATE KEY-----\n" },
};

static const struct ssh_vector vector_public[] = {
	{ "no comment", SSH_KEY_OK,
	    "", 80,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n" },
	{ "a comment", SSH_KEY_OK,
	    "", 95,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n backup@example" },
	{ "a comment with blanks and quotes", SSH_KEY_OK,
	    "", 91,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n a \"b c\\\" d" },
	{ "a comment of any bytes", SSH_KEY_OK,
	    "", 336,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n \000\001\002\003\004\005\006\007\010\011\013"
	    "\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032\033"
	    "\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>\077@ABCDEFGH"
	    "IJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200"
	    "\201\202\203\204\205\206\207\210\211\212\213\214\215\216\217\220"
	    "\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240"
	    "\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260"
	    "\261\262\263\264\265\266\267\270\271\272\273\274\275\276\277\300"
	    "\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320"
	    "\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340"
	    "\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360"
	    "\361\362\363\364\365\366\367\370\371\372\373\374\375\376\377" },
	{ "a blank behind it", SSH_KEY_OK,
	    "", 81,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n " },
	{ "tabs", SSH_KEY_OK,
	    "", 82,
	    "ssh-ed25519\011AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH0"
	    "2ykCvf54YyrEiQ0Lmo444n\011x" },
	{ "several blanks", SSH_KEY_OK,
	    "", 85,
	    "ssh-ed25519 \011 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9t"
	    "H02ykCvf54YyrEiQ0Lmo444n  x" },
	{ "blanks in front", SSH_KEY_NOT,
	    "", 82,
	    " \011ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9t"
	    "H02ykCvf54YyrEiQ0Lmo444n" },
	{ "an option", SSH_KEY_OK,
	    "", 87,
	    "no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd"
	    "9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "options", SSH_KEY_OK,
	    "", 107,
	    "no-pty,no-X11-forwarding\011ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A"
	    "AAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n x" },
	{ "an option with a value", SSH_KEY_OK,
	    "", 98,
	    "from=\"10.0.0.0/8\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2"
	    "oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "an authority", SSH_KEY_OTHER,
	    "cert-authority", 95,
	    "cert-authority ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybY"
	    "KCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "an authority among options", SSH_KEY_OTHER,
	    "cert-authority", 117,
	    "no-pty,cert-authority,principals=\"a\" ssh-ed25519 AAAAC3NzaC"
	    "1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "an authority in quotes", SSH_KEY_OK,
	    "", 110,
	    "command=\"a ,cert-authority,b\" ssh-ed25519 AAAAC3NzaC1lZDI1N"
	    "TE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "an option that begins like an authority", SSH_KEY_OK,
	    "", 97,
	    "cert-authority-x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZy"
	    "bYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "quoted blanks", SSH_KEY_OK,
	    "", 103,
	    "command=\"a b\011c\",no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A"
	    "AAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "escaped quotes", SSH_KEY_OK,
	    "", 104,
	    "command=\"say \\\"a b\\\" c\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE"
	    "5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "a quote that escapes none", SSH_KEY_OK,
	    "", 96,
	    "command=\"a\\\\ b\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2"
	    "oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "a key inside of the quotes", SSH_KEY_OK,
	    "", 103,
	    "command=\"ssh-rsa AAAA\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
	    "IJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "RSA", SSH_KEY_OTHER,
	    "ssh-rsa", 62,
	    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAEQDFxcXFxcXFxcXFxcXFxcXF "
	    "x" },
	{ "RSA behind options", SSH_KEY_OTHER,
	    "ssh-rsa", 83,
	    "restrict,command=\"a b\" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA"
	    "EQDFxcXFxcXFxcXFxcXFxcXF" },
	{ "ssh-dss", SSH_KEY_OTHER,
	    "ssh-dss", 72,
	    "ssh-dss AAAAB3NzaC1kc3MAAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsS"
	    "JDQuajjjic=" },
	{ "ecdsa-sha2-nistp256", SSH_KEY_OTHER,
	    "ecdsa-sha2-nistp256", 100,
	    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAgnKDah"
	    "nJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjic=" },
	{ "ecdsa-sha2-nistp521", SSH_KEY_OTHER,
	    "ecdsa-sha2-nistp521", 100,
	    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAgnKDah"
	    "nJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjic=" },
	{ "sk-ssh-ed25519@openssh.com", SSH_KEY_OTHER,
	    "sk-ssh-ed25519@openssh.com", 115,
	    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2"
	    "guY29tAAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", SSH_KEY_OTHER,
	    "sk-ecdsa-sha2-nistp256@openssh.com", 135,
	    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbm"
	    "lzdHAyNTZAb3BlbnNzaC5jb20AAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjK"
	    "sSJDQuajjjic=" },
	{ "ssh-ed25519-cert-v01@openssh.com", SSH_KEY_OTHER,
	    "ssh-ed25519-cert-v01@openssh.com", 129,
	    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQt"
	    "djAxQG9wZW5zc2guY29tAAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0"
	    "Lmo444n" },
	{ "ssh-rsa-cert-v01@openssh.com", SSH_KEY_OTHER,
	    "ssh-rsa-cert-v01@openssh.com", 121,
	    "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3Bl"
	    "bnNzaC5jb20AAAAgnKDahnJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjic=" },
	{ "ssh-new@example.org", SSH_KEY_OTHER,
	    "ssh-new@example.org", 100,
	    "ssh-new@example.org AAAAE3NzaC1uZXdAZXhhbXBsZS5vcmcAAAAgnKDah"
	    "nJtgoLOTgcZ320fTbKQK9/nhjKsSJDQuajjjic=" },
	{ "nothing", SSH_KEY_NOT,
	    "", 0,
	    "" },
	{ "blanks alone", SSH_KEY_NOT,
	    "", 3,
	    " \011 " },
	{ "a word", SSH_KEY_NOT,
	    "", 6,
	    "backup" },
	{ "an age recipient", SSH_KEY_NOT,
	    "", 62,
	    "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	    "q" },
	{ "a comment line", SSH_KEY_NOT,
	    "", 13,
	    "# no key here" },
	{ "base64 without its type", SSH_KEY_NOT,
	    "", 68,
	    "AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0"
	    "Lmo444n" },
	{ "an option without a key", SSH_KEY_NOT,
	    "", 6,
	    "no-pty" },
	{ "a quote that does not end", SSH_KEY_NOT,
	    "", 91,
	    "command=\"a ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCz"
	    "k4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "two words of options", SSH_KEY_NOT,
	    "", 94,
	    "no-pty no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYK"
	    "Czk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "SSH-1", SSH_KEY_NOT,
	    "", 40,
	    "1024 35 123456789012345678901234567890 x" },
	{ "a private key", SSH_KEY_NOT,
	    "", 35,
	    "-----BEGIN OPENSSH PRIVATE KEY-----" },
	{ "another case", SSH_KEY_NOT,
	    "", 80,
	    "SSH-ED25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n" },
	{ "the type alone", SSH_KEY_BAD,
	    "", 11,
	    "ssh-ed25519" },
	{ "the type and a blank", SSH_KEY_BAD,
	    "", 12,
	    "ssh-ed25519 " },
	{ "RSA without a key", SSH_KEY_BAD,
	    "", 7,
	    "ssh-rsa" },
	{ "a word in place of base64", SSH_KEY_BAD,
	    "", 15,
	    "ssh-ed25519 x y" },
	{ "RSA inside", SSH_KEY_BAD,
	    "", 64,
	    "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAEQDFxcXFxcXFxcXFxcXFx"
	    "cXF" },
	{ "Ed25519 inside of RSA", SSH_KEY_BAD,
	    "", 76,
	    "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02ykCvf5"
	    "4YyrEiQ0Lmo444n" },
	{ "Ed25519 inside of a certificate", SSH_KEY_BAD,
	    "", 101,
	    "ssh-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIJyg"
	    "2oZybYKCzk4HGd9tH02ykCvf54YyrEiQ0Lmo444n" },
	{ "a key of 31 bytes", SSH_KEY_BAD,
	    "", 80,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH5yg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444=" },
	{ "a key of 33 bytes", SSH_KEY_BAD,
	    "", 84,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIZyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444nAA==" },
	{ "something behind the key", SSH_KEY_BAD,
	    "", 84,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444nAA==" },
	{ "a type alone inside", SSH_KEY_BAD,
	    "", 32,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" },
	{ "no whole length inside", SSH_KEY_BAD,
	    "", 16,
	    "ssh-ed25519 AAAA" },
	{ "a length beyond the end", SSH_KEY_BAD,
	    "", 80,
	    "ssh-ed25519 /////3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n" },
	{ "a character that is not base64", SSH_KEY_BAD,
	    "", 80,
	    "ssh-ed25519 AAAA-3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n" },
	{ "base64 of no whole groups", SSH_KEY_BAD,
	    "", 79,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444" },
	{ "a line end", SSH_KEY_BAD,
	    "", 81,
	    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyg2oZybYKCzk4HGd9tH02yk"
	    "Cvf54YyrEiQ0Lmo444n\n" },
};
#endif
