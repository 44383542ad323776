import { type Context, context, ROOT_CONTEXT, type Span, type SpanContext, trace } from '@opentelemetry/api'

/** As W3C Trace Context writes it: version 00, the ids of a trace and of a span, and flags. */
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

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
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`
}

/** The context of a span elsewhere. What can be read as none began nowhere: whoever writes rows may have written anything. */
export function contextOf(text: string | null | undefined): Context {
  const [, traceId = '', spanId = '', flags = '00'] = form.exec(text ?? '') ?? []
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return trace.isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT
}
