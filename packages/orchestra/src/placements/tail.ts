import type { Queryable } from '../store/index.ts'

const TAIL_BYTES = 2_000
/** More than anybody reads at once; the rest is in the logs. */
const MOST_TAILS = 100

/** The end of the output of operations in their last log, by operation. */
export async function readTails(
  store: Queryable,
  operationIds: readonly number[],
): Promise<Map<number, string>> {
  if (operationIds.length === 0) return new Map()
  const rows = await store.query<{ id: number; data: Buffer }>(TAILS, [
    operationIds.slice(0, MOST_TAILS),
    TAIL_BYTES,
  ])
  const parts = Map.groupBy(rows, (row) => row.id)
  return new Map([...parts].map(([id, list]) => [id, tailOf(Buffer.concat(list.map((row) => row.data)))]))
}

/** The last bytes as text, without the rest of a character that the cut went through. */
function tailOf(bytes: Buffer): string {
  const start = Math.max(0, bytes.length - TAIL_BYTES)
  const isCut = start > 0
  let first = start
  while (isCut && first < bytes.length && ((bytes[first] as number) & 0xc0) === 0x80) first++
  return bytes.toString('utf8', first)
}

/** A chunk for each switch between the streams: a few of them hold the last lines. */
const TAILS = `
select id, data
from (
  select operation.id, chunk.sequence,
    substring(chunk.data from greatest(octet_length(chunk.data) - $2::integer, 0) + 1) as data,
    row_number() over (partition by operation.id order by chunk.sequence desc) as place
  from orchestra.operation
  join orchestra.log_operation as listed
    on listed.operation_id = operation.id and listed.log_id = operation.log_id
  join orchestra.log_chunk as chunk on chunk.log_id = listed.log_id and chunk.position = listed.position
  where operation.id = any($1::bigint[])
) as part
where place <= 20
order by id, sequence`
