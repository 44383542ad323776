import { readPlan } from '../operate/index.ts'
import type { SavedPlan } from '../plan/index.ts'

/** A plan as people name it: by the number that it is kept under, or by its file. One that is called like a number is `./41`. */
export async function planNamed(text: string): Promise<number | SavedPlan> {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : readPlan(text)
}
