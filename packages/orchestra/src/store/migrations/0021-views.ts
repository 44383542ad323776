/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers ask none of it. */
export const older = 'go on'

/** What people look at again and again: a page and what it is narrowed by. */
export const sql = `
create table orchestra.view (
  id integer generated always as identity primary key,
  -- Whose it is: an account, whatever he came by, or a name at the machine. It goes with the account.
  owner_key text not null,
  account_id integer references orchestra.account (id) on delete cascade,
  owner text not null,
  name text not null,
  page text not null,
  query text not null,
  sort text,
  -- Everybody sees it.
  shared boolean not null,
  changed_at timestamptz not null default now(),
  unique (owner_key, name)
);
create index view_shared on orchestra.view (id) where shared;
create index view_account on orchestra.view (account_id);
`
