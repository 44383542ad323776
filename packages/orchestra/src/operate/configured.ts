import { z } from 'zod'
import type { Backend } from '../config/backend.ts'
import type { Model } from '../config/model.ts'
import { modelNamed } from '../config/names.ts'
import { type Completion, completionOf } from '../router/index.ts'
import type { Ground } from './context.ts'
import { nameField } from './fields.ts'
import { reading } from './verb.ts'

/** A model, as the configuration has it. */
export interface ModelView extends Pick<Model, 'name' | 'table' | 'key' | 'ignore' | 'secrets'> {
  /** Tables whose rows belong to its objects. */
  related: string[]
  /** Who places its objects. */
  backends: string[]
}

export const modelList = reading({
  name: 'model.list',
  about: 'The models of the configuration: their tables, and who places their objects',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({}),
  run: async ({ load }: Ground): Promise<ModelView[]> => {
    const { config } = await load()
    const backends = [...config.backends.values()]
    return [...config.models.values()].map((model) => modelView(model, backends))
  },
})

export const modelFields = reading({
  name: 'model.fields',
  about: 'What match expressions of a model can read: its fields, without what is secret, and the server',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({ model: nameField }),
  run: async ({ load }: Ground, { model }): Promise<Completion> =>
    completionOf(modelNamed((await load()).config, model)),
})

/** A backend, as the configuration has it, with what it does where it says nothing. */
export interface BackendView extends Pick<Required<Backend>, 'name' | 'onMove' | 'onDrift' | 'onBroken'> {
  model: string
  /** Whose scripts run before its own. */
  after: readonly string[]
  /** `server`: the whole configuration of a server at once. */
  writes: 'object' | 'server'
  /** Null where a rename is no matter of its own. */
  onRename: 'rename' | NonNullable<Backend['onRename']> | null
  /** What can be asked for beside save and delete. */
  actions: string[]
}

export const backendList = reading({
  name: 'backend.list',
  about: 'The backends of the configuration, in the order of their scripts, with what they do by policy',
  needs: 'configuration',
  answers: 'soon',
  input: z.strictObject({}),
  run: async ({ load }: Ground): Promise<BackendView[]> =>
    [...(await load()).config.backends.values()].map(backendView),
})

function modelView(
  { name, table, key, ignore, secrets, related }: Model,
  all: readonly Backend[],
): ModelView {
  const backends = all.filter(({ model }) => model.name === name).map((backend) => backend.name)
  return { name, table, key, ignore, secrets, related: related.map((one) => one.table), backends }
}

function backendView(backend: Backend): BackendView {
  const { name, model, after = [], sync, rename, onRename = 'replace' } = backend
  const { onMove = 'keep', onDrift = 'report', onBroken = 'disable', actions = {} } = backend
  const renames = sync === undefined ? (rename === undefined ? onRename : 'rename') : null
  return {
    name,
    model: model.name,
    after,
    writes: sync === undefined ? 'object' : 'server',
    onRename: renames,
    onMove,
    onDrift,
    onBroken,
    actions: Object.keys(actions),
  }
}
