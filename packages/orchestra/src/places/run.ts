import { tidy } from './decide.ts'
import { type Deed, isReached, type Name, type Place, type Rules } from './place.ts'

/** What became of one block. `untouched` is known: nothing of it happened. What is not known is asked, and has no name here. */
export type Ended =
  | { readonly kind: 'done'; readonly found?: readonly string[] }
  | { readonly kind: 'failed' }
  | { readonly kind: 'untouched' }

/** Before the first byte is sent: all that the step may make or remove is in doubt from now on. */
export function begin(place: Place, step: Deed, run: number): Place {
  const { names, stands } = place
  return {
    ...place,
    trying: { run, generation: place.generation, step, before: { names, stands } },
    ...inDoubt(place, step),
  }
}

function inDoubt(place: Place, step: Deed): Partial<Place> {
  switch (step.do) {
    case 'make':
      return { stands: null, names: maybe(place.names, [step.identity], step.incarnation) }
    case 'rename':
    case 'park':
      return { stands: null, names: maybe(place.names, [...step.from, step.identity], step.incarnation) }
    case 'remove':
      return { stands: null, names: maybe(place.names, step.names, 0) }
    case 'receive':
    case 'look':
      return {}
  }
}

function maybe(names: readonly Name[], identities: readonly string[], incarnation: number): Name[] {
  const added = identities
    .filter((identity) => names.every((name) => name.identity !== identity))
    .map((identity) => ({ identity, state: 'maybe', incarnation }) as const)
  const doubted = names.map((name) =>
    identities.includes(name.identity) ? ({ ...name, state: 'maybe' } as const) : name,
  )
  return [...doubted, ...added]
}

/** Writes what a run came to; a run that is not the one which is being tried there changes nothing. */
export function end(place: Place, run: number, ended: Ended, rules: Rules, due: number): Place[] {
  const { trying } = place
  if (trying === null || trying.run !== run) return [place]
  const free = { ...place, trying: null }
  switch (ended.kind) {
    case 'untouched':
      return tidy(isTurning(trying.step) ? free : { ...free, ...trying.before })
    case 'failed':
      return tidy({ ...free, ...postponed(place, trying.generation, due) })
    case 'done':
      return tidy({ ...free, ...achieved(place, trying, ended.found ?? [], rules) })
  }
}

/** Of a circle the others may have taken what this one did not give up: the server tells. */
function isTurning(step: Deed): boolean {
  return step.do === 'rename' && step.circle.length > 0
}

/** A decision that came meanwhile is tried at once. */
function postponed(place: Place, generation: number, due: number): Partial<Place> {
  return place.generation === generation ? { attempt: place.attempt + 1, due } : {}
}

function achieved(
  place: Place,
  { step, generation }: { step: Deed; generation: number },
  found: readonly string[],
  rules: Rules,
): Partial<Place> {
  switch (step.do) {
    case 'make':
    case 'rename': {
      const { identity, incarnation } = step
      return {
        stands: { generation, identity },
        names: [{ identity, state: 'stands', incarnation }, ...otherNames(place, step, rules)],
      }
    }
    case 'park': {
      const { identity, from, incarnation } = step
      const others = place.names.filter((name) => name.identity !== identity && !from.includes(name.identity))
      return { names: [{ identity, state: 'stands', incarnation }, ...others] }
    }
    case 'remove': {
      const names = place.names.filter((name) => !step.names.includes(name.identity))
      return { names }
    }
    case 'receive':
      return {}
    case 'look':
      return { names: place.names.flatMap((name) => seen(name, step.names, found)) }
  }
}

/** What a run did not touch is as it was: a decision may have taken it up meanwhile. */
function otherNames(place: Place, step: Extract<Deed, { do: 'make' | 'rename' }>, rules: Rules): Name[] {
  const others = place.names.filter((name) => name.identity !== step.identity)
  if (step.do === 'make') return others
  const isKept = rules.onRename === 'keep'
  return others.flatMap((name) => {
    if (!step.from.includes(name.identity)) return [name]
    return isKept ? [{ ...name, state: 'left' } as const] : []
  })
}

function seen(name: Name, asked: readonly string[], found: readonly string[]): Name[] {
  if (!asked.includes(name.identity)) return [name]
  return found.includes(name.identity) ? [{ ...name, state: 'stands' }] : []
}

/**
 * Data has arrived: from now on it counts here, and what the other copy has is of yesterday. Unless either of the two is wanted
 * otherwise since: then the other copy's data counts as before.
 */
export function received(target: Place, source: Place | undefined): { target: Place; source?: Place } {
  const { trying } = target
  if (trying === null || trying.step.do !== 'receive' || source === undefined) return { target }
  const isMeant =
    target.generation === trying.generation &&
    source.generation === trying.step.generation &&
    !target.isForgotten &&
    !source.isForgotten
  if (!isMeant) return { target }
  return { target: { ...target, data: 'own' }, source: { ...source, data: 'gone' } }
}

/** What another object left under this name is replaced now. Asked when all of a run is settled: in a circle each leaves what the next takes. */
export function overtaken(rival: Place, identity: string): Place[] {
  const names = rival.names.filter((name) => name.identity !== identity || name.state !== 'left')
  return names.length === rival.names.length ? [rival] : tidy({ ...rival, names })
}

/**
 * A first try that ends when its object stands elsewhere already: what was begun there since is data as well, which that of the late
 * one must not replace.
 * @param late as it was while the try ran
 */
export function begunMeanwhile(late: Place, sibling: Place): Place {
  const { trying, want } = late
  const isFirst = trying?.step.do === 'make' && trying.before.names.length === 0
  if (!isFirst || want.kind !== 'leave' || sibling.data !== 'awaits' || !isReached(sibling)) return sibling
  return { ...sibling, data: 'own' }
}
