import { OrchestraError } from '../errors.ts'
import { tellingOf } from '../logs/index.ts'
import { exitNotInTrash, exitOccupied, parseEmptied, parseTrash, type TrashEntry } from '../script/index.ts'
import type { ServerRow } from '../server/index.ts'
import { type Answer, askEach, askTrash, lockWait, type TrashContext, trashFailure } from './contact.ts'

/**
 * What is in the trash of a server, oldest first.
 * @throws OrchestraError ORC_SERVER_UNREACHABLE, ORC_TRASH_FAILED
 */
export async function listTrash(context: TrashContext, server: ServerRow): Promise<TrashEntry[]> {
  const entries = await askEach(context, (user) => entriesOf(context, server, user))
  const unique = new Map(entries.map((entry) => [entry.id, entry]))
  return [...unique.values()].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
}

async function entriesOf(
  context: TrashContext,
  server: ServerRow,
  user: string | null,
): Promise<TrashEntry[]> {
  const answer = await askTrash(context, server, user, { kind: 'list' })
  return parseTrash(answer.stdout) ?? refuse(server, answer)
}

/**
 * Puts an entry back where it was and runs its command. Nothing has changed when that fails.
 * @throws OrchestraError ORC_TRASH_UNKNOWN, ORC_TRASH_OCCUPIED, ORC_TRASH_FAILED, ORC_SERVER_UNREACHABLE
 */
export async function restoreTrash(
  context: TrashContext,
  server: ServerRow,
  id: string,
): Promise<TrashEntry> {
  const failures: unknown[] = []
  const asking = { ...context, onError: (error: unknown) => failures.push(error) }
  const places = await askEach(asking, async (user) => {
    const entries = await entriesOf(context, server, user)
    return entries.filter((one) => one.id === id).map((entry) => ({ user, entry }))
  })
  for (const { user, entry } of places) {
    const answer = await askTrash(context, server, user, { kind: 'restore', id, lockWait })
    if (answer.code === 0) return entry
    if (answer.code === exitOccupied) throw occupied(server, entry)
    if (answer.code !== exitNotInTrash) refuse(server, answer)
  }
  // It may be where nobody could look.
  if (failures.length > 0) throw failures[0]
  throw new OrchestraError('ORC_TRASH_UNKNOWN', `The trash of ${server.name} has no ${JSON.stringify(id)}`, {
    hint: `orchestra trash list --server ${server.name} shows what it has`,
  })
}

/**
 * Removes for good what has been in the trash of a server for so many seconds, and answers its ids.
 * @throws OrchestraError ORC_SERVER_UNREACHABLE, ORC_TRASH_FAILED
 */
export async function emptyTrash(
  context: TrashContext,
  server: ServerRow,
  olderThan: number,
): Promise<string[]> {
  return askEach(context, async (user) => {
    const answer = await askTrash(context, server, user, { kind: 'empty', olderThan, lockWait })
    return parseEmptied(answer.stdout) ?? refuse(server, answer)
  })
}

function refuse(server: ServerRow, { code, stderr }: Answer): never {
  throw trashFailure(server, tellingOf(stderr) ?? `the server's script ended with ${code}`)
}

function occupied(server: ServerRow, { id, path }: TrashEntry): OrchestraError {
  return new OrchestraError(
    'ORC_TRASH_OCCUPIED',
    `${path} exists on ${server.name}, so ${id} cannot go back there`,
    {
      hint: 'Move it away first, or take what you need from the trash by hand',
    },
  )
}
