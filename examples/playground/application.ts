import type { Store } from 'orchestrajs'
import pg from 'pg'

/** What customers pay for. */
export const plans = ['free', 'pro', 'business'] as const

/** The tables of the application: sites, and further domains that lead to them. */
const tables = `
create table site (
  id serial primary key,
  domain text not null unique,
  title text not null default '',
  body text not null default '',
  plan text not null default 'free' check (plan in (${plans.map((plan) => `'${plan}'`).join(', ')}))
);

create table site_alias (
  id serial primary key,
  site_id integer not null references site (id) on delete cascade,
  domain text not null unique
);
create index site_alias_site on site_alias (site_id);
`

const examples = `
insert into site (domain, title, body, plan) values
  ('garden.example', 'The garden', 'Tomatoes, beans, and more beans.', 'free'),
  ('bakery.example', 'Bread & butter', 'Open from six in the morning.', 'pro'),
  ('harbour.example', 'Harbour <museum>', 'Ships, ropes and a lighthouse.', 'business');

insert into site_alias (site_id, domain)
  select id, 'www.bakery.example' from site where domain = 'bakery.example';
`

/** Creates the tables where they are missing; answers whether they were. */
export async function createTables(db: Store): Promise<boolean> {
  const [found] = await db.query<{ present: boolean }>(`select to_regclass('site') is not null as present`)
  if (found?.present) return false
  await db.query(tables)
  return true
}

/** A few sites to begin with. */
export async function insertExamples(db: Store): Promise<void> {
  await db.query(examples)
}

/** Asks the database as any program does, on a connection of its own. */
export async function connected<T>(
  connectionString: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
