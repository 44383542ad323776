import type { FoundColumn } from './catalog.ts'
import { keyText } from './key-text.ts'
import { quoteIdentifier } from './table-name.ts'
import type { Watch } from './watch.ts'

/** What a trigger function is made for: a watch, and the columns that its table has. */
export interface Captured {
  watch: Watch
  columns: Readonly<Record<string, FoundColumn>>
}

/** A row's name in queries: a column of the same name would stand for the row, so it is one that nobody gives a column. */
export const ROW = '"orchestra row"'

export function keyOf({ watch, columns }: Captured): string {
  return `array[${watch.columns.map((name) => keyText(ROW, name, columns[name])).join(', ')}]`
}

/** A row that references nothing belongs to no object. */
export function hasKey({ watch }: Captured): string {
  return watch.columns.map((name) => `${ROW}.${quoteIdentifier(name)} is not null`).join(' and ')
}

export function imagesOf(captured: Captured, rows: string, position = '', limit = ''): string {
  return `(select ${position}${keyOf(captured)} as key, ${imageOf(captured)} as image, ${ROW} from ${rows} ${ROW} ${limit})`
}

export function differs({ watch }: Captured): string {
  const images = 'n.image operator(pg_catalog.*<>) o.image'
  if (watch.ignore.length === 0) return images
  return `${images} or (other_columns and n.${ROW} operator(pg_catalog.*<>) o.${ROW})`
}

/** Where columns are ignored the others are named, and a migration may have added some since: then no column is. */
export function otherColumns({ watch, columns }: Captured): string {
  if (watch.ignore.length === 0) return ''
  return `
    if tg_op = 'UPDATE' then
      other_columns := (select count(*) from pg_attribute
        where attrelid = tg_relid and attnum > 0 and not attisdropped) <> ${Object.keys(columns).length};
    end if;`
}

/** Without ignored columns it is the row; a conversion to JSON could run a cast of the application's. */
function imageOf({ watch, columns }: Captured): string {
  if (watch.ignore.length === 0) return ROW
  const kept = Object.keys(columns).filter((name) => !watch.ignore.includes(name))
  return `row(${kept.map((name) => `${ROW}.${quoteIdentifier(name)}`).join(', ')})`
}
