import type { CaptureFailure, CaptureReport } from '../capture/index.ts'
import type { Config } from '../config/config.ts'
import { register } from '../generation/index.ts'
import { sourceOf } from '../source/index.ts'
import type { Store } from '../store/index.ts'

export interface Captured extends CaptureReport {
  /** Models that wait for a table that does not exist; what else `failed` is not among them. */
  awaited: { model: string; table: string; detail: string }[]
}

/**
 * Makes the database record the changes of all models that can be captured. An application's first start often creates its
 * tables only after Orchestra's.
 */
export async function captureTables(store: Store, config: Config): Promise<Captured> {
  const { failed, ...report } = await sourceOf(store).capture.install([...config.models.values()], {
    generation: await register(store, config),
  })
  const awaited = failed.flatMap(({ status }) => (status?.state === 'table missing' ? status : []))
  return { ...report, awaited, failed: failed.filter((one) => !isAwaited(one)) }
}

function isAwaited({ status }: CaptureFailure): boolean {
  return status?.state === 'table missing'
}
