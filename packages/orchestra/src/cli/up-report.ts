import { isOrchestraError, messageOf } from '../errors.ts'
import type { WorkEvent } from '../placements/index.ts'
import type { Store } from '../store/index.ts'
import { clock } from './ages.ts'
import type { Captured } from './capture-tables.ts'
import { type EventLog, errorFields } from './event-log.ts'
import { eventLines } from './live-lines.ts'
import type { Terminal } from './terminal.ts'
import { oneLine } from './text-width.ts'

/** Milliseconds during which the same problem is told once. */
const SAME_PROBLEM = 30_000
/** More units at a time than anybody reads are told as a sum. */
const MOST_UNITS = 20

/** What `orchestra up` says while it runs: lines for people, one JSON document a line, or a log for programs that gather it. */
export class UpReport {
  readonly #terminal: Terminal
  readonly #quiet: boolean
  readonly #log: EventLog | undefined
  readonly #problems = new Map<string, number>()
  readonly #awaited = new Set<string>()

  constructor(terminal: Terminal, options: { quiet: boolean; log?: EventLog | undefined }) {
    this.#terminal = terminal
    this.#quiet = options.quiet
    this.#log = options.log
  }

  migrated(versions: readonly number[]): void {
    if (versions.length > 0)
      this.#say({ event: 'migrated', versions }, `the store is migrated to version ${versions.at(-1)}`)
  }

  /** Tables of Orchestra itself that were dropped, most often by a migration tool. */
  healed(tables: readonly string[]): void {
    if (tables.length === 0) return
    const text = `gone from schema orchestra, and made again: ${tables.join(', ')}. Everything is compared`
    this.#warn({ event: 'healed', tables }, text)
  }

  captured({ installed, removed, awaited, failed, replaced }: Captured): void {
    const models = [...new Set(installed.map((status) => status.model))]
    if (models.length > 0) this.#tellCaptured(models)
    if (removed.length > 0)
      this.#say({ event: 'released', triggers: removed }, `no longer captured: ${removed.join(', ')}`)
    for (const { model, table, detail } of awaited) {
      this.#awaited.add(model)
      this.#warn({ event: 'table-awaited', model, table }, `model ${model} waits for its table: ${detail}`)
    }
    this.#tellProblems(failed, replaced)
  }

  /** Triggers that are installed again had been lost, unless their table is new. */
  capturedAgain({ installed, failed, replaced }: Captured): void {
    for (const model of new Set(installed.map((status) => status.model))) {
      if (this.#awaited.delete(model)) this.#tellCaptured([model])
      else {
        const text = `triggers of model ${model} were missing and are installed again: what changed meanwhile went unnoticed, so all its objects are compared`
        this.#warn({ event: 'captured-again', model }, text)
      }
    }
    this.#tellProblems(failed, replaced)
  }

  #tellProblems(failed: Captured['failed'], replaced: Captured['replaced']): void {
    for (const { error } of failed) this.problem(error)
    for (const { model, table, detail, hint } of replaced)
      this.#warn({ event: 'table-replaced', model, table, detail, hint }, `${detail} (${hint})`)
  }

  #tellCaptured(models: readonly string[]): void {
    this.#say({ event: 'captured', models }, `changes are captured of ${models.join(', ')}`)
  }

  ready(about: { path: string; store: Store; models: number; backends: number }): void {
    const { shownUrl: shown, kind } = about.store
    const { path: config, models, backends } = about
    this.#say(
      { event: 'ready', pid: process.pid, config, store: kind, databaseUrl: shown, models, backends },
      `ready: ${config}, ${models} models, ${backends} backends, ${kind} at ${shown}`,
    )
  }

  events(events: readonly WorkEvent[]): void {
    const told = this.#quiet ? events.filter(isError) : events
    if (this.#log !== undefined) for (const event of told) tellEvent(this.#log, event)
    else if (this.#terminal.json) for (const event of told) this.#terminal.record(event)
    else for (const line of this.#lines(told)) this.#terminal.line(line)
  }

  #lines(events: readonly WorkEvent[]): string[] {
    const paint: Terminal['colour'] = (colour, text) => this.#terminal.colour(colour, text)
    const units = events.filter((event) => event.event === 'unit')
    if (units.length <= MOST_UNITS) return events.flatMap((event) => eventLines(event, paint))
    const worthTelling = events.filter((event) => event.event !== 'unit' || event.failures.length > 0)
    return [sumText(units), ...worthTelling.flatMap((event) => eventLines(event, paint))]
  }

  problem(error: unknown): void {
    const message = messageOf(error)
    const now = Date.now()
    if (now - (this.#problems.get(message) ?? Number.NEGATIVE_INFINITY) < SAME_PROBLEM) return
    this.#problems.set(message, now)
    if (this.#log === undefined) this.#showProblem(error, message)
    else this.#log.tell('error', { event: 'problem', ...errorFields(error) }, message)
  }

  #showProblem(error: unknown, message: string): void {
    const code = isOrchestraError(error) ? error.code : null
    const hint = isOrchestraError(error) ? error.hint : undefined
    this.#warn({ event: 'problem', code, message }, `${message}${hint === undefined ? '' : ` (${hint})`}`)
  }

  stopping(busy: number, grace: number): void {
    const wait =
      busy === 0
        ? ''
        : `: ${busy} servers are worked on, they get up to ${grace} s; once more to stop at once`
    this.#say({ event: 'stopping', busy, grace }, `stopping${wait}`)
  }

  stillStopping(busy: number): void {
    this.#say({ event: 'stopping', busy }, `stopping: ${busy} servers are still worked on`)
  }

  stopped(): void {
    this.#say({ event: 'stopped' }, 'stopped')
  }

  leaving(): void {
    this.#warn(
      { event: 'left' },
      'stopped at once: what runs on servers goes on there, the next worker asks how it ended',
    )
  }

  #say(record: Record<string, unknown>, text: string): void {
    if (this.#quiet) return
    if (this.#log !== undefined) this.#log.tell('info', record, text)
    else if (this.#terminal.json) this.#terminal.record(record)
    else this.#terminal.line(`${this.#terminal.colour('dim', clock(new Date()))}  ${oneLine(text)}`)
  }

  #warn(record: Record<string, unknown>, text: string): void {
    if (this.#log !== undefined) this.#log.tell('warn', record, text)
    else if (this.#terminal.json) this.#terminal.record(record)
    else this.#terminal.note(`${clock(new Date())}  ${oneLine(text)}`)
  }
}

function tellEvent(log: EventLog, event: WorkEvent): void {
  const hasFailed = 'failures' in event && event.failures.length > 0
  log.tell(isError(event) || hasFailed ? 'warn' : 'info', event, event.event)
}

/** What is told even where errors only are. */
function isError({ event }: WorkEvent): boolean {
  return ['server-blocked', 'sync-stopped', 'drift', 'transfer-failed'].includes(event)
}

function sumText(units: readonly Extract<WorkEvent, { event: 'unit' }>[]): string {
  const operations = units.reduce((sum, unit) => sum + unit.operations, 0)
  return `${units.length} units of work, ${operations} operations`
}
