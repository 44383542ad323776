import { endLine } from './bootstrap.ts'
import { checkRunId } from './names.ts'
import { withPrelude } from './prelude.ts'
import { quoteArgument } from './sh.ts'
import { readShell } from './shell-file.ts'

/** Something in a server's trash. */
export interface TrashEntry {
  /** Names it on its server. */
  id: string
  backend: string
  /** Seconds since 1970. */
  time: number
  /** The operation that put it there: `delete account:12`. */
  label: string
  path: string
  note: string
}

/** What may be done with a server's trash. `lockWait`: seconds to wait for a script that runs there. */
export type TrashRequest =
  | { kind: 'list' }
  | { kind: 'restore'; id: string; lockWait: number }
  | { kind: 'empty'; olderThan: number; lockWait: number }

export const exitNotInTrash = 70
export const exitOccupied = 71

/** The script that does it. */
export function renderTrash(runId: string, request: TrashRequest): string {
  const words = callOf(checkRunId(runId), request).map((word) => quoteArgument(String(word)))
  return withPrelude(words.join(' '), endLine(runId), [readShell('trash.sh')])
}

function callOf(runId: string, request: TrashRequest): (string | number)[] {
  switch (request.kind) {
    case 'list':
      return ['o_trash_list', runId]
    case 'restore':
      return ['o_trash_restore', runId, request.lockWait, request.id]
    case 'empty':
      return ['o_trash_empty', runId, request.lockWait, request.olderThan]
  }
}

/** The entries that a server listed; undefined when its answer did not come whole. */
export function parseTrash(output: Buffer): TrashEntry[] | undefined {
  const fields = fieldsOf(output)
  if (fields === undefined || fields.length % 6 !== 0) return undefined
  return Array.from({ length: fields.length / 6 }, (_, index) => {
    const [id = '', backend = '', time, label = '', path = '', note = ''] = fields.slice(index * 6)
    return { id, backend, time: Number(time), label, path, note }
  })
}

/** The ids of what a server removed; undefined when its answer did not come whole. */
export function parseEmptied(output: Buffer): string[] | undefined {
  return fieldsOf(output)
}

/** What stands between NULs before the closing `end`. */
function fieldsOf(output: Buffer): string[] | undefined {
  const fields = output.toString('utf8').split('\0')
  return fields.splice(-2).join() === 'end,' ? fields : undefined
}
