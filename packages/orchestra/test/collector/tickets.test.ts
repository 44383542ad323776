import { describe, expect, it } from 'vitest'
import { after, allRules, firstState, type Rules, type Scope, type State, turn } from './tickets-model.ts'

/** Every state that any interleaving leads to. */
function* statesOf(scope: Scope, rules: Rules): Generator<State> {
  const seen = new Set<string>()
  const open = [firstState(scope)]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const name = JSON.stringify(state)
    if (seen.has(name)) continue
    seen.add(name)
    yield state
    open.push(...after(state, scope, rules))
  }
}

/** What is wrong in one of them, and how many there are until then. */
function explore(scope: Scope, rules: Rules): { states: number; wrong: string | undefined } {
  let states = 0
  for (const state of statesOf(scope, rules)) {
    states++
    const wrong = wrongIn(state, scope)
    if (wrong !== undefined) return { states, wrong: `${wrong}: ${JSON.stringify(state)}` }
  }
  return { states, wrong: undefined }
}

function wrongIn(state: State, { commits }: Scope): string | undefined {
  const twice = Object.entries(state.decided).find(([, times]) => times > 1)
  if (twice !== undefined) return `change ${twice[0]} is decided twice`
  const isCalm = state.commits === commits.length && state.deciders.every(({ at }) => at === 'idle')
  if (!isCalm || state.changes.length > 0) return undefined
  const all = Object.keys(state.rows)
  if (all.some((key) => state.wanted[key] !== state.rows[key])) return 'an older row is wanted'
  if (all.some((key) => state.given[key] !== state.rows[key])) return 'what was given before is wanted'
  return undefined
}

/** Whether all is decided when everybody goes on in turns, and nothing else happens. */
function comesToRest(from: State): boolean {
  let state = from
  for (let round = 0; round < 50 && state.changes.length > 0; round++) state = turn(state)
  return state.changes.length === 0
}

const scopes: Readonly<Record<string, Scope>> = {
  'one object, two deciders': { commits: [['a'], ['a'], ['a']], deciders: 2, leases: 2, deaths: 1 },
  'two objects, two deciders': { commits: [['a'], ['a', 'b'], ['b']], deciders: 2, leases: 1, deaths: 1 },
  'one object, three deciders': { commits: [['a'], ['a']], deciders: 3, leases: 1, deaths: 0 },
}

describe('whoever decides beside others', () => {
  it.each(Object.entries(scopes))('ends with the last that was committed, by any way: %s', (_, scope) => {
    const { states, wrong } = explore(scope, allRules)
    console.info(`${states} states`)
    expect(wrong).toBeUndefined()
    expect(states).toBeGreaterThan(1_000)
  })

  it('leaves nothing undecided when all go on in turns', () => {
    const scope = scopes['two objects, two deciders'] as Scope
    const stuck = [...statesOf(scope, allRules)].filter((state) => !comesToRest(state))
    expect(stuck).toEqual([])
  })

  it.each([
    ['checks', /an older row is wanted|decided twice/],
    ['rereads', /decided twice/],
    ['queues', /what was given before is wanted/],
  ] as const)('goes wrong without the rule that it %s', (rule, wrong) => {
    const found = Object.values(scopes).map((scope) => explore(scope, { ...allRules, [rule]: false }).wrong)
    expect(found.join('\n')).toMatch(wrong)
  })
})
