export const change = ''

/** What happened, for whoever follows: written by the transaction in which it happened, read in the order of the commits. */
export const sql = `
create table orchestra.event (
  id bigint generated always as identity primary key,
  -- Tells the reader which of them he can have seen: numbers are given before the commit, and become visible in any order.
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  -- Numbers and outcomes; everything else is where these lead.
  detail jsonb not null
) partition by range (id);
create index event_xid on orchestra.event (xid);
create index event_at on orchestra.event (at);

do $ranges$
begin
  -- Takes rows that no range was made for.
  create table orchestra.event_rest partition of orchestra.event default;
  for nth in 0..2 loop
    execute format('create table orchestra.%I partition of orchestra.event for values from (%s) to (%s)',
      'event_' || nth * 10000 + 1, nth * 10000 + 1, (nth + 1) * 10000 + 1);
  end loop;
end
$ranges$;
`
