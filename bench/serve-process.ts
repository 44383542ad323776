import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const command = new URL('../packages/orchestra/bin/orchestra.js', import.meta.url).pathname

/** What the unit file in docs/operations.md says to set. */
const asAService = '--max-semi-space-size=8 --max-old-space-size=192'

/** `orchestra serve` as people start it. */
export interface ServeProcess {
  /** `http://127.0.0.1:4480/api/v1` */
  url: string
  /** Bytes of memory that it had at most. */
  peakMemory(): number
  stop(): Promise<void>
}

/** @param project the file of this folder that has its configuration */
export async function startServe(
  { databaseUrl, directory }: { databaseUrl: string; directory: string },
  project: string,
): Promise<ServeProcess> {
  const place = join(directory, 'serve')
  await mkdir(place, { recursive: true })
  await writeFile(join(place, 'package.json'), '{ "type": "module" }')
  const config = new URL(project, import.meta.url).pathname
  await writeFile(join(place, 'orchestra.config.ts'), `export { default } from ${JSON.stringify(config)}\n`)
  const child = spawn(process.execPath, [command, 'serve', '--port', '0', '--json'], {
    cwd: place,
    env: { ...process.env, DATABASE_URL: databaseUrl, ORCHESTRA_KEY: '', NODE_OPTIONS: asAService },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  for await (const line of lines) {
    const told = JSON.parse(line) as { event: string; url?: string }
    if (told.event !== 'listening' || told.url === undefined) continue
    return {
      url: told.url,
      peakMemory: () => peakOf(child.pid ?? 0),
      stop: async () => {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await ended
      },
    }
  }
  throw new Error('orchestra serve did not start')
}

function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}
