/* SPDX-License-Identifier: ISC */
/* Made by age-vectors.py. */

static const char *const vector_keys[][2] = {
	{ "AGE-SECRET-KEY-1QYYQ79SAYS4NYW2QGA892HRRDFCHSLUX3K2FHG4FKZMMA3WV60DQ6JLPXT",
	    "age1erlv4qd7r9kd7t9da2l383ys84mr9h8yj4d2dzmwtkddaa2wyctqn8r7dk" },
	{ "AGE-SECRET-KEY-1QGY3Q9C7Y5KRXWJPFP84VHTYDDE8NQY8362EEGA2KXUTL3KD6NDSHTTAMZ",
	    "age1w0nejuwfzyqzju3kx25qkurm7nmzcyjhvv6xu858rrtvphxr4gaqc7z9rv" },
	{ "AGE-SECRET-KEY-1QV9PZXQLYCKNGW6ZF9G9WHN9D3EH4QVG37TFMF9TK2UUP37W6HWQMQY8HY",
	    "age1hdg0l85z546vl0uzp6tlvraec9p7caq4eag5lr8anrhlt8s9jc2qaxcf69" },
};

/* Plaintext length, recipients, SHA-256 of the file. */
static const struct vector {
	size_t len, recipients;
	const char *sha256;
} vectors[] = {
	{ 0, 1, "ad9047c4c791f21f2cca6bcc53b6731d"
	    "1cd5c33e78e28f71c78049eabffb1be8" },
	{ 1, 1, "217465363ff5f4018d4b86d03221407d"
	    "686859c941aa0879283ccdfbbaa4a423" },
	{ 1, 3, "68b3d57ee1cd16bdd94f2fac8bb638be"
	    "c493bd84678a5bd9bde31d32fdd709ee" },
	{ 65535, 1, "810213769df5b1313de248be23328f1e"
	    "a8c10be510af721b59ad9784385f3f49" },
	{ 65536, 1, "129f2c9723bdb1f34ecb1d75e8197288"
	    "1a802fcc70e8ce8a0d543bbba9639895" },
	{ 65537, 1, "9ee3f7807be42f61a8885763e723fe8a"
	    "23c85893bcde925454bb8231de2d9871" },
	{ 131072, 2, "3ece801c008de443665acf268843b7bf"
	    "f0221b23a9d01bcecc5d7094359b5cca" },
	{ 131073, 1, "852aaa82492b691ebd2ca9a890df8d41"
	    "3d5c44f100649b31df44d81550fa123c" },
};

/* The whole file of one byte for the first key. */
static const char vector_file[] =
    "6167652d656e6372797074696f6e2e6f72672f76310a2d3e205832353531"
    "3920687077434d374a7574767747494f6741643445384f48653859654557"
    "43666642394f7272553344656b6d490a537773556135713453446a466e5a"
    "7274734f576e2f307444743072632f2f305379414c48572b754e3577410a"
    "2d2d2d203154617848317459465869524b6b675176652f6d614b422f7a31"
    "61485a67567243596771395141565777300a1bd0853aefa4590ec3782de2"
    "974c01b67947485a118ce1a41cab15d6254570d0b4";

/* "x" sealed as chunk 0x0102030405060708, final or not, under the
 * key 0, 1, ... 31. */
static const char vector_chunk[] = "9d172d59e51b3d17bbfdf33ee6b90eee4e";
static const char vector_final[] = "4bdf64074b82a35f3d4ef6374ec02c3a98";
