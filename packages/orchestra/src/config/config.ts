import { checkOptions, type NamesOf } from '../options.ts'
import type { CopyLimits } from '../script/transfer.ts'
import { type StoreOptions, storeNames } from '../store/index.ts'
import { type ApprovalOptions, approvalNames, checkApprovals } from './approvals.ts'
import { type Backend, copyNames, guardBackend, type Timeouts, timeoutNames } from './backend.ts'
import { checkCopy, checkName, checkPositive, checkUnique, invalid } from './check.ts'
import { checkAfter, checkBackend } from './check-backend.ts'
import { checkModel } from './check-model.ts'
import { fingerprintOf } from './fingerprint.ts'
import { checkHttp, type HttpConfig, type HttpOptions, httpNames } from './http.ts'
import type { Model } from './model.ts'
import { topologicalOrder } from './order.ts'
import { ownVersion } from './own-version.ts'
import { checkWording, type Wording } from './wording.ts'

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
  /** Days that it is kept who did what to Orchestra itself. Default 400. */
  auditDays?: number
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
  /** Plans that another person has to approve; default none. */
  approvals?: ApprovalOptions
  /** How people reach the API. */
  http?: HttpOptions
  /** What the application's customers are told of their objects, in your words. */
  wording?: Wording
  /**
   * Names the release of your code, such as its commit: workers of two releases that run side by side are then told apart even where
   * only what backends call was changed.
   */
  release?: string
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
  readonly retention: Readonly<Required<RetentionOptions>>
  readonly schedules: readonly Schedule[]
  readonly approvals: Readonly<ApprovalOptions>
  readonly http: HttpConfig
  readonly wording: Wording
  /** Is the same for workers that decide and render alike. */
  readonly fingerprint: string
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
const retention: NamesOf<RetentionOptions> = { days: true, trashDays: true, auditDays: true }
const schedule: NamesOf<Schedule> = { name: true, cron: true, does: true, server: true, backend: true }
const configOptions: NamesOf<ConfigOptions> = {
  models: true,
  backends: true,
  store: storeNames,
  worker,
  retention,
  schedules: true,
  approvals: approvalNames,
  http: httpNames,
  wording: true,
  release: true,
}

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
  const backends = options.backends.map(guardBackend)
  return Object.freeze({
    models: byName(options.models),
    backends: inOrder(backends),
    store: Object.freeze({ ...options.store }),
    worker: checkWorker(options.worker ?? {}),
    retention: Object.freeze({
      days: checkPositive('retention.days', options.retention?.days ?? 30),
      trashDays: checkPositive('retention.trashDays', options.retention?.trashDays ?? 30),
      auditDays: checkPositive('retention.auditDays', options.retention?.auditDays ?? 400),
    }),
    schedules: checkSchedules(options),
    approvals: checkApprovals(options.approvals),
    http: checkHttp(options.http),
    wording: checkWording(options.wording),
    fingerprint: fingerprintOf({
      ...options,
      backends,
      release: options.release ?? '',
      version: ownVersion(),
    }),
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

function byName<Named extends { readonly name: string }>(
  named: readonly Named[],
): ReadonlyMap<string, Named> {
  return new Map(named.map((one) => [one.name, one]))
}

function inOrder(backends: readonly Backend[]): ReadonlyMap<string, Backend> {
  const named = byName(backends)
  return byName(topologicalOrder(backends).flatMap((name) => named.get(name) ?? []))
}
