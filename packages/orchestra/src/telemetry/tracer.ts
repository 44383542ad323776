import { ProxyTracerProvider, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { ownVersion } from '../config/own-version.ts'

/** Of whatever SDK the process has registered; of none, it does nothing. */
export function tracer(): Tracer {
  return trace.getTracer('orchestra', ownVersion())
}

const nobodys = new ProxyTracerProvider().getDelegate()

/** Whether the process has an SDK: for what costs something before the first span. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== nobodys
}

/** Ends a span of what failed; why is in the log, and may be long or secret. */
export function endFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

/** Work goes on whatever an SDK makes of its spans. */
export function harmlessly<Result>(tell: () => Result): Result | undefined {
  try {
    return tell()
  } catch {
    return undefined
  }
}
