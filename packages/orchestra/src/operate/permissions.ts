import type { Permission } from '../access/index.ts'
import { looksForText } from '../query/index.ts'

/**
 * What somebody needs who asks for a verb. `command`: it is about the machine that Orchestra is on, its keys and its database, and only
 * whoever is there asks for it. `asker`: it is about what is his own, and others' where he may see those.
 */
export const permissionOf: Readonly<Record<string, Permission | 'command' | 'asker'>> = {
  'server.list': 'status.read',
  'server.show': 'status.read',
  'server.add': 'server',
  'server.check': 'check',
  'server.approve': 'key.approve',
  'server.set': 'server',
  'server.hold': 'hold',
  'server.release': 'hold',
  'server.remove': 'server',
  'lane.show': 'status.read',
  'matrix.read': 'status.read',
  'search.find': 'status.read',
  'operation.list': 'status.read',
  'route.list': 'status.read',
  'route.show': 'status.read',
  'route.preview': 'object.data',
  'route.add': 'route',
  'route.set': 'route',
  'route.enable': 'route',
  'route.disable': 'route',
  'route.remove': 'route',
  'work.retry': 'retry',
  'work.cancel': 'cancel',
  'pause.show': 'status.read',
  'work.pause': 'pause',
  'work.resume': 'pause',
  'protection.list': 'status.read',
  'protection.add': 'protect',
  'protection.remove': 'protect',
  'object.list': 'status.read',
  'object.collect': 'collect',
  'object.forget': 'forget',
  'object.explain': 'object.data',
  'status.read': 'status.read',
  'worker.list': 'status.read',
  'sync.start': 'sync',
  'sync.list': 'status.read',
  'sync.show': 'diff.read',
  'sync.cancel': 'cancel',
  'drift.list': 'diff.read',
  'drift.causes': 'diff.read',
  'drift.repair': 'sync',
  'adoption.survey': 'diff.read',
  'adoption.take': 'adopt',
  'plan.make': 'diff.read',
  'plan.save': 'script.read',
  'plan.apply': 'sync',
  'plan.approve': 'approve',
  'plan.reject': 'approve',
  'plan.keep': 'sync',
  'plan.list': 'status.read',
  'plan.show': 'diff.read',
  'plan.operations': 'diff.read',
  'plan.diffs': 'diff.read',
  'plan.scripts': 'script.read',
  'plan.discard': 'sync',
  'approval.list': 'status.read',
  'approval.waiting': 'status.read',
  'place.list': 'status.read',
  'view.list': 'status.read',
  'view.save': 'status.read',
  'view.set': 'status.read',
  'view.remove': 'status.read',
  'unit.list': 'status.read',
  'unit.show': 'status.read',
  'unit.work': 'status.read',
  'log.list': 'status.read',
  'log.show': 'output.read',
  'log.script': 'script.read',
  'log.output': 'output.read',
  'log.lines': 'output.read',
  'log.sections': 'output.read',
  'log.search': 'output.read',
  'log.watch': 'output.read',
  'log.follow': 'output.read',
  'trash.list': 'trash',
  'trash.restore': 'trash',
  'trash.empty': 'trash',
  'key.status': 'command',
  'key.rotate': 'command',
  'key.drop': 'command',
  'event.list': 'status.read',
  'event.follow': 'status.read',
  'audit.list': 'audit',
  'audit.export': 'audit',
  'audit.head': 'audit',
  'audit.verify': 'audit',
  'bulk.start': 'retry',
  'bulk.show': 'asker',
  'bulk.items': 'asker',
  'request.list': 'asker',
  'request.show': 'asker',
  'request.cancel': 'asker',
  'metrics.read': 'status.read',
  'incident.list': 'status.read',
  'incident.show': 'status.read',
  'incident.mute': 'hold',
  'incident.acknowledge': 'hold',
  'incident.retry': 'retry',
  'incident.merge': 'hold',
  'incident.split': 'hold',
  'incident.resolve': 'hold',
  'channel.list': 'channel',
  'channel.show': 'channel',
  'channel.add': 'channel',
  'channel.test': 'channel',
  'channel.remove': 'channel',
  'delivery.list': 'channel',
  'delivery.repeat': 'channel',
  'user.list': 'asker',
  'user.show': 'asker',
  'user.add': 'user',
  'user.set': 'user',
  'user.remove': 'user',
  'user.link': 'user',
  'token.list': 'asker',
  'token.show': 'asker',
  'token.add': 'token',
  'token.revoke': 'token',
  'hook.list': 'token',
  'hook.show': 'token',
  'hook.add': 'token',
  'hook.remove': 'token',
  'role.list': 'user',
  'role.show': 'user',
  'role.add': 'user',
  'role.set': 'user',
  'role.remove': 'user',
  'binding.list': 'user',
  'binding.show': 'user',
  'binding.add': 'user',
  'binding.remove': 'user',
  'session.list': 'asker',
  'session.revoke': 'asker',
  'model.list': 'status.read',
  'model.fields': 'status.read',
  'backend.list': 'status.read',
  'schedule.list': 'status.read',
  'schedule.run': 'sync',
  'transfer.list': 'status.read',
  'doctor.examine': 'command',
  'grants.show': 'command',
  'store.url': 'command',
  'store.uninstall': 'command',
}

