-- SPDX-License-Identifier: ISC
--
-- Two large tables and a small one: text, times, uuid, jsonb, numbers; zlib's
-- level 6 makes 0.39 of them.  psql -v rows=N: rows of the larger one; 2 900 000
-- make 1.44 GB of COPY text.  -v one=1: only that table.
CREATE FUNCTION letters(hash text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(hash, '0123456789abcdef', 'etaoin shrdlu-ee') $$;
CREATE FUNCTION token(len int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT left(encode(uuid_send(gen_random_uuid()), 'base64'), len) $$;
\if :{?one}
\else
CREATE TABLE words AS SELECT i, md5(i::text) AS w
    FROM generate_series(1, 2000) i;
\endif
CREATE TABLE orders (id bigint, ref uuid, at timestamptz, doc jsonb,
    price numeric(12,2), note text);
INSERT INTO orders SELECT g, gen_random_uuid(),
    '2026-01-01'::timestamptz + g * interval '1.7 s',
    jsonb_build_object('customer', g % 50021, 'state',
	(ARRAY['open', 'paid', 'sent', 'back'])[1 + g % 4], 'lines', g % 17),
    (random() * 10000)::numeric(12,2),
    'order ' || g || ' of customer ' || g % 50021 || ': ' ||
	left(letters(md5(random()::text)), 20) || ' goods of ' ||
	letters(md5((g % 2000)::text)) || ' token ' || token(8) ||
	' to be sent to the address on file'
    FROM generate_series(1, :rows) g;
\if :{?one}
\else
CREATE TABLE events (id bigint, kind text, at timestamp, value float8,
    body text);
INSERT INTO events SELECT g,
    (ARRAY['login', 'logout', 'click', 'view', 'error'])[1 + g % 5],
    '2026-01-01'::timestamp + g * interval '0.9 s', random() * 1e6,
    'session ' || token(12) || ' page /shop/' || g % 977 || ' referred by ' ||
	letters(md5((random() * 5000)::int::text)) ||
	letters(md5((random() * 5000)::int::text)) ||
	' took ' || (random() * 300)::int || ' ms in all'
    FROM generate_series(1, :rows * 5 / 4) g;
\endif
