/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** They read and write what is not there any more. */
export const older = 'stop'

/**
 * A placement becomes a place: what is wanted there beside what stands there. What the store of the release before knew of gates, of
 * earlier names and of data that is elsewhere is written into the places; nothing is lost, and nothing runs meanwhile, because all
 * lanes are locked.
 */
export const sql = `
-- Of workers alone, in the order in which they take them: nobody else waits for these, so there is time.
set local lock_timeout = '10s';
lock table orchestra.lane, orchestra.operation, orchestra.placement, orchestra.transfer in access exclusive mode;

-- Numbers of decisions: of two about anything, the later has the higher.
create sequence orchestra.decision;

alter table orchestra.placement
  drop constraint placement_state_check,
  add column generation bigint not null default 0,
  add column want text not null default 'stand' check (want in ('stand', 'leave')),
  -- What becomes of a copy that is not wanted.
  add column policy text check (policy in ('remove', 'migrate', 'keep')),
  add column want_identity text,
  add column incarnation integer not null default 0,
  -- The decision that first wanted this name here.
  add column claim bigint not null default 0,
  -- Of history: the operation that tells what became of this generation, which holds the object as it is wanted.
  add column operation_id bigint,
  -- Only disabled routes lead here.
  add column held boolean not null default false,
  -- What a run is at: {operation, generation, step, before}, written before its first byte is sent.
  add column trying jsonb,
  -- The generation that stands here; null while nobody knows.
  add column stands bigint,
  -- All names under which something of it is there, or may be.
  add column names jsonb not null default '[]',
  add column data text not null default 'awaits' check (data in ('own', 'awaits', 'gone')),
  add column attempt integer not null default 0,
  add column due_at timestamptz not null default '-infinity',
  -- The generation that a person cancelled.
  add column stopped bigint not null default -1,
  add column forgotten boolean not null default false,
  -- What it waited for when it was looked at last.
  add column wait jsonb,
  -- A script ended in the middle of it.
  add column alone boolean not null default false;

alter table orchestra.transfer
  -- What the copy was made for: the claim on its name, and a sum of the commands that find it again. Null where nobody noted it.
  add column copied_for text;

update orchestra.placement p set
  generation = 1,
  claim = 1,
  want = case when p.state in ('deleting', 'kept') or o.action = 'delete' then 'leave' else 'stand' end,
  policy = case
    when p.state = 'kept' then 'keep'
    when p.state = 'deleting' or o.action = 'delete' then case when exists (
      select from orchestra.transfer t where t.key_hash = p.key_hash and t.model = p.model and t.backend = p.backend
        and t.from_server = p.server_id and t.ended_at is null) then 'migrate' else 'remove' end end,
  want_identity = case when p.state in ('deleting', 'kept') or o.action = 'delete' then null else coalesce(o.identity, p.identity) end,
  operation_id = case when o.action = 'save' and o.identity is null and o.state = 'waiting' then null else o.id end,
  held = coalesce(o.held, false),
  trying = case when o.state = 'running' then jsonb_build_object('operation', o.id, 'generation', 1,
    'step', case when o.action = 'delete'
      then jsonb_build_object('do', 'remove', 'names', jsonb_build_array(p.identity))
      else jsonb_build_object('do', 'make', 'identity', coalesce(o.identity, p.identity), 'incarnation', 0, 'over', null) end,
    'names', '[]'::jsonb, 'stands', null) end,
  stands = case when p.state = 'applied' and o.id is null then 1 end,
  attempt = case when o.outcome is null then 0 else o.attempt end,
  -- What the first release decided has no name yet: it is decided once more.
  due_at = case when o.action = 'save' and o.identity is null then 'infinity' else coalesce(o.due_at, '-infinity') end,
  alone = coalesce(o.alone, false),
  data = case when p.hollow and exists (
      select from orchestra.transfer t where t.key_hash = p.key_hash and t.model = p.model and t.backend = p.backend
        and t.from_server = p.server_id and t.outcome = 'success') then 'gone'
    when p.hollow then 'awaits' else 'own' end,
  names = (
    select coalesce(jsonb_agg(name), '[]') from (
      select jsonb_build_object('identity', p.identity, 'incarnation', 0,
        'state', case when p.state = 'kept' then 'left' when p.state = 'applied' then 'stands' else 'maybe' end) as name
      where p.applied_at is not null or p.log_id is not null
      union all
      select tried.value || jsonb_build_object('incarnation', 0, 'state', 'maybe')
      from jsonb_array_elements(coalesce(p.tried, '[]')) as tried(value)
      union all
      select jsonb_build_object('identity', r.identity, 'incarnation', 0, 'state', 'left', 'snapshot', r.snapshot,
        'unmarked', r.unmarked)
      from orchestra.remnant r where md5(r.object_key) = md5(p.object_key) and r.object_key = p.object_key
        and r.model = p.model and r.backend = p.backend and r.server_id = p.server_id
    ) all_names)
from orchestra.placement q
left join lateral (
  select * from orchestra.operation o where o.key_hash = q.key_hash and o.model = q.model and o.backend = q.backend
    and o.server_id = q.server_id and o.state in ('waiting', 'running') and o.action in ('save', 'delete')
  order by o.state = 'running' desc, o.id desc limit 1
) o on true
where q.key_hash = p.key_hash and q.model = p.model and q.backend = p.backend and q.server_id = p.server_id;

-- What a newer decision waits for while an older one runs.
update orchestra.placement p set generation = 2, operation_id = o.id,
  want = case when o.action = 'save' then 'stand' else 'leave' end,
  policy = case when o.action = 'delete' then coalesce(p.policy, 'remove') end,
  want_identity = case when o.action = 'save' then coalesce(o.identity, p.identity) end,
  attempt = 0, due_at = o.due_at, held = o.held
from orchestra.operation o
where p.trying is not null and o.key_hash = p.key_hash and o.model = p.model and o.backend = p.backend
  and o.server_id = p.server_id and o.state = 'waiting' and o.action in ('save', 'delete');

-- What the first release decided, which knew neither names nor places of what waits.
insert into orchestra.change (unit_id, model, action, keys)
select o.unit_id, o.model, 'save', jsonb_agg(o.keys) from orchestra.operation o
where o.state in ('waiting', 'running') and o.action = 'save' and o.server_id is not null and (o.identity is null or not exists (
  select from orchestra.placement p where p.key_hash = o.key_hash and p.model = o.model and p.backend = o.backend
    and p.server_id = o.server_id))
group by o.unit_id, o.model;

-- Copies under earlier names of objects that have no place there any more.
insert into orchestra.placement
  (backend, server_id, model, object_key, keys, identity, snapshot, generation, claim, want, policy, names, data, kept_at, unmarked)
select r.backend, r.server_id, r.model, r.object_key, coalesce((
    select o.keys from orchestra.operation o where o.key_hash = md5(r.object_key)::uuid and o.model = r.model limit 1
  ), to_jsonb(array[r.object_key])), r.identity, r.snapshot, 1, 1, 'leave', 'keep',
  jsonb_build_array(jsonb_build_object('identity', r.identity, 'incarnation', 0, 'state', 'left')), 'own', r.created_at, r.unmarked
from orchestra.remnant r
on conflict do nothing;

-- A copy to which nobody's data is on its way has begun data of its own.
update orchestra.placement p set data = 'own'
where p.data = 'awaits' and p.names <> '[]' and not exists (
  select from orchestra.placement q
  where q.key_hash = p.key_hash and q.model = p.model and q.backend = p.backend and q.server_id <> p.server_id
    and q.data = 'own' and q.names <> '[]' and (p.want = 'leave' or (q.want = 'leave' and q.policy = 'migrate')));

select setval('orchestra.decision', 10);

drop index orchestra.placement_stale;
drop index orchestra.placement_kept;
drop index orchestra.placement_deleting;
drop table orchestra.remnant;
alter table orchestra.placement
  drop column state,
  drop column tried,
  drop column unmade,
  drop column hollow;
alter table orchestra.placement
  -- In a word, for people.
  add column state text generated always as (case
    when want = 'leave' and policy = 'keep' then 'kept'
    when want = 'leave' then 'deleting'
    when stands = generation then 'applied'
    when attempt > 0 then 'failed'
    else 'pending' end) stored,
  -- Whether there may be something to do, now or later.
  add column open boolean generated always as (trying is not null or (stopped <> generation and (
    (want = 'stand' and stands is distinct from generation) or (want = 'leave' and policy <> 'keep')))) stored,
  -- Whether it is there under other names than the one that indexes know.
  add column other_names boolean generated always as (
    jsonb_array_length(names) > 1 or (names -> 0 ->> 'identity') <> identity) stored;
alter table orchestra.operation
  drop column gate,
  -- The unit that asked last, where others did since it was made and before it began: it carries what that one wants.
  add column latest_unit_id uuid,
  -- When another unit's change was written into it last.
  add column rewritten_at timestamptz,
  -- Routes have changed since only a disabled one led there.
  add column look_again boolean not null default false;
-- Operations that were made for others, and tell what becomes of what this one asked for.
alter table orchestra.unit add column carried bigint[] not null default '{}';
-- What is done beside the places: custom actions, and removals of what no object stands for.
create index operation_errand on orchestra.operation (server_id, due_at)
  where state in ('waiting', 'running') and action not in ('save', 'delete');

create index operation_look_again on orchestra.operation (id) where state = 'waiting' and look_again;

create index placement_stale on orchestra.placement (backend, server_id) where stale;
create index placement_kept on orchestra.placement (backend, server_id) where want = 'leave' and policy = 'keep';
create index placement_open on orchestra.placement (server_id, due_at) where open and not held;
create index placement_trying on orchestra.placement (server_id) where trying is not null;
create index placement_leaving on orchestra.placement (key_hash, model, backend) where open and want = 'leave';
create index placement_wait on orchestra.placement (key_hash, model, backend) where wait is not null;
create index placement_want on orchestra.placement (md5(want_identity), server_id, backend);
-- The order of lists, as far as a row of an index may be long.
create index placement_list on orchestra.placement (left(model || ':' || object_key, 200) collate "C");
create index placement_names on orchestra.placement (server_id, backend) where other_names;
`
