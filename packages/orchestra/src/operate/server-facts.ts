import type { Timeouts } from '../config/backend.ts'
import { isOrchestraError, messageOf } from '../errors.ts'
import { fetchHostKey, fingerprint, type Methods, sameHostKey } from '../methods/index.ts'
import { recordPresentedKey, type ServerRow, toTarget } from '../server/index.ts'
import type { Store } from '../store/index.ts'
import { checkServer, type ServerCheck } from '../talk/index.ts'

/** Milliseconds that a server may take for each answer while somebody waits for it. */
export const patience: Timeouts = { connect: 10_000, idle: 10_000, total: 20_000 }

export type KeyState = 'approved' | 'not approved' | 'changed' | 'not needed' | 'not seen'

/** What a look at one server found. */
export interface ServerFacts {
  server: string
  state: 'ok' | 'problem'
  problems: string[]
  key: KeyState
  /** Of the key that it presents. */
  fingerprint: string | null
  /** Milliseconds for a script over a standing connection. */
  latency: number | null
  bash: string | null
  user: string | null
  sudo: 'not needed' | 'works' | 'refused' | null
  flock: boolean | null
}

/** Whether a method asks the server for a host key. */
export function hasHostKey(method: ServerRow['method']): boolean {
  return method === 'ssh' || method === 'openssh'
}

/** Contacts servers side by side; none waits for a silent one. */
export async function examineServers(
  store: Store,
  servers: readonly ServerRow[],
  methods: Methods,
): Promise<ServerFacts[]> {
  return Promise.all(servers.map((server) => examineServer(store, server, methods)))
}

async function examineServer(store: Store, server: ServerRow, methods: Methods): Promise<ServerFacts> {
  const unknown = nothingKnown(server)
  if (server.method === 'function') return { ...unknown, state: 'ok' }
  try {
    const key = await examineKey(store, server)
    if (key.key !== 'approved' && key.key !== 'not needed') return { ...unknown, ...key }
    const target = toTarget(server)
    return { ...unknown, ...key, ...judge(server, await checkServer(methods, target, patience)) }
  } catch (error) {
    if (!isOrchestraError(error)) throw error
    return { ...unknown, problems: [messageOf(error)] }
  }
}

function nothingKnown(server: ServerRow): ServerFacts {
  return {
    server: server.name,
    state: 'problem',
    problems: [],
    key: hasHostKey(server.method) ? 'not seen' : 'not needed',
    fingerprint: null,
    latency: null,
    bash: null,
    user: null,
    sudo: null,
    flock: null,
  }
}

type KeyFacts = Pick<ServerFacts, 'key' | 'fingerprint' | 'problems'>

async function examineKey(store: Store, server: ServerRow): Promise<KeyFacts> {
  if (!hasHostKey(server.method)) return { key: 'not needed', fingerprint: null, problems: [] }
  const presented = await fetchHostKey(toTarget(server), patience.connect)
  await recordPresentedKey(store, server.id, presented.key)
  const key = keyState(server.host_key, presented.key)
  return {
    key,
    fingerprint: presented.fingerprint,
    problems: keyProblems(server, presented.fingerprint, key),
  }
}

export function keyState(approved: string | null, presented: string | null): KeyState {
  if (presented === null) return approved === null ? 'not seen' : 'approved'
  if (approved === null) return 'not approved'
  return sameHostKey(approved, presented) ? 'approved' : 'changed'
}

function keyProblems(server: ServerRow, presented: string, state: KeyState): string[] {
  const approve = `if it is right: orchestra server approve ${server.name} ${presented}`
  if (state === 'not approved') return [`its host key ${presented} is not approved; ${approve}`]
  if (state !== 'changed') return []
  const before = server.host_key === null ? '' : ` from ${fingerprint(server.host_key)}`
  return [`its host key changed${before} to ${presented}, so nothing is sent; ${approve}`]
}

function judge(server: ServerRow, check: ServerCheck): Partial<ServerFacts> {
  if (check.kind === 'unusable') return { state: 'problem', problems: [check.reason] }
  const { latency, bash, user, sudo, flock } = check
  const problems = [
    ...(server.sudo && sudo === 'refused' ? [`sudo without a password is refused for ${user}`] : []),
    ...(flock ? [] : ['flock is missing, so scripts cannot be fenced: install util-linux']),
    ...(Number.parseInt(bash, 10) >= 5 ? [] : [`bash is ${bash || 'unknown'}, scripts are made for bash 5`]),
  ]
  return { state: problems.length === 0 ? 'ok' : 'problem', problems, latency, bash, user, sudo, flock }
}
