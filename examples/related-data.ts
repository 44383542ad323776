/**
 * Shows: an object made of several tables. The loader reads many objects with one query, and a change in a related table
 * is a change of the object: add a member, and the list is written anew.
 */
import { defineBackend, defineConfig, defineModel } from 'orchestrajs'
import { z } from 'zod'

export const tables = `
create table list (id serial primary key, address text not null unique);
create table list_member (
  list_id integer not null references list (id) on delete cascade,
  address text not null,
  primary key (list_id, address)
);`

const list = z.object({ id: z.int(), address: z.email(), members: z.array(z.email()) })

const List = defineModel({
  name: 'list',
  table: 'list',
  schema: list,
  related: [{ table: 'list_member', references: { list_id: 'id' } }],
  load: (keys, { query }) =>
    query<z.input<typeof list>>(
      `select id, address, array(select address from list_member where list_id = list.id order by 1) as members
       from list where id = any($1::integer[])`,
      [keys.map(([id]) => id)],
    ),
})

const mailingLists = defineBackend({
  name: 'mailing-lists',
  model: List,
  identity: ({ address }) => address,
  prepare: (script) => script.directory('lists'),
  save: (script, { id, address, members }) =>
    script.file(`lists/${id}`, `${address}: ${members.join(', ')}\n`),
  delete: (script, { id }) => script.absent(`lists/${id}`),
})

export default defineConfig({ models: [List], backends: [mailingLists] })
