import { userInfo } from 'node:os'
import type { NamesOf } from '../options.ts'

/** Who does something, for the audit. */
export interface Doer {
  /** Default the system user that this process runs as. */
  by?: string | undefined
}

export const doerNames: NamesOf<Doer> = { by: true }

/** The one who is named, else the system user. */
export function doerOf({ by }: Doer): string {
  return by ?? systemUser()
}

function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    // A user id that has no name, as in many containers.
    return `uid:${process.getuid?.() ?? '?'}`
  }
}
