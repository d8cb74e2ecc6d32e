-- SPDX-License-Identifier: ISC
--
-- Two large tables and a small one: text, times, uuid, jsonb, numbers.
-- psql -v rows=N: rows of the larger one; 4 000 000 make 1.4 GB of COPY text.
CREATE TABLE words AS SELECT i, md5(i::text) AS w
    FROM generate_series(1, 2000) i;
CREATE TABLE orders (id bigint, ref uuid, at timestamptz, doc jsonb,
    price numeric(12,2), note text);
INSERT INTO orders SELECT g, gen_random_uuid(),
    '2026-01-01'::timestamptz + g * interval '1.7 s',
    jsonb_build_object('customer', g % 50021, 'state',
	(ARRAY['open', 'paid', 'sent', 'back'])[1 + g % 4], 'lines', g % 17),
    (random() * 10000)::numeric(12,2),
    'order ' || g || ' of customer ' || g % 50021 || ': ' ||
	left(md5((1 + g % 2000)::text), 12) ||
	' to be sent to the address on file'
    FROM generate_series(1, :rows) g;
CREATE TABLE events (id bigint, kind text, at timestamp, value float8,
    body text);
INSERT INTO events SELECT g,
    (ARRAY['login', 'logout', 'click', 'view', 'error'])[1 + g % 5],
    '2026-01-01'::timestamp + g * interval '0.9 s', random() * 1e6,
    'session ' || md5((g / 10)::text) || ' page /shop/' || g % 977 ||
	' took ' || (random() * 300)::int || ' ms in all'
    FROM generate_series(1, :rows * 5 / 4) g;