/** What they answer is of the configuration or of all workers, and the same for everybody. */
export const sameForAll: ReadonlySet<string> = new Set([
  'model.list',
  'model.fields',
  'backend.list',
  'worker.list',
  'pause.show',
])

/** They answer, and do, what whoever asks may see and do, and nothing else: so he may ask without saying where. */
export const narrowing: ReadonlySet<string> = new Set([
  'server.list',
  'matrix.read',
  'search.find',
  'operation.list',
  'incident.list',
  'route.list',
  'protection.list',
  'status.read',
  'sync.list',
  'sync.show',
  'drift.list',
  'drift.causes',
  'drift.repair',
  'view.list',
  'view.save',
  'view.set',
  'view.remove',
  'bulk.start',
  'object.list',
  'place.list',
  'unit.list',
  'unit.show',
  'unit.work',
  'log.list',
  'schedule.list',
  'incident.list',
  'transfer.list',
  'plan.list',
  'approval.list',
  'approval.waiting',
  'event.list',
  'event.follow',
  'object.explain',
  'work.retry',
  'work.cancel',
])

/** They look at all objects, wherever what is named besides leads. */
export const ofAllObjects: ReadonlySet<string> = new Set(['route.preview'])

/** What an action needs that is done to many: what its verb needs of each. */
export const bulkNeeds = {
  retry: 'retry',
  cancel: 'cancel',
  collect: 'collect',
  forget: 'forget',
  hold: 'hold',
  release: 'hold',
  check: 'check',
} as const satisfies Readonly<Record<string, Permission>>

interface Told {
  action?: unknown
  mode?: unknown
  scripts?: unknown
  text?: unknown
  q?: unknown
  /** A number where it is kept; what that removes is looked up. */
  plan?: number | { operations: readonly { action: string }[] }
  removes?: boolean
  breakGlass?: unknown
}

/** One of what nobody gets anywhere without, whatever he says; what he says decides the rest. */
export function leastFor(name: string): Permission[] | 'command' {
  const one = permissionOf[name] ?? 'command'
  if (one === 'command') return one
  if (one === 'asker') return []
  if (name === 'bulk.start') return [...new Set(Object.values(bulkNeeds))]
  return name === 'sync.start' ? ['check', one] : [one]
}

/** All that somebody needs for what he asks: some verbs do more or less by what they are told. */
export function permissionsFor(name: string, input: unknown): Permission[] | 'command' {
  const one = permissionOf[name] ?? 'command'
  if (one === 'command') return one
  if (one === 'asker') return []
  const { action, mode, scripts, text, q, plan, removes, breakGlass } = (input ?? {}) as Told
  if (name === 'sync.start') return mode === 'check' ? ['check'] : ['sync', 'prune']
  // Each is looked at again when its turn comes.
  if (name === 'bulk.start') return [bulkNeeds[action as keyof typeof bulkNeeds] ?? one]
  // How many there are of what, it tells whoever could look at them.
  if (name === 'drift.repair') return ['diff.read', 'sync']
  // What it does is the configuration's to say.
  if (name === 'schedule.run') return ['check', 'sync', 'prune']
  if (name === 'plan.keep') return ['diff.read', one]
  if (name === 'plan.make') return scripts === false ? [one] : [one, 'script.read']
  // Who looks for a text learns whether it is there.
  const isSearched = text !== undefined || (typeof q === 'string' && looksForText(q))
  if (name === 'log.list' && isSearched) return [one, 'output.read', 'script.read']
  if (name !== 'plan.apply') return [one]
  const isRemoving = typeof plan === 'object' && plan.operations.some((one) => one.action === 'delete')
  return [
    one,
    ...(removes === true || isRemoving ? ['prune' as const] : []),
    ...(breakGlass === undefined ? [] : ['approve' as const]),
  ]
}
