import { OrchestraError } from '../errors.ts'
import { checkPlain } from './rendered.ts'

/** A path in the one form that two spellings of it share. Relative ones start with `./`, never with a dash. */
export function checkPath(path: unknown, what: string): string {
  if (typeof path !== 'string' || path === '') throw invalid(what, path, 'Give a path')
  checkPlain(path, what)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw invalid(what, path, 'Write the path without `..`')
  if (parts.length === 0) throw invalid(what, path, 'Name something below the root')
  const tooLong = parts.find((part) => Buffer.byteLength(part) > 255)
  if (tooLong !== undefined || Buffer.byteLength(path) > 4000)
    throw invalid(what, path, 'Linux takes 255 bytes a name, 4095 a path')
  return `${path.startsWith('/') ? '/' : './'}${parts.join('/')}`
}

/** A systemd unit as `systemctl` takes it; it is also the name of a file. */
export function checkService(service: unknown, what: string): string {
  if (typeof service === 'string' && /^[A-Za-z0-9][\w@:.\\-]{0,199}$/.test(service)) return service
  throw invalid(what, service, 'Use a unit name such as `nginx` or `php8.3-fpm.service`')
}

export function checkVariable(name: string, what: string): string {
  if (/^[A-Za-z_]\w*$/.test(name) && !name.startsWith('o_')) return name
  throw invalid(what, name, 'Use letters, digits and underscores; names starting with `o_` are ours')
}

/** A run is the name of a file on its server. */
export function checkRunId(runId: string): string {
  if (/^[\w-]{1,64}$/.test(runId)) return runId
  throw new OrchestraError('ORC_INTERNAL', `the run id ${JSON.stringify(runId)} is not well formed`)
}

/** Octal digits without leading zeros. */
export function checkMode(mode: string | number | undefined, what: string): string | null {
  if (mode === undefined) return null
  const digits = typeof mode === 'number' ? mode.toString(8) : mode
  if (!/^0{0,2}[0-7]{1,4}$/.test(digits))
    throw invalid(what, mode, "Use octal digits such as '0644', or 0o644")
  return digits.replace(/^0+(?=.)/, '')
}

/** A user or group by name or number. */
export function checkOwner(name: string | number | undefined, what: string): string | null {
  if (name === undefined) return null
  const text = String(name)
  if (/^(\d+|[A-Za-z_][\w.@\\-]{0,254}\$?)$/.test(text)) return text
  throw invalid(what, name, 'Use the name or the number of a user or group')
}

function invalid(what: string, value: unknown, hint: string): OrchestraError {
  const shown = JSON.stringify(value)?.slice(0, 100) ?? String(value)
  return new OrchestraError('ORC_VALUE_INVALID', `${what} cannot be ${shown}`, { hint })
}
