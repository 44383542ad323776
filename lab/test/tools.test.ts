import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { describeLab } from '../describe-lab.ts'

/** Notes when it begins and ends; an `install` brings the programs that were missing. */
const APT = `#!/bin/sh
echo "begin $*" >> "$NOTES"
sleep 0.2
case "$*" in *install*) for name in systemd-nspawn debootstrap; do ln -s /bin/true "$BIN/$name"; done;; esac
echo "end $*" >> "$NOTES"
`

/** Programs that are there already; the rest of the PATH is of no use to whoever looks for what is missing. */
const PRESENT = ['sh', 'cat', 'flock', 'sleep', 'ln', 'ip', 'tc', 'nsenter', 'perl', 'ssh-keygen']

describeLab('the tools of a lab', () => {
  it('are installed by one of those who need them at once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'orchestra-tools-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'apt-get'), APT)
    await chmod(join(directory, 'apt-get'), 0o755)
    for (const name of PRESENT) await symlink(await pathOf(name), join(directory, name))
    const notes = join(directory, 'notes')
    const env = { PATH: directory, BIN: directory, NOTES: notes }
    const tools = new URL('../tools.ts', import.meta.url).pathname
    const program = `const { installTools } = await import(${JSON.stringify(tools)}); await installTools(() => {})`
    const ends = Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: 'inherit' })
      const [code] = await once(child, 'exit')
      return code
    })
    expect(await Promise.all(ends)).toEqual([0, 0, 0])
    const lines = (await readFile(notes, 'utf8')).trim().split('\n')
    expect(
      lines.map((line) =>
        line
          .split(' ')
          .filter((word) => /^[a-z]+$/.test(word))
          .slice(0, 2),
      ),
    ).toEqual([
      ['begin', 'update'],
      ['end', 'update'],
      ['begin', 'install'],
      ['end', 'install'],
    ])
  })
})

async function pathOf(name: string): Promise<string> {
  const child = spawn('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks = await child.stdout.toArray()
  return `${Buffer.concat(chunks)}`.trim()
}
