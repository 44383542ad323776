import type { Config } from '../config/config.ts'
import { parseKey } from '../config/key.ts'
import type { Key, Model } from '../config/model.ts'

/** The models, places and objects that a comparison is about. */
export interface Selection {
  /** Those whose objects are looked at. */
  models: readonly Model[]
  serverId: number | null
  backend: string | null
  object: { model: string; key: Key } | null
}

/** A selector with the server's number and the object's key in it. */
export interface SelectedNames {
  serverId: number | null
  backend: string | null
  model: string | null
  objectKey: string | null
}

export function selectionOf(config: Config, names: SelectedNames): Selection {
  const { serverId, backend, model, objectKey } = names
  const used = new Set(
    [...config.backends.values()]
      .filter(({ name }) => backend === null || name === backend)
      .map((one) => one.model.name),
  )
  const models = [...config.models.values()].filter(
    ({ name }) => used.has(name) && (model === null || name === model),
  )
  const object = model === null || objectKey === null ? null : { model, key: parseKey(objectKey) }
  return { models, serverId, backend, object }
}

/**
 * Whether a decision's place is selected. What has no place, because it could not be told, is of whatever backends its model has, and of
 * the servers where something of it is.
 * @param isOn whether something of it is on a server
 */
export function isSelected(
  { serverId, backend }: Pick<Selection, 'serverId' | 'backend'>,
  place: { serverId: number | null; backend: string | null },
  isOn: (serverId: number) => boolean,
): boolean {
  return (
    (backend === null || place.backend === null || place.backend === backend) &&
    (serverId === null || (place.serverId === null ? isOn(serverId) : place.serverId === serverId))
  )
}
