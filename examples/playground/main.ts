import { styleText } from 'node:util'
import { isOrchestraError, messageOf } from 'orchestrajs'
import type { Paint } from './describe.ts'
import { type PlaygroundOptions, readOptions, usage } from './options.ts'
import { startPlayground } from './playground.ts'
import { welcome } from './welcome.ts'

const styles = { good: 'green', bad: 'red', quiet: 'dim', strong: 'bold' } as const

/** Colour where standard output is a terminal and NO_COLOR is not set. */
const paint: Paint = (tone, text) => styleText(styles[tone], text, { stream: process.stdout })

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function printError(error: unknown): void {
  process.stderr.write(`${paint('bad', messageOf(error))}\n`)
  if (isOrchestraError(error) && error.hint !== undefined) process.stderr.write(`${error.hint}\n`)
}

/** Resolves at the first request to end; a second one does not wait for anything. */
function asked(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(130))
      resolve(signal)
    })
  }
  return promise
}

async function run(options: PlaygroundOptions): Promise<void> {
  const begun = performance.now()
  const end = asked()
  print(paint('quiet', `Starting the playground in ${options.directory} ...`))
  const playground = await startPlayground({ ...options, paint, print, onError: printError })
  for (const line of welcome(playground.ready, performance.now() - begun, paint)) print(line)
  await end
  print(paint('quiet', 'Ending ...'))
  await playground.stop()
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) print(usage)
  else await run(options)
} catch (error) {
  printError(error)
  process.exitCode = 1
}
