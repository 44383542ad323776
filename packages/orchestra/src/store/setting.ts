import { often } from './often.ts'
import type { Queryable } from './store.ts'

/** What one of the processes wrote down for all of them; undefined when none did. */
export async function readSetting<Value>(db: Queryable, name: string): Promise<Value | undefined> {
  const [row] = await db.query<{ value: Value }>(
    often('select value from orchestra.setting where name = $1'),
    [name],
  )
  return row?.value
}

export async function writeSetting(tx: Queryable, name: string, value: unknown): Promise<void> {
  await tx.query(
    `insert into orchestra.setting (name, value) values ($1, $2)
     on conflict (name) do update set value = excluded.value`,
    [name, JSON.stringify(value)],
  )
}
