import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './command.ts'

/** Polls until `condition` holds; says what was awaited when the time is over. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new LabError(`Waited ${timeoutMs} ms for ${what}`)
    await sleep(20)
  }
}
