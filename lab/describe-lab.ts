import { describe, test } from 'vitest'
import { labAvailability } from './available.ts'

/**
 * A `describe` whose tests need real hosts. Where the lab cannot run they are skipped with the reason in their
 * name; with `CI=true` that is a failure, so that nobody mistakes a skipped suite for a green one. Hosts share this
 * machine's processors with everything else that runs, so their tests get a minute each.
 */
export function describeLab(name: string, body: () => void): void {
  const availability = labAvailability()
  if (availability.kind === 'available') {
    describe(name, { timeout: 60_000 }, body)
  } else if (process.env.CI === 'true') {
    test(`${name}: the lab is available`, () => {
      throw new Error(`CI requires the lab, but ${availability.reason}`)
    })
  } else {
    describe.skip(`${name} (skipped: ${availability.reason})`, body)
  }
}
