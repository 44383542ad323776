import type * as places from '../../../src/places/index.ts'
import type { World } from './world.ts'

/** The functions under test; a test breaks one of them to see it found. */
export type Engine = Pick<
  typeof places,
  | 'next'
  | 'decide'
  | 'owned'
  | 'begin'
  | 'begunMeanwhile'
  | 'end'
  | 'received'
  | 'overtaken'
  | 'cancel'
  | 'forget'
  | 'protect'
  | 'retry'
>

export interface Event {
  readonly name: string
  /** Whether it needs no change, fault or person: what goes on by itself. */
  readonly isCalm: boolean
  readonly world: World
}

export function calm(name: string, world: World): Event {
  return { name, isCalm: true, world }
}

export function event(name: string, world: World): Event {
  return { name, isCalm: false, world }
}
