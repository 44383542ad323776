import { next } from './next.ts'
import type { Around, Place, Rules } from './place.ts'
import type { Chain } from './say.ts'

/** Follows those who wait for each other's names to the one that waits for nobody's. */
export function chainOf(place: Place, { siblings, rivals }: Around, rules: Rules, now: number): Chain {
  const passed = [place]
  for (let one = place; ; ) {
    const others = [...rivals, place].filter((other) => other !== one)
    const answer = next(one, { siblings: one === place ? siblings : [], rivals: others }, rules, now)
    const object = answer.do === 'wait' && answer.for.kind === 'name' ? answer.for.object : undefined
    const holder = others.find((other) => other.object === object)
    if (holder === undefined || passed.includes(holder)) break
    passed.push(holder)
    one = holder
  }
  const root = passed.at(-1)
  const isStuck = root !== undefined && root !== place && root.stopped === root.generation
  return { root: passed.length < 3 ? null : (root?.object ?? null), isStuck }
}
