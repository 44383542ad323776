import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isOrchestraError, type OrchestraError } from '../../src/errors.ts'
import { migrate, openStore, type Store } from '../../src/store/index.ts'
import { queryableOf } from '../../src/units/index.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { testKey } from '../support/stores.ts'

let postgres: PostgresServer
let adminUrl: string
let admin: Store
const opened: Store[] = []

async function open(databaseUrl: string, connections = 2): Promise<Store> {
  const store = await openStore({ databaseUrl, key: testKey, connections })
  opened.push(store)
  return store
}

function urlOf(role: string, password = role): string {
  const url = new URL(adminUrl)
  url.username = role
  url.password = password
  return url.href
}

async function refusal(work: Promise<unknown>): Promise<OrchestraError> {
  try {
    await work
  } catch (error) {
    if (isOrchestraError(error)) return error
    throw error
  }
  throw new Error('it was allowed')
}

beforeAll(async () => {
  postgres = await startPostgres()
}, 120_000)

afterAll(() => postgres.stop())

beforeEach(async () => {
  adminUrl = await postgres.database()
  admin = await open(adminUrl)
  await admin.query(`
    do $$ begin if to_regrole('guest') is null then
      create role guest login password 'guest'; create role "Odd ""One" login password 'odd'; end if; end $$;
    create schema shop;
    create table shop.site (id int primary key, plan text);
    create table shop.site_alias (id serial primary key);
    create table public."Odd Name" (id int);
    create function shop.twice(a int) returns int language sql as 'select 2 * a';
    revoke execute on function shop.twice from public;
    revoke usage on schema public from public;
    grant usage on schema public to guest`)
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
})

