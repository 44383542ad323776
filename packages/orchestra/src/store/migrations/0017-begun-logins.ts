/** Nothing of the table that the application's transactions write into. */
export const change = ''

/** Workers ask none of it. */
export const older = 'go on'

/** Logins that were begun at a provider of identities, each to be finished once by the browser that began it. */
export const sql = `
create table orchestra.begun_login (
  hash bytea primary key,
  provider text not null,
  return_to text not null,
  expires_at timestamptz not null
);
create index begun_login_expires on orchestra.begun_login (expires_at);
`
