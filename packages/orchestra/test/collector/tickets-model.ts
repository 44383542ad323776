import { freeChanges, namesOf } from '../../src/collector/free.ts'

/** Rules that can be taken away, to see that the exploration finds what they are for. */
export interface Rules {
  /** What is written is good only while its ticket is there. */
  checks: boolean
  /** What was read before the ticket is read again. */
  rereads: boolean
  /** A change that waits is not overtaken. */
  queues: boolean
}

export const allRules: Rules = { checks: true, rereads: true, queues: true }

type Objects = Readonly<Record<string, number>>

interface Change {
  readonly id: number
  readonly model: string
  readonly keys: readonly [string][]
}

interface Ticket {
  readonly id: number
  readonly names: readonly string[]
  readonly changes: readonly number[]
}

/** Where a decider is between two statements. */
type At =
  | { readonly at: 'idle' }
  | { readonly at: 'taking'; readonly read: readonly Change[]; readonly again: boolean }
  | { readonly at: 'refused' }
  | { readonly at: 'reading'; readonly except: readonly number[]; readonly held: readonly string[] }
  | { readonly at: 'rereading'; readonly ticket: number; readonly read: readonly Change[] }
  | { readonly at: 'loading'; readonly ticket: number; readonly read: readonly Change[] }
  | {
      readonly at: 'writing'
      readonly ticket: number
      readonly read: readonly Change[]
      readonly rows: Objects
    }

export interface State {
  /** Of each object the number of the commit that wrote it last. */
  readonly rows: Objects
  /** What is wanted, as rows tell it, and as it was given with changes. */
  readonly wanted: Objects
  readonly given: Objects
  /** How often each change was decided. */
  readonly decided: Objects
  readonly changes: readonly Change[]
  readonly tickets: readonly Ticket[]
  readonly deciders: readonly At[]
  /** Commits made so far. */
  readonly commits: number
  readonly nextTicket: number
  /** Leases that may still end. */
  readonly leases: number
  /** Deciders that may still die. */
  readonly deaths: number
}

export interface Scope {
  /** The objects of each commit, in their order. */
  commits: readonly (readonly string[])[]
  deciders: number
  leases: number
  deaths: number
}

export function firstState({ deciders, leases, deaths }: Scope): State {
  return {
    rows: {},
    wanted: {},
    given: {},
    decided: {},
    changes: [],
    tickets: [],
    deciders: Array.from({ length: deciders }, () => ({ at: 'idle' })),
    commits: 0,
    nextTicket: 1,
    leases,
    deaths,
  }
}

/** Every state that one more statement of anybody can lead to. */
export function after(state: State, scope: Scope, rules: Rules): State[] {
  const of = state.deciders.flatMap((one, index) => {
    const next = step(state, one, index, rules)
    const dead =
      state.deaths > 0 && one.at !== 'idle'
        ? [{ ...moved(state, index, { at: 'idle' }), deaths: state.deaths - 1 }]
        : []
    return [...(next === undefined ? [] : [next]), ...dead]
  })
  return [...of, ...committed(state, scope), ...expired(state)]
}

/** Everybody goes on by one statement, after what the dead have left is over. */
export function turn(state: State): State {
  return state.deciders.reduce<State>(
    (now, _, index) => step(now, now.deciders[index] ?? { at: 'idle' }, index, allRules) ?? now,
    { ...state, tickets: state.tickets.filter((ticket) => !isOrphan(state, ticket)) },
  )
}

function committed(state: State, { commits }: Scope): State[] {
  const keys = commits[state.commits]
  if (keys === undefined) return []
  const id = state.commits + 1
  return [
    {
      ...state,
      commits: id,
      rows: { ...state.rows, ...Object.fromEntries(keys.map((key) => [key, id])) },
      changes: [...state.changes, { id, model: 'm', keys: keys.map((key): [string] => [key]) }],
    },
  ]
}

