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

/** Pure. Why the embedded database did not open, and what to do. */
export function embeddedFailure(directory: string, cause: unknown): OrchestraError {
  const why = troubles[numberOf(cause)] ?? messageOf(cause)
  return new OrchestraError(
    'ORC_STORE_UNREACHABLE',
    `The embedded database in ${directory} cannot be opened: ${why}`,
    {
      hint: 'Check the disk (`df`) and the permissions of the directory, or give a Postgres in DATABASE_URL',
      cause,
    },
  )
}

function numberOf(cause: unknown): number {
  const isNumbered = typeof cause === 'object' && cause !== null && 'errno' in cause && 'name' in cause
  return isNumbered && cause.name === 'ErrnoError' ? Number(cause.errno) : 0
}
