import { OrchestraError } from '../errors.ts'
import { checkOptions, type NamesOf } from '../options.ts'
import type { CopyLimits } from '../script/transfer.ts'
import { type StoreOptions, storeNames } from '../store/index.ts'
import { type Backend, copyNames, guardBackend, type Timeouts, timeoutNames } from './backend.ts'
import { contradictionOf } from './convergence.ts'
import type { Model } from './model.ts'
import { findCircle, topologicalOrder } from './order.ts'
import { fieldNames, fieldsOf, shapeOf } from './shape.ts'

export interface WorkerOptions {
  /** Servers worked on at once by one process; default 32. */
  concurrency?: number
  /** Transfers of data between servers that one process does at once; default 2. */
  transfers?: number
  /** Limits of each transfer's copy, where its backend gives none; default 100 GiB, 1 GiB, 6 h. */
  copy?: Partial<CopyLimits>
  /** Limits of every script, where its backend gives none; default 15 s, 5 min, 1 h, and 2 min for a check. */
  timeouts?: Partial<Timeouts>
  /** How long what failed, and a server that did not answer, rest before the next try. */
  backoff?: { operation?: Partial<Backoff>; server?: Partial<Backoff> }
}

/** Milliseconds before the next try: `base` after the first failure, twice as long after each other, at most `cap`. */
export interface Backoff {
  base: number
  cap: number
}

export interface RetentionOptions {
  /** Days that logs are kept; failures and each last success stay longer. Default 30. */
  days?: number
  /** Days that what was moved to the trash of a server is kept there. Default 30. */
  trashDays?: number
}

/** A look at servers by the clock. */
export interface Schedule {
  /** Names it; unique. */
  name: string
  /** Five fields as cron has them, in UTC: `30 4 * * *`. */
  cron: string
  /** `check` reports what is not as it should be, and repairs it where its backend says so; `sync` repairs and removes. */
  does: 'check' | 'sync'
  /** Default all. */
  server?: string
  backend?: string
}

export interface ConfigOptions {
  models: readonly Model[]
  backends: readonly Backend[]
  /** Where the store is; default `DATABASE_URL`, else an embedded database in `.orchestra/`. */
  store?: StoreOptions
  worker?: WorkerOptions
  retention?: RetentionOptions
  schedules?: readonly Schedule[]
}

/** A checked configuration. Models and backends by name; backends in an order that respects `after`. */
export interface Config {
  readonly models: ReadonlyMap<string, Model>
  readonly backends: ReadonlyMap<string, Backend>
  readonly store: Readonly<StoreOptions>
  readonly worker: {
    readonly concurrency: number
    readonly transfers: number
    readonly copy: Readonly<CopyLimits>
    readonly timeouts: Readonly<Timeouts>
    readonly backoff: { readonly operation: Readonly<Backoff>; readonly server: Readonly<Backoff> }
  }
  readonly retention: { readonly days: number; readonly trashDays: number }
  readonly schedules: readonly Schedule[]
}

const defaultTimeouts: Timeouts = { connect: 15_000, idle: 300_000, total: 3_600_000, check: 120_000 }
const defaultCopy: CopyLimits = { bytes: 100 * 2 ** 30, free: 2 ** 30, total: 6 * 3_600_000 }
/** The cause of a failure is most often on the server or in the data, and rarely passes within a second. */
const operationBackoff: Backoff = { base: 5_000, cap: 3_600_000 }
/** One connection attempt costs little, and every object of a server that does not answer waits for it. */
const serverBackoff: Backoff = { base: 1_000, cap: 60_000 }

const backoff: NamesOf<Backoff> = { base: true, cap: true }
const worker: NamesOf<WorkerOptions> = {
  concurrency: true,
  transfers: true,
  copy: copyNames,
  timeouts: timeoutNames,
  backoff: { operation: backoff, server: backoff },
}
const retention: NamesOf<RetentionOptions> = { days: true, trashDays: true }
const schedule: NamesOf<Schedule> = { name: true, cron: true, does: true, server: true, backend: true }
const configOptions: NamesOf<ConfigOptions> = {
  models: true,
  backends: true,
  store: storeNames,
  worker,
  retention,
  schedules: true,
}

const nameForm = /^[a-z][a-z0-9-]*$/

/**
 * Defines what Orchestra manages: the default export of `orchestra.config.ts`.
 * @throws OrchestraError ORC_CONFIG_INVALID, ORC_OPTION_UNKNOWN
 */
