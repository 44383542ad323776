import { OrchestraError } from '../errors.ts'
import type { Backend } from './backend.ts'
import type { Config } from './config.ts'
import type { Model } from './model.ts'
import { suggestion } from './similar.ts'

/** @throws OrchestraError ORC_BACKEND_UNKNOWN, naming those that there are */
export function backendNamed({ backends }: Pick<Config, 'backends'>, name: string): Backend {
  const backend = backends.get(name)
  if (backend !== undefined) return backend
  throw new OrchestraError('ORC_BACKEND_UNKNOWN', `No backend ${JSON.stringify(name)} is defined`, {
    hint: suggestion(name, backends.keys(), whatThereIs(backends.keys())),
  })
}

/** @throws OrchestraError ORC_MODEL_UNKNOWN, naming those that there are */
export function modelNamed({ models }: Pick<Config, 'models'>, name: string): Model {
  const model = models.get(name)
  if (model !== undefined) return model
  throw new OrchestraError('ORC_MODEL_UNKNOWN', `No model ${JSON.stringify(name)} is defined`, {
    hint: suggestion(name, models.keys(), whatThereIs(models.keys())),
  })
}

function whatThereIs(names: Iterable<string>): string {
  return `The configuration has ${[...names].join(', ') || 'none'}`
}
