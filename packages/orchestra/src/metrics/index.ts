export { countOutcomes } from './count-outcomes.ts'
export type { Metric, Sample } from './metric.ts'
export { readMetrics } from './read.ts'
export { METRICS_TYPE, metricsText } from './text.ts'