describe('a right that is missing is an error that names the statement which gives it', () => {
  const schema = 'grant usage on schema shop to guest'
  const cases: [string, string, string, string][] = [
    ['CREATE on the database', '', 'create schema orchestra', 'grant create on database test_'],
    ['USAGE on a schema', '', 'select * from shop.site', 'grant usage on schema shop to "guest"'],
    ['CREATE on a schema', schema, 'create table shop.x (id int)', 'grant create on schema shop to "guest"'],
    ['SELECT', schema, 'select * from shop.site', 'grant select on table shop.site to "guest"'],
    [
      'the shorter name of two',
      `${schema}; grant select on shop.site to guest`,
      'select * from shop.site left join shop.site_alias using (id)',
      'grant select on table shop.site_alias to "guest"',
    ],
    [
      'a name that needs quotes',
      '',
      'select * from "Odd Name"',
      'grant select on table public."Odd Name" to "guest"',
    ],
    ['INSERT', schema, 'insert into shop.site values (1)', 'grant insert on table shop.site to "guest"'],
    [
      'what RETURNING reads',
      schema,
      'insert into shop.site values (1) returning id',
      'grant select, insert on table shop.site to "guest"',
    ],
    [
      'UPDATE',
      `${schema}; grant select on shop.site to guest`,
      'update shop.site set plan = null where id = 1',
      'grant update on table shop.site to "guest"',
    ],
    [
      'DELETE',
      `${schema}; grant select on shop.site to guest`,
      'delete from shop.site where id = 1',
      'grant delete on table shop.site to "guest"',
    ],
    [
      'TRIGGER',
      `${schema}; create or replace function public.f() returns trigger language plpgsql as 'begin return null; end'`,
      'create or replace trigger t after insert on shop.site execute function public.f()',
      'grant trigger on table shop.site to "guest"',
    ],
    [
      'a sequence',
      `${schema}; grant insert on shop.site_alias to guest`,
      'insert into shop.site_alias default values',
      'grant usage, select, update on sequence shop.site_alias_id_seq to "guest"',
    ],
    [
      'a function',
      schema,
      'select shop.twice(2)',
      'grant execute on function shop.twice(a integer) to "guest"',
    ],
  ]

  it.each(cases)('%s', async (_, given, statement, grant) => {
    if (given !== '') await admin.query(given)
    const guest = await open(urlOf('guest'))
    const error = await refusal(guest.query(statement))
    expect(error).toMatchObject({
      code: 'ORC_STORE_DENIED',
      message: expect.stringMatching(/^Role "guest" may not do that in database "test_\d+": /),
      hint: expect.stringContaining(`As "postgres", run: ${grant}`),
    })
    // What it prints is right: it takes no more than that, time and again, until the statement works.
    for (let hint = error.hint; hint !== undefined; ) {
      await admin.query(/run: (grant [^;]*)/.exec(hint)?.[1] ?? '')
      hint = await guest.query(statement).then(
        () => undefined,
        (next) => next.hint,
      )
    }
  })

  it('what only an owner may do names the owner', async () => {
    await admin.query('grant usage on schema shop to guest; grant select on shop.site to guest')
    const guest = await open(urlOf('guest'))
    const error = await refusal(guest.query('alter table shop.site add column x int'))
    expect(error.code).toBe('ORC_STORE_DENIED')
    expect(error.hint).toContain('Run it as "postgres", who owns table shop.site')
  })

  it('inside of a transaction too, which may use the only connection', async () => {
    const guest = await open(urlOf('guest'), 1)
    const error = await refusal(guest.transaction((tx) => tx.query('select * from shop.site')))
    expect(error.hint).toContain('grant usage on schema shop to "guest"')
    expect(await guest.query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('whatever the language of the server', async () => {
    await admin.query('grant usage on schema shop to guest')
    const guest = await open(urlOf('guest'))
    // The embedded Postgres brings no translations; what a German one says is known.
    const german = Object.assign(new Error('keine Berechtigung für Tabelle site'), { code: '42501' })
    const client = { query: () => Promise.reject(german) }
    const spoken = queryableOf(client as unknown as pg.Client, guest)
    const error = await refusal(spoken.query('select * from shop.site'))
    expect(error.hint).toContain('grant select on table shop.site to "guest"')
    const silent = { query: () => Promise.reject(Object.assign(new Error('?????'), { code: '42501' })) }
    const unread = await refusal(
      queryableOf(silent as unknown as pg.Client, guest).query('select * from shop.site'),
    )
    expect(unread.hint).toContain('grant select on table shop.site to "guest"')
  })

  it('for the role of a connection of the application, whose transaction can be asked nothing', async () => {
    const client = new pg.Client(urlOf('guest'))
    await client.connect()
    await client.query('begin')
    const error = await refusal(queryableOf(client, admin).query('select * from shop.site'))
    expect(error.hint).toContain('grant usage on schema shop to "guest"')
    await client.end()
  })

  it('a role whose name needs quotes is quoted', async () => {
    const odd = await open(urlOf('Odd "One', 'odd'))
    const error = await refusal(odd.query('select * from shop.site'))
    expect(error.hint).toContain('grant usage on schema shop to "Odd ""One"')
  })

  it('rows that a policy hides ask for a role that sees them', async () => {
    await admin.query(
      `grant usage on schema shop to guest; grant select on shop.site to guest; alter table shop.site enable row level security`,
    )
    const guest = await open(urlOf('guest'))
    const hidden = guest.transaction(async (tx) => {
      await tx.query('set local row_security = off')
      return tx.query('select * from shop.site')
    })
    expect(await refusal(hidden)).toMatchObject({
      code: 'ORC_ROWS_HIDDEN',
      hint: expect.stringContaining('alter role "guest" bypassrls'),
    })
  })
})

describe('what the application asks for before Orchestra is installed', () => {
  it('says that it is not', async () => {
    const error = await refusal(admin.query('insert into orchestra.change default values'))
    expect(error).toMatchObject({ code: 'ORC_STORE_OUTDATED', hint: expect.stringContaining('orchestra up') })
  })

  it('leaves alone what else does not exist', async () => {
    await expect(admin.query('select * from nothing')).rejects.toMatchObject({ code: '42P01' })
    await migrate(admin)
    await expect(admin.query('select * from orchestra.nothing')).rejects.toMatchObject({ code: '42P01' })
  })
})

describe('a database that cannot be used', () => {
  it('a wrong name, a wrong password, a role that does not exist', async () => {
    const wrongName = await open(adminUrl.replace(/test_\d+$/, 'tset'))
    expect(await refusal(wrongName.query('select 1'))).toMatchObject({
      code: 'ORC_STORE_UNKNOWN',
      message: expect.stringContaining('no database "tset"'),
    })
    for (const url of [urlOf('guest', 'wrong'), urlOf('nobody'), urlOf('guest', '')]) {
      const store = await open(url)
      expect(await refusal(store.query('select 1'))).toMatchObject({
        code: 'ORC_STORE_LOGIN',
        hint: expect.stringContaining('DATABASE_URL'),
      })
      expect((await refusal(store.transaction((tx) => tx.query('select 1')))).code).toBe('ORC_STORE_LOGIN')
    }
  })

  it('a role that may not log in, or not connect', async () => {
    await admin.query(`revoke connect on database ${new URL(adminUrl).pathname.slice(1)} from public`)
    expect(await refusal((await open(urlOf('guest'))).query('select 1'))).toMatchObject({
      code: 'ORC_STORE_DENIED',
      hint: expect.stringMatching(/grant connect on database "test_\d+" to "guest"/),
    })
    await admin.query('alter role guest nologin')
    expect((await refusal((await open(urlOf('guest'))).query('select 1'))).code).toBe('ORC_STORE_LOGIN')
    await admin.query('alter role guest login')
  })

  it('no connection is left', async () => {
    await admin.query('alter role guest connection limit 1')
    const [first, second] = [await open(urlOf('guest')), await open(urlOf('guest'))]
    await first.query('select 1')
    expect(await refusal(second.query('select 1'))).toMatchObject({
      code: 'ORC_STORE_BUSY',
      hint: expect.stringContaining('role "guest"'),
    })
    await admin.query('alter role guest connection limit -1')
  })

  it('one that takes no writes', async () => {
    await admin.query(
      `alter database ${new URL(adminUrl).pathname.slice(1)} set default_transaction_read_only = on`,
    )
    const store = await open(adminUrl)
    expect((await refusal(migrate(store))).code).toBe('ORC_STORE_READONLY')
    // A transaction that was opened to read only is no such database.
    const writable = await open(await postgres.database())
    const reading = writable.transaction(async (tx) => {
      await tx.query('set transaction read only')
      await tx.query('create table x ()')
    })
    await expect(reading).rejects.toMatchObject({ code: '25006' })
  })

  it.each([
    'nonsense',
    'localhost:5432/app',
    'host=localhost dbname=app',
    'mysql://a@h/x',
    'http://h/x',
    ' postgresql://a@h/x',
    'postgresql://app:secret/word@h/x',
    'postgresql://app:secret#word@h/x',
    'postgresql://app:%zzsecret@h:port/x',
  ])('a URL that is none: %s', async (databaseUrl) => {
    const error = await refusal(openStore({ databaseUrl, key: testKey }))
    expect(error.code).toBe('ORC_STORE_URL')
    expect(error.hint).toContain('postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE')
    expect(`${error.message} ${error.hint} ${error.cause}`).not.toContain('secret')
  })
})
