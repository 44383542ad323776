import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { ServerTarget } from '../packages/orchestra/src/methods/index.ts'

/** A warm connection that runs a command with some stdin, and nothing else: what no tool can be faster than. */
export interface WarmConnection {
  run(command: string, stdin: string): Promise<string>
  close(): Promise<void>
}

/** The ssh2 library by hand. */
export async function connectSsh2(target: ServerTarget): Promise<WarmConnection> {
  const client = new ssh2.Client()
  const { host, port, user: username, identityFile } = target
  client.once('connect', () => client.setNoDelay(true))
  client.connect({ host, port, username, privateKey: await readFile(identityFile ?? '') })
  await once(client, 'ready')
  return {
    run: (command, stdin) => execute(client, command, stdin),
    close: async () => {
      client.end()
    },
  }
}

function execute(client: ssh2.Client, command: string, stdin: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      let output = ''
      channel.on('data', (bytes: Buffer) => {
        output += bytes
      })
      channel.stderr.resume()
      channel.on('close', (code: number) =>
        code === 0 ? resolve(output) : reject(new Error(`exit ${code}: ${output}`)),
      )
      channel.end(stdin)
    })
  })
}

/** The system's ssh over a control connection that stands already. */
export async function connectOpenssh(target: ServerTarget): Promise<WarmConnection> {
  const directory = await mkdtemp(join(tmpdir(), 'orchestra-bench-ssh-'))
  const options = await sshOptions(target, directory)
  const args = [...options, '-o', `ControlPath=${join(directory, 'c')}`]
  const destination = [...args, '-p', String(target.port), `${target.user}@${target.host}`]
  await communicate(
    'ssh',
    ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', ...destination, 'true'],
    '',
  )
  return {
    run: (command, stdin) => communicate('ssh', ['-T', ...destination, command], stdin),
    close: async () => {
      await communicate('ssh', ['-O', 'exit', ...destination], '')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Options of ssh that let it log in to a host without asking anybody. */
export async function sshOptions(target: ServerTarget, directory: string): Promise<string[]> {
  const knownHosts = join(directory, 'known_hosts')
  const name = target.port === 22 ? target.host : `[${target.host}]:${target.port}`
  await writeFile(knownHosts, `${name} ${target.hostKey}\n`)
  const options = [`UserKnownHostsFile=${knownHosts}`, `IdentityFile=${target.identityFile}`, 'BatchMode=yes']
  return options.flatMap((option) => ['-o', option])
}

/** Runs a program of this machine to its end; what it wrote on stdout. */
export async function communicate(
  program: string,
  args: readonly string[],
  stdin: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes
  })
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  // A control master keeps the stderr of whoever started it, so its end is not waited for.
  const [code] = await once(child, 'exit')
  if (code === 0) return stdout
  throw new Error(`${program} ended with ${code}: ${stderr || stdout}`)
}
