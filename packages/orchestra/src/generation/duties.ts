import type { Config } from '../config/config.ts'
import { type Generation, type Known, knownTo } from './living.ts'

/** What a worker does beside others that may have another configuration. */
export interface Duties {
  /** The number of its configuration. */
  generation: number
  /** Whether its configuration is the newest of those that workers have. */
  rank: 'newest' | 'older'
  /** Models whose changes it decides. */
  models: readonly string[]
  /** Backends whose operations it runs. */
  backends: readonly string[]
  /** Backends that are others', whether it knows them or not. */
  foreign: readonly string[]
  /** Models that others decide, whether it knows them or not. */
  foreignModels: readonly string[]
  /** Of the foreign backends, those of its models: it leaves every change of one to them too. By name the model of each. */
  beside: Readonly<Record<string, string>>
  /** Numbers of the other configurations that workers have. */
  others: readonly number[]
  /** Workers that live with the same configuration, itself included: all of them decide the same. */
  alike: number
}

/** Of two that know a model or a backend, the newer one has it; what a worker does not know is left to those who do. Pure. */
export function dutiesOf(own: Known & { number: number }, living: readonly Generation[]): Duties {
  const others = living.filter(({ number }) => number !== own.number)
  const newer = others.filter(({ number }) => number > own.number)
  const newerModels = new Set(newer.flatMap(({ models }) => models))
  const newerBackends = new Set(newer.flatMap(({ backends }) => Object.keys(backends)))
  const models = own.models.filter((name) => !newerModels.has(name))
  const backends = Object.keys(own.backends).filter((name) => !newerBackends.has(name))
  const theirs = new Map(others.flatMap((one) => Object.entries(one.backends)))
  const foreign = [...theirs.keys()].filter((name) => !backends.includes(name))
  const foreignModels = [...new Set(others.flatMap((one) => one.models))].filter(
    (name) => !models.includes(name),
  )
  const beside = [...theirs].filter(([name, model]) => foreign.includes(name) && models.includes(model))
  return {
    generation: own.number,
    rank: newer.length === 0 ? 'newest' : 'older',
    models,
    backends,
    foreign,
    foreignModels,
    beside: Object.fromEntries(beside),
    others: others.map(({ number }) => number),
    alike: living.find(({ number }) => number === own.number)?.workers ?? 1,
  }
}

/** Those of a worker that is alone. */
export function allDuties(config: Config): Duties {
  return dutiesOf({ number: 0, ...knownTo(config) }, [])
}

/** Backends that none of those who live has, and of whose models some decide changes. Pure. */
export function missedBy(own: Known, living: readonly Generation[]): string[] {
  const known = new Set(living.flatMap(({ backends }) => Object.keys(backends)))
  const decided = new Set(living.flatMap(({ models }) => models))
  return Object.entries(own.backends).flatMap(([name, model]) =>
    decided.has(model) && !known.has(name) ? name : [],
  )
}