/** Somebody else takes a ticket over; what is left when nobody can die any more ends by itself. */
function expired(state: State): State[] {
  return state.tickets.flatMap((ticket) => {
    const isLeft = isOrphan(state, ticket)
    if (!isLeft && state.leases === 0) return []
    const leases = isLeft ? state.leases : state.leases - 1
    return [{ ...state, leases, tickets: state.tickets.filter((one) => one !== ticket) }]
  })
}

function isOrphan(state: State, { id }: Ticket): boolean {
  return !state.deciders.some((one) => 'ticket' in one && one.ticket === id)
}

function step(state: State, one: At, index: number, rules: Rules): State | undefined {
  const to = (at: At, changed: Partial<State> = {}) => ({ ...moved(state, index, at), ...changed })
  switch (one.at) {
    case 'idle':
      return state.changes.length === 0 ? undefined : to({ at: 'taking', read: state.changes, again: false })
    case 'taking':
      return take(state, one, to)
    case 'refused':
      return to({
        at: 'reading',
        except: state.tickets.flatMap(({ changes }) => changes),
        held: state.tickets.flatMap(({ names }) => names),
      })
    case 'reading': {
      const read = state.changes.filter(({ id }) => !one.except.includes(id))
      const isHeld = (name: string) => one.held.includes(name)
      const free = rules.queues
        ? freeChanges(read, isHeld)
        : read.filter((change) => !namesOf(change).some(isHeld))
      return to(free.length === 0 ? { at: 'idle' } : { at: 'taking', read: free, again: true })
    }
    case 'rereading': {
      const ids = new Set(state.changes.map(({ id }) => id))
      const read = rules.rereads ? one.read.filter(({ id }) => ids.has(id)) : one.read
      if (read.length > 0) return to({ at: 'loading', ticket: one.ticket, read })
      return to({ at: 'idle' }, { tickets: without(state, one.ticket) })
    }
    case 'loading':
      return to({ at: 'writing', ticket: one.ticket, read: one.read, rows: state.rows })
    case 'writing':
      return write(state, one, to, rules)
  }
}

type To = (at: At, changed?: Partial<State>) => State

function take(state: State, { read, again }: Extract<At, { at: 'taking' }>, to: To): State {
  const names = [...new Set(read.flatMap(namesOf))]
  const isHeld = state.tickets.some((ticket) => ticket.names.some((name) => names.includes(name)))
  if (isHeld) return to(again ? { at: 'idle' } : { at: 'refused' })
  const id = state.nextTicket
  return to(
    { at: 'rereading', ticket: id, read },
    { nextTicket: id + 1, tickets: [...state.tickets, { id, names, changes: read.map((one) => one.id) }] },
  )
}

function write(
  state: State,
  { ticket, read, rows }: Extract<At, { at: 'writing' }>,
  to: To,
  rules: Rules,
): State {
  const isThere = state.tickets.some(({ id }) => id === ticket)
  if (!isThere && rules.checks) return to({ at: 'idle' })
  const keys = read.flatMap((one) => one.keys.map(([key]) => key))
  const ids = new Set(read.map(({ id }) => id))
  return to(
    { at: 'idle' },
    {
      tickets: without(state, ticket),
      changes: state.changes.filter(({ id }) => !ids.has(id)),
      wanted: { ...state.wanted, ...Object.fromEntries(keys.map((key) => [key, rows[key] ?? 0])) },
      given: {
        ...state.given,
        ...Object.fromEntries(read.flatMap((one) => one.keys.map(([key]) => [key, one.id]))),
      },
      decided: {
        ...state.decided,
        ...Object.fromEntries(read.map(({ id }) => [id, (state.decided[id] ?? 0) + 1])),
      },
    },
  )
}

function without(state: State, ticket: number): Ticket[] {
  return state.tickets.filter(({ id }) => id !== ticket)
}

function moved(state: State, index: number, at: At): State {
  return { ...state, deciders: state.deciders.map((one, nth) => (nth === index ? at : one)) }
}
