import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, LabError } from './command.ts'

/** Where this machine itself gets its packages from. */
export interface DebianSource {
  uri: string
  suite: string
  components: readonly string[]
  keyring: string | undefined
}

/** Reads the mirror of this machine's own distribution from its apt configuration; other lists are ignored. */
export function readDebianSource(etc = '/etc'): DebianSource {
  const suite = codename(readFileSync(join(etc, 'os-release'), 'utf8'))
  const source = aptFiles(join(etc, 'apt'))
    .flatMap(({ path, text }) => (path.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)))
    .find((candidate) => candidate.suites.includes(suite) && candidate.components.includes('main'))
  if (source === undefined) {
    throw new LabError(
      `No source for ${suite} main in ${etc}/apt`,
      'Add the mirror of this Debian release to /etc/apt/sources.list.d/debian.sources',
    )
  }
  return { uri: source.uri, suite, components: source.components, keyring: source.keyring }
}

/** The proxy that apt uses here, for programs that are not apt. */
export async function aptProxy(): Promise<string | undefined> {
  const { stdout } = await attempt('apt-config', ['dump', '--format', '%v', 'Acquire::http::Proxy'])
  return stdout.trim() || undefined
}

interface SourceEntry {
  uri: string
  suites: readonly string[]
  components: readonly string[]
  keyring: string | undefined
}

function codename(osRelease: string): string {
  const found = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(osRelease)?.[1]
  if (found === undefined) throw new LabError('/etc/os-release names no VERSION_CODENAME')
  return found
}

function aptFiles(directory: string): { path: string; text: string }[] {
  const parts = join(directory, 'sources.list.d')
  const listed = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []
  return [...listed, join(directory, 'sources.list')]
    .filter((path) => /\.(sources|list)$/.test(path) && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

function parseDeb822(text: string): SourceEntry[] {
  return text
    .split(/\n\s*\n/)
    .map(deb822Fields)
    .filter((fields) => words(fields.types).includes('deb') && fields.enabled !== 'no')
    .flatMap((fields) =>
      words(fields.uris).map((uri) => ({
        uri,
        suites: words(fields.suites),
        components: words(fields.components),
        keyring: fields['signed-by']?.startsWith('/') ? fields['signed-by'] : undefined,
      })),
    )
}

function deb822Fields(stanza: string): Record<string, string | undefined> {
  const lines = stanza.split('\n').filter((line) => !line.startsWith('#'))
  const fields = lines.map((line) => /^([\w-]+):\s*(.*)$/.exec(line)).filter((match) => match !== null)
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]))
}

function parseOneLine(text: string): SourceEntry[] {
  return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/gm)].map(
    ([, options = '', uri = '', suite = '', components = '']) => ({
      uri,
      suites: [suite],
      components: words(components),
      keyring: /signed-by=(\/\S+)/.exec(options)?.[1],
    }),
  )
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter((word) => word !== '') ?? []
}
