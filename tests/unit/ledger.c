/* SPDX-License-Identifier: ISC */
/* Promise: what a server may have lost is read back, no more and no less, and
 * what is on disk is never in doubt again, in whatever order blocks, sessions
 * and fsyncs come. */
#include <stdlib.h>
#include <string.h>

#include "send/ledger.h"
#include "tap.h"

#define MANY	600

static struct block *blocks[MANY];

static void
make_blocks(void)
{
	uint64_t crc = 0;
	size_t i;

	for (i = 0; i < MANY; i++) {
		if ((blocks[i] = calloc(1, sizeof(struct block))) == NULL)
			exit(1);
		blocks[i]->offset = i * CARGO_BLOCK;
		blocks[i]->len = i + 1 < MANY ? CARGO_BLOCK : 77;
		blocks[i]->crc_before = crc;
		blocks[i]->crc = crc = cargo_crc(crc, &i, sizeof(i));
	}
}

static struct ledger *
with(size_t count)
{
	struct ledger *l = ledger_new();
	size_t i;

	for (i = 0; i < count; i++)
		if (ledger_add(l, blocks[i]) == -1)
			exit(1);
	return (l);
}

static size_t
doubts(const struct ledger *l, unsigned born)
{
	struct ledger_block v[MANY];

	return (ledger_doubts(l, born, v, MANY));
}

static void
test_order(void)
{
	struct ledger *l = with(5);

	ok(ledger_acked(l) == 0 && ledger_end(l) == 0, "nothing yet");
	ledger_ack(l, blocks[2], 1);
	ok(ledger_acked(l) == 0 && ledger_end(l) == 3 * CARGO_BLOCK,
	    "a gap is not acknowledged");
	ok(ledger_has(l, blocks[2]) && !ledger_has(l, blocks[1]),
	    "but the block is known");
	ledger_ack(l, blocks[0], 1);
	ledger_ack(l, blocks[1], 1);
	ok(ledger_acked(l) == 3 * CARGO_BLOCK, "then all three");
	ledger_synced(l, 2 * CARGO_BLOCK);
	ok(ledger_durable(l) == 2 * CARGO_BLOCK, "an fsync of two");
	ok(ledger_has(l, blocks[0]) && ledger_acked(l) == 3 * CARGO_BLOCK,
	    "what is on disk is acknowledged");
	ledger_ack(l, blocks[1], 2);
	ok(ledger_durable(l) == 2 * CARGO_BLOCK, "told twice: no harm");
	ledger_free(l);
}

static void
test_doubts(void)
{
	struct ledger_block v[4];
	struct ledger *l = with(6);
	size_t i;

	for (i = 0; i < 4; i++)
		ledger_ack(l, blocks[i], i < 2 ? 1 : 2);
	ok(doubts(l, 1) == 0, "the oldest session vouches for all");
	ok(doubts(l, 2) == 2, "the second for its own");
	ok(doubts(l, 3) == 4, "a new one for none");
	ok(ledger_doubts(l, 3, v, 3) == 3, "not more than asked for");
	for (i = 0; i < 3 && v[i].offset == blocks[i]->offset &&
	    v[i].len == blocks[i]->len && v[i].crc == blocks[i]->crc &&
	    v[i].crc_before == blocks[i]->crc_before; i++)
		;
	ok(i == 3, "with the sums before and behind");
	ledger_proved(l, &v[1], 3);
	ok(doubts(l, 3) == 3 && ledger_durable(l) == 0,
	    "one in the middle is proved, and not on disk for that");
	ledger_proved(l, &v[0], 3);
	ok(ledger_durable(l) == CARGO_BLOCK && doubts(l, 3) == 2,
	    "the first one is on disk");
	ok(doubts(l, 4) == 3, "after another loss the middle one counts again");
	ledger_synced(l, 4 * CARGO_BLOCK);
	ok(ledger_durable(l) == 4 * CARGO_BLOCK && doubts(l, 9) == 0,
	    "on disk: never in doubt again");
	ledger_free(l);
}

static void
test_end(void)
{
	struct ledger *l = with(MANY);
	uint64_t all = (MANY - 1) * CARGO_BLOCK + 77;
	size_t i;

	for (i = 0; i < MANY; i++)
		ledger_ack(l, blocks[MANY - 1 - i], 1);
	ok(ledger_acked(l) == all, "backwards, with a short last block");
	ok(doubts(l, 2) == MANY, "all in doubt");
	ledger_synced(l, all);
	ok(ledger_durable(l) == all && doubts(l, 2) == 0, "all on disk");
	ledger_free(l);
}

/* A run at random beside a model that remembers everything. */
static void
test_random(unsigned seed)
{
	unsigned born = 1, acker[MANY] = { 0 }, n;
	size_t given = 0, durable = 0, acked = 0, i, want;
	struct ledger *l = with(0);
	bool good = true;

	srand(seed);
	for (n = 0; n < 5000 && good; n++) {
		switch (rand() % 8) {
		case 0: case 1:
			if (given < MANY &&
			    ledger_add(l, blocks[given++]) == -1)
				exit(1);
			break;
		case 2: case 3: case 4:
			if (given == 0)
				break;
			i = durable + (size_t)rand() % (given - durable + 1);
			if (i >= given || acker[i] != 0)
				break;
			acker[i] = born;
			ledger_ack(l, blocks[i], born);
			break;
		case 5:
			if (rand() % 20 == 0)
				born++;
			break;
		case 6:
			if (doubts(l, born) > 0)
				break;
			while (acked < given && acker[acked] != 0)
				acked++;
			ledger_synced(l, acked == 0 ? 0 :
			    blocks[acked - 1]->offset +
			    blocks[acked - 1]->len);
			durable = acked;
			break;
		case 7: {
			struct ledger_block v;

			if (ledger_doubts(l, born, &v, 1) == 0)
				break;
			i = (size_t)(v.offset / CARGO_BLOCK);
			acker[i] = born;
			if (i == durable)
				durable++;
			ledger_proved(l, &v, born);
			break;
		}
		}
		while (acked < given && acker[acked] != 0)
			acked++;
		for (want = 0, i = durable; i < given; i++)
			want += acker[i] != 0 && acker[i] < born;
		good = doubts(l, born) == want &&
		    ledger_durable(l) == durable * CARGO_BLOCK -
		    (durable == MANY ? CARGO_BLOCK - 77 : 0);
	}
	ok(good, "as the model says, seed %u", seed);
	ledger_free(l);
}

int
main(void)
{
	unsigned seed;

	make_blocks();
	test_order();
	test_doubts();
	test_end();
	for (seed = 1; seed <= 20; seed++)
		test_random(seed);
	for (seed = 0; seed < MANY; seed++)
		free(blocks[seed]);
	return (tap_done());
}
