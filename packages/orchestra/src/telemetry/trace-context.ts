import {
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api'

/**
 * As W3C Trace Context writes it: version 00, the ids of a trace and of a span, and flags; behind a space what the tools of the trace said
 * of it, as `tracestate` has it.
 */
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?: ([\x20-\x7e]{1,512}))?$/

/** Characters of a `tracestate` that whoever passes it on has to pass on. */
const LONGEST_STATE = 512

/** The span in whose context something runs, as a text that travels with a change; undefined where nobody traces. */
export function activeTrace(): string | undefined {
  return traceOf(trace.getSpanContext(context.active()))
}

/** The same of one span. */
export function traceOfSpan(span: Span): string | undefined {
  return traceOf(span.spanContext())
}

function traceOf(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !trace.isSpanContextValid(span)) return undefined
  const parent = `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`
  const state = span.traceState?.serialize() ?? ''
  // What is longer cannot be cut by whoever does not know it.
  return state === '' || state.length > LONGEST_STATE ? parent : `${parent} ${state}`
}

/** The context of a span elsewhere. What can be read as none began nowhere: whoever writes rows may have written anything. */
export function contextOf(text: string | null | undefined): Context {
  const [, traceId = '', spanId = '', flags = '00', state] = form.exec(text ?? '') ?? []
  const span: SpanContext = {
    ...{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  }
  return trace.isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT
}
