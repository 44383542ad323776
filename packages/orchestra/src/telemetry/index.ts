export { activeTrace, contextOf, traceOfSpan } from './trace-context.ts'
export { endFailed, harmlessly, isTracing, tracer } from './tracer.ts'
