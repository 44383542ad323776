import { rmSync } from 'node:fs'
import { makePremadePlace, premadeVariable } from './premade.ts'

/** Vitest runs this once around all files of a run. */
export default function premadePlace(): () => void {
  const place = makePremadePlace()
  process.env[premadeVariable] = place
  return () => {
    delete process.env[premadeVariable]
    rmSync(place, { recursive: true, force: true, maxRetries: 5 })
  }
}
