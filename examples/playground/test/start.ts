import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Ready } from '../ready-file.ts'

const main = join(import.meta.dirname, '../main.ts')

/** A playground in a process of its own, as people start it. */
export interface StartedPlayground {
  ready: Ready
  child: ChildProcess
  /** What it has printed. */
  output(): string
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** What the server answers for a host. */
  get(server: string, host: string, path?: string): Promise<{ status: number; body: string }>
  /** Sends a signal and resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export async function scratchDirectory(): Promise<{ directory: string; remove(): Promise<void> }> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'orchestra-playground-')))
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) }
}

/** Starts it and waits until it says that it is ready. */
export async function startPlayground(directory: string, port: number): Promise<StartedPlayground> {
  const { child, output } = spawnPlayground(['--directory', directory, '--port', String(port)])
  const read = () => readFile(join(directory, 'playground.json'), 'utf8').catch(() => undefined)
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output()}`)
    return output().includes('is ready') && (await read()) !== undefined
  }
  await until('the playground is ready', isReady, 60_000)
  const ready = JSON.parse((await read()) ?? '') as Ready
  return { ready, child, output, ...clientsOf(ready), end: (signal) => end(child, signal) }
}

/** Starts it with these arguments, and collects what it prints. */
export function spawnPlayground(args: readonly string[]): { child: ChildProcess; output(): string } {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { child, output: () => Buffer.concat(chunks).toString() }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill(signal)
  const [code] = (await exit) as [number | null]
  return code
}

function clientsOf(ready: Ready): Pick<StartedPlayground, 'query' | 'get'> {
  return {
    query: async (text, values = []) => {
      const client = new pg.Client({ connectionString: ready.databaseUrl })
      await client.connect()
      try {
        return (await client.query(text, [...values])).rows
      } finally {
        await client.end()
      }
    },
    get: (server, host, path = '/') => get(ready, server, host, path),
  }
}

/** fetch takes no Host header, so this speaks through node:http. */
async function get(ready: Ready, server: string, host: string, path: string) {
  const url = ready.servers.find(({ name }) => name === server)?.url
  if (url === undefined) throw new Error(`no server ${server}`)
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(new URL(path, url), { host: '127.0.0.1', headers: { host } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** A first port with all that a playground needs free behind it. */
export async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 20_000)
    const taken = await Promise.all([0, 1, 2, 3, 4, 5, 11, 12, 13].map((offset) => isTaken(base + offset)))
    if (!taken.includes(true)) return base
  }
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return true
  }
  server.close()
  await once(server, 'close')
  return false
}

/** Polls until a condition holds; throws what was waited for when it does not in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patience = 20_000,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still waiting after ${patience / 1000} s: ${what}`)
    await sleep(20)
  }
}

/** Processes that work in a directory or were started with its name. */
export async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (cwd.startsWith(directory) || command.includes(directory)) found.push(`${pid} ${command}`)
  }
  return found
}
