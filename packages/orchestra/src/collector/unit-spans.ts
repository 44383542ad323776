import type { Span } from '@opentelemetry/api'
import { contextOf, harmlessly, isTracing, traceOfSpan, tracer } from '../telemetry/index.ts'
import type { UnitRow } from './collected.ts'

/** Units of one look that are traced one by one. */
const MOST_UNITS = 500

/** Units as they are written, with the span of each open: what they lead to belongs to it. */
export interface TracedUnits {
  units: readonly UnitRow[]
  end(): void
}

/** Begins a span for each unit when its first change was made, in the trace of the request that made it. */
export function traceUnits(units: readonly UnitRow[]): TracedUnits {
  const untraced = { units, end: () => undefined }
  return isTracing() ? (harmlessly(() => beginUnits(units)) ?? untraced) : untraced
}

function beginUnits(units: readonly UnitRow[]): TracedUnits {
  const spans: Span[] = []
  const traced = units.slice(0, MOST_UNITS).map((unit) => {
    const span = tracer().startSpan(
      'orchestra.unit',
      { startTime: unit.createdAt, attributes: attributesOf(unit) },
      contextOf(unit.trace),
    )
    spans.push(span)
    return { ...unit, trace: traceOfSpan(span) ?? unit.trace ?? null }
  })
  const end = () => {
    for (const span of spans) harmlessly(() => span.end())
  }
  return { units: [...traced, ...units.slice(MOST_UNITS)], end }
}

function attributesOf({ id, source }: UnitRow) {
  return { 'orchestra.unit': id, ...(source === null ? {} : { 'orchestra.source': source }) }
}
