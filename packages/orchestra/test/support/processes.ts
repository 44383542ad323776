import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Process ids whose argument list holds a text; zombies are gone already. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc'))
    if (/^\d+$/.test(name) && Number(name) !== process.pid && (await commandOf(name)).includes(text))
      found.push(Number(name))
  return found
}

async function commandOf(pid: string): Promise<string> {
  const bytes = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return bytes.replaceAll('\0', ' ')
}

/** Polls until a condition holds; throws what was waited for when it does not within 40 seconds. */
export function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  return untilWithin(40_000, what, holds)
}

/** The same within so many milliseconds. */
export async function untilWithin(
  patience: number,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still waiting after ${patience / 1000} s: ${what}`)
    await sleep(10)
  }
}
