import { revisionOf } from '../recording/revision.ts'
import type { RecordedOperation } from '../recording/scripts.ts'
import { type Description, describeBriefly } from '../script/index.ts'
import type { Keyring } from '../store/keyring.ts'

/** What an operation that succeeded has placed. */
export interface Placing {
  /** Hash of what was rendered for it. */
  revision: string
  /** What the object is called there now; null where nothing was placed. */
  identity: string | null
  /** What was rendered, for people; null where that is too much to keep. */
  rendered: Description[] | null
  /** What became of what stood there under other names. */
  former: 'gone' | 'left'
}

/** A rename has more steps than its object asks for: what counts are those of its save. */
export function placingOf(recorded: RecordedOperation, keyring: Keyring): Placing {
  const { identity, former, lasting } = recorded
  const rendered = identity === null ? null : describeBriefly(lasting)
  return { revision: revisionOf(lasting, keyring), identity, rendered, former }
}
