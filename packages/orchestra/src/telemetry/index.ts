export { activeTrace, contextOf, traceOfSpan } from './trace-context.ts'
export { endFailed, isTracing, tracer } from './tracer.ts'
