import { hasCode } from '../../src/store/index.ts'

/** Runs a DROP beside whoever uses what it drops: Postgres may end either of the two for a deadlock, and then this tries again. */
export async function dropInUse(query: (text: string) => Promise<unknown>, text: string): Promise<void> {
  for (;;) {
    try {
      await query(text)
      return
    } catch (error) {
      if (!hasCode(error, [DEADLOCK])) throw error
    }
  }
}

const DEADLOCK = '40P01'
