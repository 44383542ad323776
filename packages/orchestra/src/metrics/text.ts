import { Counter, Gauge, Registry } from 'prom-client'
import type { Metric } from './metric.ts'

/** The text that Prometheus reads, and what an answer over HTTP calls it. */
export async function metricsText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry()
  for (const metric of metrics) register(registry, metric)
  return registry.metrics()
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

function register(registry: Registry, { name, help, type, samples }: Metric): void {
  const labelNames = Object.keys(samples[0]?.labels ?? {})
  const options = { name, help, labelNames, registers: [registry] }
  if (type === 'gauge') {
    const gauge = new Gauge(options)
    for (const { labels, value } of samples) gauge.set({ ...labels }, value)
  } else {
    const counter = new Counter(options)
    for (const { labels, value } of samples) counter.inc({ ...labels }, value)
  }
}