export function defineConfig(options: ConfigOptions): Config {
  checkOptions('the configuration', options, configOptions)
  checkLists(options)
  for (const model of options.models) checkModel(model)
  checkUnique('model', options.models)
  for (const backend of options.backends) checkBackend(backend, options.models)
  checkUnique('backend', options.backends)
  checkAfter(options.backends)
  return Object.freeze({
    models: byName(options.models),
    backends: inOrder(options.backends.map(guardBackend)),
    store: Object.freeze({ ...options.store }),
    worker: checkWorker(options.worker ?? {}),
    retention: Object.freeze({
      days: checkPositive('retention.days', options.retention?.days ?? 30),
      trashDays: checkPositive('retention.trashDays', options.retention?.trashDays ?? 30),
    }),
    schedules: checkSchedules(options),
  })
}

/** Whether a value came out of `defineConfig`; by its form, because a project may have two copies of this package. */
export function isConfig(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null) return false
  const { models, backends } = value as Partial<Config>
  return models instanceof Map && backends instanceof Map
}

function checkLists(options: ConfigOptions): void {
  for (const name of ['models', 'backends'] as const) {
    if (Array.isArray(options?.[name])) continue
    throw invalid(`\`${name}\` is not a list`, `Write \`defineConfig({ models: [...], backends: [...] })\``)
  }
}

function checkModel(model: Model): void {
  const where = `model \`${model.name}\``
  checkName('model', model.name)
  if (model.table?.trim() === '')
    throw invalid(`${where} has an empty table name`, 'Leave `table` out if no table holds it')
  if (model.key.length === 0) throw invalid(`${where} has no key column`, 'Leave `key` out to use `id`')
  if (model.schema?._zod === undefined)
    throw invalid(`${where} has no zod schema`, 'Orchestra reads schemas of zod 4')
  checkFields(model, where)
  checkSecrets(model, where)
}

/** Every object of JavaScript has these already, so nothing could tell such a field from them. */
const builtinFields = ['__proto__', 'constructor']

function checkFields(model: Model, where: string): void {
  const builtin = [...fieldNames(shapeOf(model.schema))].find((name) => builtinFields.includes(name))
  if (builtin === undefined) return
  throw invalid(
    `${where} has a field \`${builtin}\`, as every object of JavaScript has`,
    'Give it another name in the schema; a loader renames columns: `select "constructor" as constructor_id`',
  )
}

function checkSecrets(model: Model, where: string): void {
  const fields = fieldsOf(model.schema)
  for (const secret of model.secrets) {
    if (model.key.includes(secret)) {
      throw invalid(
        `${where}: \`secrets\` names \`${secret}\`, which is part of the key`,
        'Keys are shown everywhere',
      )
    }
    if (fields === undefined || fields.has(secret)) continue
    const hint = `The schema has ${list([...fields.keys()])}`
    throw invalid(`${where}: \`secrets\` names \`${secret}\`, which the schema does not have`, hint)
  }
}

function checkBackend(backend: Backend, models: readonly Model[]): void {
  const where = `backend \`${backend.name}\``
  checkName('backend', backend.name)
  checkModelOf(backend, models, where)
  for (const action of Object.keys(backend.actions ?? {})) checkActionName(action, where)
  checkCopy(`${backend.name}: transfer.limits`, backend.transfer?.limits ?? {})
  const contradiction = contradictionOf(backend)
  if (contradiction !== undefined) throw invalid(`${where}: ${contradiction.what}`, contradiction.hint)
  const does = backend.save ?? backend.delete ?? backend.sync ?? Object.values(backend.actions ?? {})[0]
  if (does !== undefined) return
  throw invalid(`${where} does nothing`, 'Give it `save`, `delete`, `sync`, or an action of its own')
}

function checkModelOf(backend: Backend, models: readonly Model[], where: string): void {
  const name = backend.model?.name
  if (models.includes(backend.model)) return
  if (models.some((model) => model.name === name)) {
    throw invalid(
      `${where} is for another model \`${name}\` than the one in \`models\``,
      'Use one and the same model',
    )
  }
  const known = `Add it to \`models\`, which has ${list(models.map((model) => model.name))}`
  throw invalid(`${where} is for the model \`${name}\`, which is not in \`models\``, known)
}

