import { join } from 'node:path'
import { messageOf, OrchestraError } from '../errors.ts'

/** What the embedded database's own file system says by number alone. */
const troubles: Readonly<Record<number, string>> = {
  2: 'permission denied',
  19: 'the disk quota is used up',
  29: 'the disk cannot be read or written (input/output error)',
  33: 'too many files are open',
  44: 'a file of it is missing',
  51: 'no space left on its disk',
  63: 'operation not permitted',
  69: 'its file system is read-only',
}

const checkDisk =
  'Check the disk (`df`) and the permissions of the directory, or give a Postgres in DATABASE_URL'

const beginAnew = (directory: string) =>
  `Restore ${join(directory, 'db')} from a copy. If nothing in it is needed, move it away, and an empty one is made`

/** Pure. Why the embedded database did not open, and what to do. */
export function embeddedFailure(directory: string, cause: unknown): OrchestraError {
  const said = messageOf(cause)
  const isDamaged = said.startsWith('Aborted(')
  const why = troubles[numberOf(cause)] ?? (isDamaged ? 'its files are damaged or incomplete' : said)
  return new OrchestraError(
    'ORC_STORE_UNREACHABLE',
    `The embedded database in ${directory} cannot be opened: ${why}`,
    {
      hint: isDamaged ? beginAnew(directory) : checkDisk,
      cause,
    },
  )
}

function numberOf(cause: unknown): number {
  const isNumbered = typeof cause === 'object' && cause !== null && 'errno' in cause && 'name' in cause
  return isNumbered && cause.name === 'ErrnoError' ? Number(cause.errno) : 0
}
