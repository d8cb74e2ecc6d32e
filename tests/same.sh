# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# What is in a database, as text that two equal databases share.

# db_tables DATABASE: the tables that hold rows, as quoted names, one a line.
db_tables()
{
	sql "$1" "SELECT c.oid::regclass FROM pg_class c
	    JOIN pg_namespace n ON n.oid = c.relnamespace
	    WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_'
	    AND n.nspname <> 'information_schema'
	    ORDER BY n.nspname, c.relname COLLATE \"C\""
}

# db_print DATABASE: every table with its count of rows and a checksum of the
# rows in order, every large object with its checksum, every sequence.
db_print()
{
	db_tables "$1" | while IFS= read -r s_table; do
		s_rows=$(sql "$1" "SELECT count(*) FROM $s_table" </dev/null)
		s_sum=$(sql "$1" "COPY (SELECT t::text FROM $s_table t
		    ORDER BY t::text COLLATE \"C\") TO STDOUT" </dev/null |
		    md5sum)
		printf '%s\t%s rows\tmd5 %s\n' "$s_table" "$s_rows" \
		    "${s_sum%% *}"
	done
	sql "$1" "SELECT 'large object ' || oid, length(lo_get(oid)) || ' bytes',
	    'md5 ' || md5(lo_get(oid)) FROM pg_largeobject_metadata
	    ORDER BY oid" | tr '|' '\t'
	sql "$1" "SELECT 'sequence', s FROM pg_sequences s
	    ORDER BY s::text COLLATE \"C\"" | tr '|' '\t'
}

# db_schema DATABASE: its definition by stock pg_dump, less what differs in
# every run.
db_schema()
{
	pg_dump -s "$1" | grep -Ev '^\\(un)?restrict '
}