function checkActionName(action: string, where: string): void {
  checkName(`${where}: action`, action)
  if (action !== 'save' && action !== 'delete') return
  throw invalid(
    `${where}: \`${action}\` stands in \`actions\``,
    `Write it as the method \`${action}\` of the backend`,
  )
}

function checkName(what: string, name: unknown): void {
  if (typeof name === 'string' && nameForm.test(name)) return
  const hint = 'A name starts with a small letter and goes on with small letters, digits and hyphens'
  throw invalid(`${what} name ${JSON.stringify(name) ?? String(name)} is not a name`, hint)
}

function checkUnique(what: string, named: readonly { name: string }[]): void {
  const seen = new Set<string>()
  for (const { name } of named) {
    if (seen.has(name)) throw invalid(`two ${what}s are called \`${name}\``, `Rename one of them`)
    seen.add(name)
  }
}

function checkAfter(backends: readonly Backend[]): void {
  const names = backends.map((backend) => backend.name)
  for (const { name, after } of backends) {
    const missing = after?.find((before) => !names.includes(before))
    if (missing === undefined) continue
    throw invalid(
      `backend \`${name}\` comes after \`${missing}\`, which is no backend`,
      `There are ${list(names)}`,
    )
  }
  const circle = findCircle(backends)
  if (circle === undefined) return
  throw invalid(
    `backends come after each other in a circle: ${circle.join(' -> ')}`,
    'Take one `after` of it away',
  )
}

function checkWorker(options: WorkerOptions): Config['worker'] {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  for (const [name, value] of Object.entries(timeouts)) checkPositive(`worker.timeouts.${name}`, value)
  const copy = checkCopy('worker.copy', { ...defaultCopy, ...options.copy })
  const concurrency = checkPositive('worker.concurrency', options.concurrency ?? 32)
  const transfers = checkPositive('worker.transfers', options.transfers ?? 2)
  const backoff = Object.freeze({
    operation: checkBackoff('operation', { ...operationBackoff, ...options.backoff?.operation }),
    server: checkBackoff('server', { ...serverBackoff, ...options.backoff?.server }),
  })
  return Object.freeze({ concurrency, transfers, copy, timeouts: Object.freeze(timeouts), backoff })
}

function checkCopy<Limits extends Partial<CopyLimits>>(where: string, limits: Limits): Readonly<Limits> {
  for (const [name, value] of Object.entries(limits)) checkPositive(`${where}.${name}`, value)
  return Object.freeze({ ...limits })
}

function checkBackoff(name: string, backoff: Backoff): Readonly<Backoff> {
  checkPositive(`worker.backoff.${name}.base`, backoff.base)
  checkPositive(`worker.backoff.${name}.cap`, backoff.cap)
  return Object.freeze(backoff)
}

function checkSchedules({ schedules = [], backends }: ConfigOptions): readonly Schedule[] {
  checkUnique('schedule', schedules)
  for (const one of schedules) {
    const { name, cron, does, backend } = one
    checkOptions(`schedule \`${name}\``, one, schedule)
    checkName('schedule', name)
    const where = `schedule \`${name}\``
    if (!/^\S+( \S+){4}$/.test(cron))
      throw invalid(
        `${where} has the times ${JSON.stringify(cron)}`,
        'Give five fields, such as `30 4 * * *`',
      )
    if (does !== 'check' && does !== 'sync')
      throw invalid(`${where} does ${JSON.stringify(does)}`, "Write `does: 'check'` or `does: 'sync'`")
    if (backend !== undefined && !backends.some((known) => known.name === backend))
      throw invalid(`${where} is for the backend \`${backend}\`, which is not in \`backends\``)
  }
  return Object.freeze([...schedules])
}

function checkPositive(where: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw invalid(`\`${where}\` is ${String(value)}`, 'It must be a number above 0')
}

function byName<Named extends { readonly name: string }>(
  named: readonly Named[],
): ReadonlyMap<string, Named> {
  return new Map(named.map((one) => [one.name, one]))
}

function inOrder(backends: readonly Backend[]): ReadonlyMap<string, Backend> {
  const named = byName(backends)
  return byName(topologicalOrder(backends).flatMap((name) => named.get(name) ?? []))
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ')
}

function invalid(what: string, hint?: string): OrchestraError {
  return new OrchestraError(
    'ORC_CONFIG_INVALID',
    `Configuration: ${what}`,
    hint === undefined ? {} : { hint },
  )
}
