import { expect, test } from 'vitest'
import { CAPTURE_ROLE } from '../../src/capture/capture-role.ts'
import { installCapture } from '../../src/capture/index.ts'
import { describeStores } from '../support/stores.ts'
import { model, takeChanges } from './support.ts'

describeStores('trigger functions', (open) => {
  test('run no cast and no operator of whoever owns the table', async () => {
    const store = await open()
    await store.query(`
      create table witness (who text);
      create type plan as enum ('basic', 'pro');
      create function betray() returns boolean language plpgsql as $$
        begin insert into witness values (current_user); return true; end $$;
      create function as_text(plan) returns text language plpgsql as $$ begin perform betray(); return 'x'; end $$;
      create function as_json(plan) returns json language plpgsql as $$ begin perform betray(); return '1'; end $$;
      create function equal(plan, plan) returns boolean language plpgsql as $$ begin return betray(); end $$;
      create cast (plan as text) with function as_text(plan) as implicit;
      create cast (plan as json) with function as_json(plan);
      create operator = (leftarg = plan, rightarg = plan, function = equal);
      create operator <> (leftarg = plan, rightarg = plan, function = equal);
      create domain chosen as plan;
      create table offer (id plan, other chosen, name text, hits int, extra plan)`)
    const offer = model({ name: 'offer', key: ['id', 'other'], ignore: ['hits'] })
    expect((await installCapture(store, [offer])).failed).toEqual([])
    await store.query(`insert into offer values ('basic', 'pro', 'a', 0, 'pro')`)
    await store.query(`insert into offer values ('pro', 'pro', 'b', 0, null), ('pro', 'basic', 'c', 0, null)`)
    await store.query(`update offer set name = 'x' || name`)
    await store.query(`update offer set hits = 1`)
    await store.query(`insert into offer select 'basic', 'basic', 'n', n from generate_series(1, 1500) n`)
    await store.query(`update offer set name = 'y' || name`)
    await store.query('delete from offer; truncate offer')
    expect(await store.query('select * from witness')).toEqual([])
    expect(new Set(await takeChanges(store))).toEqual(
      new Set([
        ...['basic,pro', 'pro,pro', 'pro,basic', 'basic,basic'].flatMap((key) => [
          `save offer:${key}`,
          `delete offer:${key}`,
        ]),
        'truncate offer',
      ]),
    )
  })

  test('belong to a role that can do nothing but write changes down', async () => {
    const store = await open()
    await store.query('create table page (id int primary key)')
    await installCapture(store, [model({ name: 'page' })])
    const owners = await store.query(
      `select distinct pg_get_userbyid(proowner) as owner from pg_proc where proname like 'capture\\_%'`,
    )
    expect(owners).toEqual([{ owner: CAPTURE_ROLE }])
    const rights = await store.query(
      `select format('%s %s', lower(privilege_type), c.oid::regclass) as right
       from pg_class c cross join lateral aclexplode(c.relacl) where grantee = $1::regrole order by 1`,
      [CAPTURE_ROLE],
    )
    expect(rights).toEqual([{ right: 'insert orchestra.change' }, { right: 'select orchestra.asleep' }])
    const [role] = await store.query(
      `select rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls,
         has_schema_privilege(oid, 'orchestra', 'create') as creates from pg_roles where rolname = $1`,
      [CAPTURE_ROLE],
    )
    expect(Object.values(role ?? {})).toEqual([false, false, false, false, false, false])
    await store.query('insert into page values (1)')
    expect(await takeChanges(store)).toEqual(['save page:1'])
  })

  test('note who was logged in, whatever actor was named', async () => {
    const store = await open()
    await store.query('create table page (id int primary key)')
    await installCapture(store, [model({ name: 'page' })])
    await store.transaction(async (tx) => {
      await tx.query(`set local orchestra.actor = 'somebody else'`)
      await tx.query('insert into page values (1)')
    })
    expect(await store.query('select actor, login from orchestra.change')).toEqual([
      { actor: 'somebody else', login: 'postgres' },
    ])
  })

  test.each([
    'insert on orchestra.change',
    'usage on schema orchestra',
    'select on sequence orchestra.asleep',
  ])('fail no statement when a dump without privileges has lost "%s"', async (right) => {
    const store = await open()
    await store.query('create table page (id int primary key)')
    await installCapture(store, [model({ name: 'page' })])
    await store.query(`revoke ${right} from ${CAPTURE_ROLE}`)
    await store.query('insert into page values (1); insert into page values (2), (3)')
    await store.query('update page set id = id + 10; delete from page where id = 11; truncate page')
    await installCapture(store, [model({ name: 'page' })])
    await store.query('delete from orchestra.change')
    await store.query('insert into page values (4)')
    expect(await takeChanges(store)).toEqual(['save page:4'])
  })
})
