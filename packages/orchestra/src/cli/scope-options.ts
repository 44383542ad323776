import type { Command } from 'commander'
import { severalTimes } from './command.ts'
import { oneLine } from './text-width.ts'

/** Options by which it is said what a role is given for. */
export interface ScopeOptions {
  server?: string[]
  backend?: string[]
  model?: string[]
  action?: string[]
}

export function withScope(command: Command): Command {
  return command
    .option('--server <server>', 'Only for this server; several times', severalTimes)
    .option('--backend <backend>', 'Only for this backend; several times', severalTimes)
    .option('--model <model>', 'Only for this model; several times', severalTimes)
    .option('--action <action>', 'Only for this action: save, delete, or one of a backend', severalTimes)
}

/** As the verbs take it. */
export function scopeFrom({ server, backend, model, action }: ScopeOptions) {
  return { servers: server, backends: backend, models: model, actions: action }
}

/** `server web1, web2; backend nginx`, or `everything`. */
export function scopeText(scope: {
  servers: readonly string[] | null
  backends: readonly string[] | null
  models: readonly string[] | null
  actions: readonly string[] | null
}): string {
  const { servers, backends, models, actions } = scope
  const named = { server: servers, backend: backends, model: models, action: actions }
  const parts = Object.entries(named).flatMap(([word, names]) =>
    names === null ? [] : [`${word} ${names.map(oneLine).join(', ')}`],
  )
  return parts.length === 0 ? 'everything' : parts.join('; ')
}
