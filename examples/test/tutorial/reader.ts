import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandResult, Lab } from '../../../lab/index.ts'
import { type Block, masked, type Place, patternOf } from './blocks.ts'
import { moveTo } from './desk.ts'
import { Running, Terminal } from './terminals.ts'

/** May be typed again while what is to be seen is not there yet, and may end with 2, which says that something failed. */
const onlyLooks = /^(sudo journalctl|systemctl|npx orchestra (status|explain|log)) /

const patience = 45_000

/**
 * Somebody who does what the tutorial says, word for word, with hosts of the lab: web1, web2, and desk, where the worker becomes a
 * service. Only what each reader has to put in is put in: addresses, keys, and where the package comes from.
 */
export class Reader {
  readonly #lab: Lab
  readonly #tarball: string
  readonly #home = realpathSync(mkdtempSync(join(tmpdir(), 'orchestra-tutorial-')))
  readonly #project = join(this.#home, 'backups')
  readonly #terminal = new Terminal(this.#home)
  #running: Running | undefined
  #isAtDesk = false
  /** How much of what the first terminal shows was seen. */
  #seen = 0
  #last = { typed: '', printed: '' }

  constructor(lab: Lab, tarball: string) {
    this.#lab = lab
    this.#tarball = tarball
  }

  async follow(block: Block): Promise<void> {
    if (block.kind === 'write') writeFileSync(join(this.#project, 'orchestra.config.mts'), block.text)
    else if (block.kind === 'type') await this.#type(block.place, this.#filledIn(block.text))
    else await this.#see(block.place, block.text)
  }

  async close(): Promise<void> {
    await this.#running?.interrupt()
    rmSync(this.#home, { recursive: true, force: true })
  }

  #filledIn(text: string): string {
    const [web1, web2] = [this.#lab.host('web1'), this.#lab.host('web2')]
    const install = 'npm install --prefer-offline --no-audit --no-fund --ignore-scripts'
    return text
      .replace('npm install orchestrajs', `${install} ${this.#tarball}`)
      .replace('203.0.113.11', web1.address)
      .replace('203.0.113.12', web2.address)
      .replace('SHA256:KEY-OF-WEB1', web1.hostKeyFingerprint)
      .replace('SHA256:KEY-OF-WEB2', web2.hostKeyFingerprint)
      .replace('ssh-ed25519 AAAA... orchestra', () =>
        readFileSync(join(this.#home, '.ssh/orchestra.pub'), 'utf8').trim(),
      )
  }

  async #type(place: Place, commands: string): Promise<void> {
    if (place === 'terminal-1') this.#running = new Running(commands, this.#project, this.#terminal.env)
    else this.#last = { typed: commands, printed: await this.#run(place, commands) }
  }

  async #run(place: Exclude<Place, 'terminal-1'>, commands: string): Promise<string> {
    switch (place) {
      case 'terminal-2':
        return printedBy(commands, await this.#terminal.type(commands))
      case 'servers':
        return (await this.#run('web1', commands)) + (await this.#run('web2', commands))
      case 'web1':
      case 'web2':
        return printedBy(commands, await this.#lab.host(place).exec(`set -e; ${commands}`))
      case 'worker':
        await this.#goToDesk()
        return printedBy(
          commands,
          await this.#lab.host('desk').exec(`cd ${this.#project}; set -e; ${commands}`),
        )
    }
  }

  async #see(place: Place, shown: string): Promise<void> {
    const pattern = patternOf(shown)
    const deadline = Date.now() + patience
    while (!this.#sees(place, pattern)) {
      const isOver = place !== 'terminal-1' && !onlyLooks.test(this.#last.typed)
      if (isOver || Date.now() > deadline)
        throw new Error(`The tutorial shows\n${shown}\nbut there was\n${this.#visible(place)}`)
      await sleep(100)
      if (place !== 'terminal-1') await this.#type(place, this.#last.typed)
    }
  }

  #sees(place: Place, pattern: RegExp): boolean {
    const found = pattern.exec(this.#visible(place))
    if (found !== null && place === 'terminal-1') this.#seen += found.index + found[0].length
    return found !== null
  }

  #visible(place: Place): string {
    const asShown = (printed: string) => masked(printed.replaceAll(this.#home, '/home/you'))
    if (place !== 'terminal-1') return asShown(this.#last.printed)
    return asShown(this.#running?.printed ?? '').slice(this.#seen)
  }

  /** A machine of tests has no systemd of its own to run a service. */
  async #goToDesk(): Promise<void> {
    if (this.#isAtDesk) return
    await this.#running?.interrupt()
    await moveTo(this.#lab.host('desk'), this.#lab.clientKeyPath, this.#home)
    this.#isAtDesk = true
  }
}

function printedBy(commands: string, { code, stdout, stderr }: CommandResult): string {
  if (code === 0 || (code === 2 && onlyLooks.test(commands))) return stdout
  throw new Error(`${commands}ended with ${code}:\n${stdout}${stderr}`)
}
