import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf, OrchestraError } from 'orchestrajs'
import { directory as defaultDirectory } from './orchestra.config.ts'

/** What the command line of the playground says. */
export interface PlaygroundOptions {
  /** First of the loopback ports. */
  port: number
  /** Where the database, the sandbox servers and `playground.json` live. */
  directory: string
  /** Whether the API is offered. */
  http: boolean
  help: boolean
}

const defaultPort = 4400
/** The ports that lie behind the first one. */
const portSpan = 13

export const usage = `Usage: npm start -- [--port N] [--directory DIR] [--no-http]

  --port N         first of the loopback ports (default ${defaultPort}): N is the database,
                   N+1 to N+3 are the servers' SSH, N+4 is the HTTP API with the
                   console, N+5 is the panel,
                   N+11 to N+13 are the servers' web sites
  --directory DIR  where the database and the servers live (default .orchestra)
  --no-http        offer no HTTP API
`

/**
 * Reads the command line.
 * @throws OrchestraError ORC_USAGE
 */
export function readOptions(args: readonly string[]): PlaygroundOptions {
  const { port, directory, help, 'no-http': noHttp } = parse(args)
  return {
    port: port === undefined ? defaultPort : readPort(port),
    directory: directory === undefined ? defaultDirectory : resolve(directory),
    http: noHttp !== true,
    help: help ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        directory: { type: 'string' },
        'no-http': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (cause) {
    throw new OrchestraError('ORC_USAGE', messageOf(cause), { hint: usage, cause })
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port + portSpan <= 65_535) return port
  throw new OrchestraError('ORC_USAGE', `--port ${JSON.stringify(text)} is no port`, {
    hint: `Give a number from 1 to ${65_535 - portSpan}`,
  })
}
