import type { Backend } from './backend.ts'
import { checkCopy, checkName, invalid, listed } from './check.ts'
import { contradictionOf } from './convergence.ts'
import type { Model } from './model.ts'
import { findCircle } from './order.ts'

export function checkBackend(backend: Backend, models: readonly Model[]): void {
  const where = `backend \`${backend.name}\``
  checkName('backend', backend.name)
  checkModelOf(backend, models, where)
  for (const action of Object.keys(backend.actions ?? {})) checkActionName(action, where)
  checkCopy(`${backend.name}: transfer.limits`, backend.transfer?.limits ?? {})
  const contradiction = contradictionOf(backend)
  if (contradiction !== undefined) throw invalid(`${where}: ${contradiction.what}`, contradiction.hint)
  const does = backend.save ?? backend.delete ?? backend.sync ?? Object.values(backend.actions ?? {})[0]
  if (does !== undefined) return
  throw invalid(`${where} does nothing`, 'Give it `save`, `delete`, `sync`, or an action of its own')
}

function checkModelOf(backend: Backend, models: readonly Model[], where: string): void {
  const name = backend.model?.name
  if (models.includes(backend.model)) return
  if (models.some((model) => model.name === name)) {
    throw invalid(
      `${where} is for another model \`${name}\` than the one in \`models\``,
      'Use one and the same model',
    )
  }
  const known = `Add it to \`models\`, which has ${listed(models.map((model) => model.name))}`
  throw invalid(`${where} is for the model \`${name}\`, which is not in \`models\``, known)
}

function checkActionName(action: string, where: string): void {
  checkName(`${where}: action`, action)
  if (action !== 'save' && action !== 'delete') return
  throw invalid(
    `${where}: \`${action}\` stands in \`actions\``,
    `Write it as the method \`${action}\` of the backend`,
  )
}

export function checkAfter(backends: readonly Backend[]): void {
  const names = backends.map((backend) => backend.name)
  for (const { name, after } of backends) {
    const missing = after?.find((before) => !names.includes(before))
    if (missing === undefined) continue
    throw invalid(
      `backend \`${name}\` comes after \`${missing}\`, which is no backend`,
      `There are ${listed(names)}`,
    )
  }
  const circle = findCircle(backends)
  if (circle === undefined) return
  throw invalid(
    `backends come after each other in a circle: ${circle.join(' -> ')}`,
    'Take one `after` of it away',
  )
}
