import { type Attributes, type Link, type Span, trace } from '@opentelemetry/api'
import type { OperationEnd } from '../logs/index.ts'
import type { PlannedScript } from '../recording/scripts.ts'
import type { Store } from '../store/index.ts'
import { contextOf, endFailed, harmlessly, isTracing, tracer } from '../telemetry/index.ts'
import type { Claim, ClaimedOperation } from './claim.ts'
import type { RunEnd } from './run-context.ts'

/** Spans of one script and of the operations in it. */
export interface RunSpans {
  end(ends: readonly OperationEnd[], end: RunEnd['kind'] | 'threw'): void
}

const none: RunSpans = { end: () => undefined }

/** Spans of one script at most, beside its own: a thousand of the same tell nothing more. */
const MOST_OPERATIONS = 200

interface About {
  store: Store
  claim: Claim
  planned: PlannedScript<ClaimedOperation>
  logId: number
}

/**
 * Begins the span of each operation in the trace of its unit, and that of the script in the first of them. Nothing that fails here keeps
 * a script from running.
 */
export function openSpans(about: About): Promise<RunSpans> {
  return isTracing() ? beginSpans(about).catch(() => none) : Promise.resolve(none)
}

async function beginSpans(about: About): Promise<RunSpans> {
  const traces = await tracesOf(about)
  const { operations } = about.planned
  const common = commonOf(about)
  const spans = new Map<number, Span>()
  for (const [position, operation] of operations.slice(0, MOST_OPERATIONS).entries()) {
    const attributes = { ...common, ...attributesOf(operation) }
    const parent = contextOf(traces.get(operation.unit_id))
    spans.set(position, tracer().startSpan('orchestra.operation', { attributes }, parent))
  }
  return new OpenSpans(spans, scriptSpan([...spans.values()], common, operations.length))
}

class OpenSpans implements RunSpans {
  readonly #operations: ReadonlyMap<number, Span>
  readonly #script: Span

  constructor(operations: ReadonlyMap<number, Span>, script: Span) {
    this.#operations = operations
    this.#script = script
  }

  end(ends: readonly OperationEnd[], end: RunEnd['kind'] | 'threw'): void {
    harmlessly(() => this.#end(ends, end))
  }

  #end(ends: readonly OperationEnd[], end: RunEnd['kind'] | 'threw'): void {
    const outcomes = new Map(ends.map(({ position, outcome }) => [position, outcome]))
    for (const [position, span] of this.#operations) endOperation(span, outcomes.get(position))
    if (end === 'ran' || end === 'stopped') this.#script.end()
    else endFailed(this.#script, end)
  }
}

const failed: ReadonlySet<string> = new Set(['failure', 'timeout', 'unreachable', 'unknown'])

/** What has no outcome yet has it by another script. */
function endOperation(span: Span, outcome: OperationEnd['outcome'] | undefined): void {
  if (outcome !== undefined) span.setAttribute('orchestra.outcome', outcome)
  if (outcome !== undefined && failed.has(outcome)) endFailed(span, outcome)
  else span.end()
}

function scriptSpan(operations: readonly Span[], common: Attributes, count: number): Span {
  const [first, ...others] = operations
  const links: Link[] = others.map((span) => ({ context: span.spanContext() }))
  const attributes = { ...common, 'orchestra.operations': count }
  const parent = first === undefined ? contextOf(null) : trace.setSpan(contextOf(null), first)
  return tracer().startSpan('orchestra.script', { attributes, links }, parent)
}

function commonOf({ claim: { server }, planned, logId }: About): Attributes {
  return {
    'orchestra.server': server.name,
    ...(server.host === null ? {} : { 'server.address': server.host }),
    'orchestra.backend': planned.backend.name,
    'orchestra.log': logId,
  }
}

function attributesOf(operation: ClaimedOperation): Attributes {
  return {
    'orchestra.operation': operation.id,
    'orchestra.unit': operation.unit_id,
    'orchestra.model': operation.model,
    'orchestra.action': operation.action,
    'orchestra.attempt': operation.attempt,
  }
}

async function tracesOf({ store, planned }: About): Promise<Map<string, string>> {
  const units = [...new Set(planned.operations.map(({ unit_id }) => unit_id))]
  const rows = await store.query<{ id: string; trace: string }>(
    'select id, trace from orchestra.unit where id = any ($1::uuid[]) and trace is not null',
    [units],
  )
  return new Map(rows.map(({ id, trace: text }) => [id, text]))
}
