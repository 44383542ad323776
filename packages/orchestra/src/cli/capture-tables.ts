import { type CaptureReport, captureStatus, installCapture } from '../capture/index.ts'
import type { Config } from '../config/config.ts'
import type { Model } from '../config/model.ts'
import type { Store } from '../store/index.ts'

export interface Captured extends CaptureReport {
  /** Tables that do not exist yet, and the models that wait for them. */
  awaited: { model: string; table: string }[]
}

/**
 * Makes the database record the changes of all models whose tables exist. An application's first start often creates its
 * tables only after Orchestra's.
 */
export async function captureTables(store: Store, config: Config): Promise<Captured> {
  const models = [...config.models.values()]
  const awaited: Captured['awaited'] = []
  const ready: Model[] = []
  for (const model of models) {
    const statuses = await captureStatus(store, [model])
    const isAwaited = statuses.length > 0 && statuses.every(({ state }) => state === 'table missing')
    if (isAwaited) awaited.push({ model: model.name, table: model.table ?? statuses[0]?.table ?? '' })
    else ready.push(model)
  }
  return { ...(await installCapture(store, ready)), awaited }
}
